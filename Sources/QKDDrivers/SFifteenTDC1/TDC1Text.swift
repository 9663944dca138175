import QKDCore

/// The TDC1's text commands and answers (S-Fifteen wiki "TDC1-Documentation"; pyS15
/// usb_counter_fpga.py @ba5faee92c19). Commands end with CR LF and may be chained with `;`.
enum TDC1Text {
    /// Ends an answer line.
    static let lineEnd: [UInt8] = [0x0D, 0x0A]
    /// Length of the answer to `status?`: four hexadecimal digits, a blank, CR, LF.
    static let statusByteCount = 7
    /// The bit of the status that says that the buffer ran over.
    static let overflowBit = 0x0010

    /// The bytes of chained commands.
    static func line(_ commands: String...) -> [UInt8] {
        Array(commands.joined(separator: ";").utf8) + lineEnd
    }

    /// Text of an answer; throws `protocolViolation` unless it is printable ASCII.
    static func text(_ bytes: [UInt8], at endpoint: String) throws -> String {
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            throw violation("an answer that is not text", at: endpoint)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The whole numbers of an answer; throws `protocolViolation` unless there are `count` of them.
    static func integers(_ text: String, count: Int, at endpoint: String) throws -> [Int] {
        let words = text.split(whereSeparator: \.isWhitespace)
        let numbers = words.compactMap { Int($0) }
        guard numbers.count == count, words.count == count else {
            throw violation("expected \(count) whole numbers, got '\(text)'", at: endpoint)
        }
        return numbers
    }

    /// The gate time of an answer to `time?`, milliseconds; the device prints it as a signed 16-bit number.
    static func gateMS(_ text: String, at endpoint: String) throws -> Int {
        let number = try integers(text, count: 1, at: endpoint)[0]
        guard (-32_768...65_535).contains(number) else { throw violation("gate time '\(text)'", at: endpoint) }
        return number < 0 ? number + 65_536 : number
    }

    /// The volts at the start of an answer to `level?`.
    static func volts(_ text: String, at endpoint: String) throws -> Double {
        guard let word = text.split(whereSeparator: \.isWhitespace).first, let volts = Double(word), volts.isFinite
        else { throw violation("expected a voltage, got '\(text)'", at: endpoint) }
        return volts
    }

    /// The value of an answer to `status?` without its line end, or `nil` if it is none.
    static func status(_ bytes: some Collection<UInt8>) -> Int? {
        guard bytes.count == statusByteCount, Array(bytes.suffix(3)) == [0x20] + lineEnd else { return nil }
        return Int(String(decoding: bytes.prefix(4), as: UTF8.self), radix: 16)
    }

    static func violation(_ message: String, at endpoint: String) -> QKDError {
        QKDError(.protocolViolation, message, at: .init(endpoint))
    }
}
