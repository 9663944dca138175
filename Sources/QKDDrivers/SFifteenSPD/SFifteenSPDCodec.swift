import QKDCore

/// The detector's words: `word?` asks, `word value` sets, a line end or `;` ends a command, CR LF a reply.
///
/// Source: pyS15 S15lib/instruments/single_photon_detector.py and serial_connection.py @ba5faee92c19.
enum SFifteenSPDCodec {
    /// What can be asked for and, most of it, set.
    enum Word: String, CaseIterable, Sendable {
        /// Bias, volts.
        case bias = "hvolt"
        case threshold = "threshvolt"
        case proportional = "constp"
        case integral = "consti"
        case loop
        case peltier = "pvolt"
        /// Temperature as measured, degrees Celsius.
        case temperature = "temp"
        /// Temperature that is aimed at, degrees Celsius.
        case target = "settemp"
        /// Gate, milliseconds.
        case gate = "time"
        case counts
        case delay
    }

    /// What the identity has to contain; pyS15 finds the device by it.
    static let keyword = "SPD"
    static let replyEnd: [UInt8] = [0x0A]

    /// Ends a line that an earlier user may have left half said.
    static let emptyLine: [UInt8] = [0x0D, 0x0A]
    static let identify = Array("*idn?\r\n".utf8)
    static let save = Array("save\r\n".utf8)

    static func query(_ word: Word) -> [UInt8] { Array("\(word.rawValue)?\r\n".utf8) }

    /// Numbers go out as plain decimals with three places at most.
    static func set(_ word: Word, _ value: Double) -> [UInt8] {
        Array("\(word.rawValue) \(DecimalText.write(value, places: 3))\r\n".utf8)
    }

    /// Reads a number; throws `protocolViolation`.
    static func number(_ reply: [UInt8], of word: Word, endpoint: String) throws -> Double {
        try DecimalText.read(reply, at: .init(endpoint, field: word.rawValue))
    }

    /// Reads a number of photons; throws `protocolViolation`.
    static func counts(_ reply: [UInt8], endpoint: String) throws -> Int {
        let text = DecimalText.trim(reply)
        guard let counts = Int(text), counts >= 0 else {
            throw QKDError(
                .protocolViolation, "expected a number of counts, got '\(DecimalText.printable(text))'",
                at: .init(endpoint, field: Word.counts.rawValue))
        }
        return counts
    }

    /// Reads who is there; throws `protocolViolation` unless the keyword is in it.
    static func identity(_ reply: [UInt8], endpoint: String) throws -> DeviceIdentity {
        let text = DecimalText.trim(reply)
        guard text.contains(keyword) else {
            throw QKDError(
                .protocolViolation, "no \(keyword) in the identity '\(DecimalText.printable(text))'",
                at: .init(endpoint, field: "*idn"))
        }
        return DeviceIdentity(vendor: "S-Fifteen Instruments", model: DecimalText.printable(text))
    }
}
