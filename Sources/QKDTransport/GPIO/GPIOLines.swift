import QKDCore

/// Output lines that were requested together, in the order in which the driver names them.
///
/// Each call is short. A line that somebody else holds shows as `busy` when it is requested; a chip that was pulled as
/// `disconnected`.
public protocol GPIOOutputs: Sendable {
    /// Where they are, for messages: `gpio:/dev/gpiochip0:0-15`.
    var endpoint: String { get }
    /// What the chip is called.
    var label: String { get }
    /// Sets all lines; `values` has one for each, and they change as near together as the chip can.
    func set(_ values: [Bool]) async throws
    /// Gives the lines up; they stay as they are. May be called twice.
    func close() async
}

/// Which lines of which chip, in the driver's order.
public struct GPIOAddress: Sendable, Equatable {
    /// The chip's file, e.g. `/dev/gpiochip0`.
    public var chip: String
    /// Lines by their offsets on the chip.
    public var offsets: [UInt32]

    /// States lines.
    public init(chip: String, offsets: [UInt32]) {
        self.chip = chip
        self.offsets = offsets
    }

    /// Reads `CHIP:LINES`, such as `gpiochip0:0-11,14,15`; `nil` if it is none, or names a line twice.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        var offsets: [UInt32] = []
        for part in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last,
                last < 4096
            else { return nil }
            offsets += first...last
        }
        guard !offsets.isEmpty, Set(offsets).count == offsets.count else { return nil }
        self.init(chip: parts[0].hasPrefix("/") ? String(parts[0]) : "/dev/\(parts[0])", offsets: offsets)
    }
}

extension GPIOAddress: CustomStringConvertible {
    public var description: String {
        var runs: [String] = []
        var index = 0
        while index < offsets.count {
            var end = index
            while end + 1 < offsets.count, offsets[end + 1] == offsets[end] + 1 { end += 1 }
            runs.append(end == index ? "\(offsets[index])" : "\(offsets[index])-\(offsets[end])")
            index = end + 1
        }
        return "gpio:\(chip):" + runs.joined(separator: ",")
    }
}
