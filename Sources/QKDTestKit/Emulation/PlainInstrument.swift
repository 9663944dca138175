import QKDCore
import QKDTransport

/// An instrument that nobody sells: it knows `*IDN?`, gives `DATA? N` as N bytes, counts `*TRG`, and repeats what stands
/// behind `ECHO `.
public actor PlainInstrument: StreamEmulator {
    private var line: [UInt8] = []
    private let delayPS: Int64
    private var due: [(atPS: Int64, bytes: [UInt8])] = []
    /// How often it was triggered.
    public private(set) var triggers = 0

    /// An instrument that answers at once, or only after `delayPS`.
    public init(delayPS: Int64 = 0) { self.delayPS = delayPS }

    /// What `DATA? N` brings, the line feed at its end left out: every value of a byte, the line feed's too.
    public static func data(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 5) } }

    public func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        var answers: [UInt8] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            answers += answer(String(decoding: line, as: UTF8.self))
            line = []
        }
        guard delayPS > 0, !answers.isEmpty else { return answers }
        due.append((nowPS + delayPS, answers))
        return []
    }

    public func advance(toPS nowPS: Int64) -> [UInt8] {
        guard let first = due.first, first.atPS <= nowPS else { return [] }
        return due.removeFirst().bytes
    }

    private func answer(_ command: String) -> [UInt8] {
        if command == "*IDN?" { return Array("A,B,C,D\n".utf8) }
        if command == "*TRG" { triggers += 1 }
        if command.hasPrefix("ECHO ") { return Array(command.dropFirst(5).utf8) + [UInt8(ascii: "\n")] }
        if command.hasPrefix("DATA? "), let count = Int(command.dropFirst(6)), (0...1 << 20).contains(count) {
            return Self.data(count) + [UInt8(ascii: "\n")]
        }
        return []
    }
}
