import QKDCore

/// Numbers as ASCII instruments write them: plain decimals, no exponent.
enum DecimalText {
    /// Writes a number with at most `places` decimals and without trailing zeros: `5`, `0.5`, `-12.25`.
    static func write(_ value: Double, places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled.isFinite, scaled < 9e15 else { return "\(value)" }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        var fraction = String(padded.suffix(places))
        while fraction.last == "0" { fraction.removeLast() }
        let sign = value < 0 && scaled != 0 ? "-" : ""
        return sign + padded.dropLast(places) + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// Reads a reply that is one number; throws `protocolViolation` naming `place`.
    static func read(_ reply: [UInt8], at place: QKDError.Place) throws -> Double {
        let text = trim(reply)
        guard let value = Double(text), value.isFinite else {
            throw QKDError(.protocolViolation, "expected a number, got '\(printable(text))'", at: place)
        }
        return value
    }

    /// The reply as text without blanks and line ends around it.
    static func trim(_ reply: [UInt8]) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0D || $0 == 0x0A || $0 == 0x09 }
        let start = reply.firstIndex { !isBlank($0) } ?? reply.endIndex
        let end = (reply.lastIndex { !isBlank($0) } ?? start - 1) + 1
        return String(decoding: reply[start..<end], as: UTF8.self)
    }

    /// A text fit for a message: no control characters, not endless.
    static func printable(_ text: String) -> String {
        String(text.unicodeScalars.map { (0x20..<0x7F).contains($0.value) ? Character($0) : "?" }.prefix(80))
    }
}
