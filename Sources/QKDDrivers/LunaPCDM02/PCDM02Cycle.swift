import QKDCore

/// The lines of the PCD-M02's connector and the cycle that writes a value (jhart12/Polarization_Controller
/// @747edf442611, PolarizationControllerDIO.py).
enum PCDM02Cycle {
    /// In the order in which an address lists them.
    static let lines = (0..<12).map { "DB\($0)" } + ["A0", "A1", "RW", "CS"]
    static let channels = 4
    static let values = 0...4095
    /// Between two steps; the board's shortest times are not public.
    static let stepPS = 10 * Picoseconds.perMicrosecond

    /// What the lines say.
    struct Levels: Equatable, Sendable {
        /// 0 to 4095, on DB11 to DB0.
        var value: Int
        /// 0 to 3, on A1 and A0.
        var channel: Int
        /// RW high.
        var reads: Bool
        /// CS low.
        var isSelected: Bool

        var lines: [Bool] {
            (0..<12).map { value >> $0 & 1 != 0 } + [channel & 1 != 0, channel & 2 != 0, reads, !isSelected]
        }

        init(value: Int = 0, channel: Int = 0, reads: Bool = true, isSelected: Bool = false) {
            self.value = value
            self.channel = channel
            self.reads = reads
            self.isSelected = isSelected
        }

        /// Reads the levels of all lines, which must be sixteen.
        init?(_ lines: [Bool]) {
            guard lines.count == PCDM02Cycle.lines.count else { return nil }
            value = (0..<12).reduce(0) { $0 | (lines[$1] ? 1 << $1 : 0) }
            channel = (lines[12] ? 1 : 0) | (lines[13] ? 2 : 0)
            reads = lines[14]
            isSelected = !lines[15]
        }
    }

    /// The steps that write a value into a channel: address and data, RW low, CS low, CS high, RW high.
    static func write(_ value: Int, channel: Int) -> [Levels] {
        var step = Levels(value: value, channel: channel)
        var steps = [step]
        step.reads = false
        steps.append(step)
        step.isSelected = true
        steps.append(step)
        step.isSelected = false
        steps.append(step)
        step.reads = true
        return steps + [step]
    }
}
