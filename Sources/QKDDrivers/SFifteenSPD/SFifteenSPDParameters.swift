import QKDCore

/// The detector's values by name.
extension SFifteenSPD {
    private static let entries: [(Codec.Word, Parameter)] = [
        (
            .threshold,
            Parameter("threshold-voltage", .number(nil), unit: "V", access: .readWrite, "discriminator level")
        ),
        (
            .proportional,
            Parameter("loop-proportional", .number(nil), access: .readWrite, "temperature loop, P constant")
        ),
        (.integral, Parameter("loop-integral", .number(nil), access: .readWrite, "temperature loop, I constant")),
        (.loop, Parameter("temperature-loop", .flag, access: .readWrite, "whether the temperature is controlled")),
        (.peltier, Parameter("peltier-voltage", .number(nil), unit: "V", access: .readWrite, "voltage of the cooler")),
        (
            .temperature,
            Parameter("temperature", .number(nil), unit: "°C", access: .readOnly, "temperature as measured")
        ),
        (
            .target,
            Parameter("target-temperature", .number(nil), unit: "°C", access: .readWrite, "temperature aimed at")
        ),
        (.gate, Parameter("gate-time", .number(gateRangeMS), unit: "ms", access: .readWrite, "how long it counts")),
        (.counts, Parameter("counts", .integer(nil), access: .readOnly, "counts in one gate, which it takes")),
        (.delay, Parameter("delay", .number(nil), access: .readWrite, "output delay; the unit is not public")),
    ]

    public nonisolated var parameters: [Parameter] {
        let range = limits.ceilingVolts.map { 0...max(0, $0) }
        let bias = Parameter(
            "bias-voltage", .number(range), unit: "V", access: .readWrite, "bias of the diode; set in steps")
        return [bias] + Self.entries.map(\.1)
    }

    public func value(of parameter: String) async throws -> ParameterValue {
        _ = try self.parameter(parameter)
        guard let (word, known) = Self.entries.first(where: { $0.1.name == parameter }) else {
            return .number(try await read(.bias))
        }
        if word == .counts { return .integer(try await counts()) }
        let value = try await read(word)
        guard known.kind == .flag else { return .number(value) }
        guard value == 0 || value == 1 else {
            throw QKDError(
                .protocolViolation, "expected 0 or 1, got \(value)", at: .init(endpoint, field: word.rawValue))
        }
        return .flag(value == 1)
    }

    public func set(_ parameter: String, to value: ParameterValue) async throws {
        let known = try self.parameter(parameter)
        guard known.access != .readOnly else { throw QKDError(.unsupported, "\(parameter) can only be read") }
        try known.check(value)
        let number: Double
        switch value {
        case .number(let value): number = value
        case .integer(let value): number = Double(value)
        case .flag(let on): number = on ? 1 : 0
        case .text: throw QKDError(.outOfRange, "\(parameter) takes \(known.allowed)")
        }
        if let word = Self.entries.first(where: { $0.1.name == parameter })?.0 {
            try await write(word, number)
        } else {
            try await setBias(volts: number)
        }
    }

    /// Counts for the gate that is set.
    private func counts() async throws -> Int {
        let milliseconds = try await read(.gate)
        guard Self.gateRangeMS.contains(milliseconds) else {
            throw QKDError(
                .outOfRange,
                "the gate is \(milliseconds) ms; set gate-time to \(Self.gateRangeMS.lowerBound)"
                    + " to \(Self.gateRangeMS.upperBound) ms", at: .init(endpoint))
        }
        return try await countOneGate(milliseconds: milliseconds)
    }
}
