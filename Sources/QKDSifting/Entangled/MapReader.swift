import QKDCore

/// Reads the text of a detector map.
struct MapReader {
    private let text: [Character]
    private var next = 0

    init(_ text: String) { self.text = Array(text) }

    /// The states that angles stand for, degrees.
    static func state(at angle: Double) -> BB84State? {
        for (degrees, index) in [(0.0, 0), (90, 1), (45, 2), (135, 3)] where abs(angle - degrees) < 1e-6 {
            return BB84State(index: index)
        }
        return nil
    }

    private static let names: [String: Double] = [
        "H": 0, "V": 90, "D": 45, "A": 135, "Z0": 0, "Z1": 90, "X0": 45, "X1": 135,
    ]

    mutating func read() throws(QKDError) -> DetectorMap {
        var sides: [String: PartyMap] = [:]
        while true {
            let start = next
            let side = try side()
            guard sides[side] == nil else { throw error("\(side) is given twice", at: start) }
            sides[side] = try party()
            guard take(";") else { break }
            if skipBlanks() == nil { break }
        }
        if let found = skipBlanks() { throw error("'\(found)' where ',' or ';' or the end should be", at: next) }
        if let both = sides["both"] {
            guard sides.count == 1 else { throw error("inputs without a side hold for both: name each side", at: 0) }
            return DetectorMap(alice: both, bob: both)
        }
        guard let alice = sides["alice"] else { throw error("alice's inputs are missing", at: text.count) }
        guard let bob = sides["bob"] else { throw error("bob's inputs are missing", at: text.count) }
        return DetectorMap(alice: alice, bob: bob)
    }

    /// `alice:` or `bob:`, or nothing.
    private mutating func side() throws(QKDError) -> String {
        let start = next
        let word = word().lowercased()
        if take(":") {
            guard word == "alice" || word == "bob" else { throw error("'\(word)' is neither alice nor bob", at: start) }
            return word
        }
        next = start
        return "both"
    }

    private mutating func party() throws(QKDError) -> PartyMap {
        var entries: [MappedDetector] = []
        repeat {
            _ = skipBlanks()
            let start = next
            let number = word()
            guard let channel = UInt8(number) else {
                throw error("'\(number)' is not an input from 0 to 255", at: start)
            }
            guard !entries.contains(where: { $0.channel == channel }) else {
                throw error("input \(channel) is given twice", at: start)
            }
            guard take("=") else { throw error("'=' is missing after input \(channel)", at: next) }
            _ = skipBlanks()
            let angle = try angle()
            entries.append(MappedDetector(channel: channel, angleDegrees: angle, state: Self.state(at: angle)))
        } while take(",")
        return PartyMap(detectors: entries)
    }

    private mutating func angle() throws(QKDError) -> Double {
        let start = next
        let value = word()
        if let angle = Self.names[value.uppercased()] { return angle }
        let number = value.lowercased().hasSuffix("deg") ? Double(value.dropLast(3)) : nil
        guard let number, number.isFinite else {
            throw error("'\(value)' is no state (Z0 Z1 X0 X1, H V D A) and no angle such as 22.5deg", at: start)
        }
        let turned = number.truncatingRemainder(dividingBy: 180)
        // A tiny negative angle plus 180 is 180 again.
        let angle = turned < 0 ? turned + 180 : turned
        return angle >= 180 ? 0 : angle
    }

    /// Everything up to a mark of the syntax, without blanks around it.
    private mutating func word() -> String {
        _ = skipBlanks()
        var word = ""
        while next < text.count, !":;,= ".contains(text[next]) {
            word.append(text[next])
            next += 1
        }
        return word
    }

    private mutating func take(_ mark: Character) -> Bool {
        guard skipBlanks() == mark else { return false }
        next += 1
        return true
    }

    /// The next character that is not blank.
    private mutating func skipBlanks() -> Character? {
        while next < text.count, text[next] == " " { next += 1 }
        return next < text.count ? text[next] : nil
    }

    private func error(_ message: String, at place: Int) -> QKDError {
        QKDError(.invalidInput, message, at: .init("map", line: nil, field: "character \(place + 1)"))
    }
}
