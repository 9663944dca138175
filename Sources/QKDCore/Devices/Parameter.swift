/// One typed value of a device that a user may read or set by name.
public struct Parameter: Sendable, Equatable {
    /// The values that are allowed.
    public enum Kind: Sendable, Equatable {
        /// A real number; `nil` where no source states the range and the device refuses by itself.
        case number(ClosedRange<Double>?)
        case integer(ClosedRange<Int>?)
        case flag
        case choice([String])
        case text
    }

    /// What may be done with it.
    public enum Access: String, Sendable {
        case readOnly = "read"
        case readWrite = "read, set"
        case writeOnly = "set"
    }

    /// Lower-case words joined by hyphens, e.g. `bias-voltage`.
    public var name: String
    /// Type and allowed values.
    public var kind: Kind
    /// SI symbol, or empty for a pure number.
    public var unit: String
    /// Whether it can be read, set or both.
    public var access: Access
    /// One line that tells a user what it does.
    public var summary: String

    /// Describes one parameter.
    public init(_ name: String, _ kind: Kind, unit: String = "", access: Access, _ summary: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.access = access
        self.summary = summary
    }
}

/// A parameter's value.
public enum ParameterValue: Sendable, Equatable {
    case number(Double)
    case integer(Int)
    case flag(Bool)
    case text(String)
}

extension ParameterValue: CustomStringConvertible {
    public var description: String {
        switch self {
        case .number(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .flag(let value): value ? "on" : "off"
        case .text(let value): value
        }
    }
}

extension Parameter {
    /// Reads a user's text as a value of this parameter.
    ///
    /// Throws `outOfRange` or `invalidInput`, naming the parameter and what is allowed.
    public func parse(_ text: String) throws -> ParameterValue {
        let value: ParameterValue? =
            switch kind {
            case .number: Double(text).flatMap { $0.isFinite ? .number($0) : nil }
            case .integer: Int(text).map { .integer($0) }
            case .flag:
                switch text.lowercased() {
                case "on", "true", "1": .flag(true)
                case "off", "false", "0": .flag(false)
                default: nil
                }
            case .choice(let names): names.contains(text) ? .text(text) : nil
            case .text: .text(text)
            }
        guard let value else {
            throw QKDError(.invalidInput, "'\(text)' is no value for \(name): expected \(allowed)")
        }
        try check(value)
        return value
    }

    /// Throws unless `value` has this parameter's type and lies in its range.
    public func check(_ value: ParameterValue) throws {
        let fits: Bool
        switch (kind, value) {
        case (.number(let range), .number(let number)): fits = number.isFinite && range?.contains(number) ?? true
        case (.number(let range), .integer(let number)): fits = range?.contains(Double(number)) ?? true
        case (.integer(let range), .integer(let number)): fits = range?.contains(number) ?? true
        case (.flag, .flag), (.text, .text): fits = true
        case (.choice(let names), .text(let text)): fits = names.contains(text)
        default: fits = false
        }
        guard fits else {
            throw QKDError(.outOfRange, "\(value) is outside what \(name) takes: \(allowed)")
        }
    }

    /// The allowed values in words, with their unit.
    public var allowed: String {
        let suffix = unit.isEmpty ? "" : " \(unit)"
        switch kind {
        case .number(let range?): return "\(range.lowerBound) to \(range.upperBound)\(suffix)"
        case .integer(let range?): return "\(range.lowerBound) to \(range.upperBound)\(suffix)"
        case .number(nil): return "a number\(unit.isEmpty ? "" : " in \(unit)")"
        case .integer(nil): return "a whole number\(unit.isEmpty ? "" : " in \(unit)")"
        case .flag: return "on or off"
        case .choice(let names): return names.joined(separator: ", ")
        case .text: return "text"
        }
    }
}
