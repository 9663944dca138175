/// One entry of a PTU header.
///
/// Source: PicoQuant Time-Tagged-File-Format-Demos, `PTU/Python/Read_PTU.py`.
public struct PTUTag: Sendable, Equatable {
    /// The identifier, at most 32 ASCII characters.
    public var name: String
    /// Position in a list of entries of the same name; −1 for a single entry.
    public var index: Int32
    /// What the entry says.
    public var value: Value
    /// Where the entry begins in the file, bytes.
    public var byteOffset: Int

    /// An entry's value by its type code.
    public enum Value: Sendable, Equatable {
        /// No value; the name says it all.
        case empty
        /// True or false.
        case boolean(Bool)
        /// A signed number.
        case integer(Int64)
        /// 64 flags.
        case bitSet(UInt64)
        /// A display colour, as the vendor's programs write it.
        case color(UInt64)
        /// A real number, in SI units unless the name says otherwise.
        case double(Double)
        /// Days since 1899-12-30, no time zone.
        case dateTime(days: Double)
        /// A list of real numbers.
        case doubles([Double])
        /// Text, up to its first zero.
        case text(String)
        /// Only the length in bytes is kept.
        case binary(byteCount: Int)
    }

    /// The type codes of the format.
    enum TypeCode: UInt32, CaseIterable {
        case empty = 0xFFFF_0008
        case boolean = 0x0000_0008
        case integer = 0x1000_0008
        case bitSet = 0x1100_0008
        case color = 0x1200_0008
        case double = 0x2000_0008
        case dateTime = 0x2100_0008
        case doubles = 0x2001_FFFF
        case ansiText = 0x4001_FFFF
        case wideText = 0x4002_FFFF
        case binary = 0xFFFF_FFFF

        /// Whether the 8-byte value is the length of a payload that follows.
        var hasPayload: Bool {
            switch self {
            case .doubles, .ansiText, .wideText, .binary: true
            default: false
            }
        }
    }
}

extension PTUTag.Value {
    /// The type's name, for listings.
    public var typeName: String {
        switch self {
        case .empty: "empty"
        case .boolean: "bool"
        case .integer: "int64"
        case .bitSet: "bitset"
        case .color: "color"
        case .double: "double"
        case .dateTime: "datetime"
        case .doubles: "double[]"
        case .text: "string"
        case .binary: "blob"
        }
    }

    /// Seconds since 1970-01-01, in whatever zone the host that wrote the file had; `nil` for other types.
    public var unixSeconds: Double? {
        guard case .dateTime(let days) = self else { return nil }
        return (days - 25_569) * 86_400
    }
}

extension PTUTag.Value: CustomStringConvertible {
    /// The value as one line; control characters are escaped, so that a file cannot steer a terminal.
    public var description: String {
        switch self {
        case .empty: ""
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .bitSet(let value), .color(let value): "0x" + String(value, radix: 16)
        case .double(let value): "\(value)"
        case .dateTime(let days): "\(days) days since 1899-12-30"
        case .doubles(let values): "\(values)"
        case .binary(let byteCount): "\(byteCount) bytes"
        case .text(let text): Self.escaped(text)
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
