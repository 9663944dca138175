import Foundation

/// A JSON value, as JSON-RPC parameters and results are made of.
enum RPCValue: Codable, Sendable, Equatable {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([RPCValue])
    case object([String: RPCValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([RPCValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: RPCValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// A whole number; yes and no count as 1 and 0, since the device's sources use both for its flags.
    var asInteger: Int? {
        switch self {
        case .integer(let value): value
        case .flag(let value): value ? 1 : 0
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// A real number, also if it is written as text.
    var asNumber: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text(let value): Double(value)
        default: nil
        }
    }

    var asText: String? {
        if case .text(let value) = self { value } else { nil }
    }
}
