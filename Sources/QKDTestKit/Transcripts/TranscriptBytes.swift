/// The text form of bytes in a transcript: printable ASCII with escapes, or `hex:` and pairs of digits.
public enum TranscriptBytes {
    /// What is wrong with a text that should be bytes.
    public struct Flaw: Error, Sendable, Equatable {
        /// What is wrong, as a phrase for an error message.
        public var text: String
    }

    /// Reads `\r`, `\n`, `\t`, `\\`, `\xHH` and printable ASCII, or `hex:0A ff …`; throws `Flaw`.
    public static func decode(_ text: String) throws -> [UInt8] {
        text.hasPrefix("hex:") ? try decodeHex(text.dropFirst(4)) : try decodeEscapes(Array(text.utf8))
    }

    /// Writes bytes as `decode` reads them: as text when all of them are printable or line ends.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        let plain = bytes.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0D || $0 == 0x0A }
        guard plain, !bytes.starts(with: Array("hex:".utf8)) else {
            return "hex:" + bytes.map { hex($0) }.joined(separator: " ")
        }
        var text = ""
        for byte in bytes {
            switch byte {
            case 0x0D: text += "\\r"
            case 0x0A: text += "\\n"
            case 0x5C: text += "\\\\"
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return text.hasSuffix(" ") ? text.dropLast() + "\\x20" : text
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }

    private static func decodeHex(_ text: Substring) throws -> [UInt8] {
        let digits = text.filter { $0 != " " }
        guard digits.count.isMultiple(of: 2) else { throw Flaw(text: "an odd number of hex digits") }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while !rest.isEmpty {
            let pair = rest.prefix(2)
            guard pair.allSatisfy(\.isHexDigit), let byte = UInt8(pair, radix: 16) else {
                throw Flaw(text: "'\(pair)' are no hex digits")
            }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    private static func decodeEscapes(_ text: [UInt8]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                guard (0x20...0x7E).contains(byte) else {
                    throw Flaw(text: "byte \(byte) is not printable ASCII; write it as \\x\(hex(byte))")
                }
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "\\"): bytes.append(0x5C)
            case UInt8(ascii: "x"):
                bytes += try decodeHex(Substring(decoding: rest.prefix(2), as: UTF8.self))
                rest = rest.dropFirst(2)
            default: throw Flaw(text: "an escape other than \\r, \\n, \\t, \\\\ and \\xHH")
            }
        }
        return bytes
    }
}
