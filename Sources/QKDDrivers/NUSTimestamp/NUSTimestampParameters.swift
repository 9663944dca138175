import QKDCore

extension NUSTimestampCard {
    private static let converterParameters: [(Parameter, TimestampCommand.Converter)] = [
        (
            Parameter(
                "threshold", .integer(0...4095), access: .readWrite,
                "converter of the input threshold; 3586 is about -0.5 V"), .threshold
        ),
        (
            Parameter(
                "coincidence-window", .integer(0...4095), access: .readWrite, "converter of the coincidence window"),
            .coincidenceWindow
        ),
        (
            Parameter("calibration", .integer(0...4095), access: .readWrite, "converter of the calibration"),
            .calibration
        ),
        (Parameter("skew", .integer(0...4095), access: .readWrite, "converter of the fast counter's skew"), .skew),
    ]

    private static let otherParameters = [
        Parameter(
            "clock-reference", .choice(["internal", "external"]), access: .readWrite, "where the clock comes from"),
        Parameter("fifo-full", .flag, access: .readOnly, "whether the FIFO is so full that no events are taken"),
    ]

    public nonisolated var parameters: [Parameter] { Self.converterParameters.map(\.0) + Self.otherParameters }

    /// The card tells no setting: those read are the ones that it was given, or has after power-up.
    public func value(of parameter: String) async throws -> ParameterValue {
        _ = try self.parameter(parameter)
        if let converter = Self.converterParameters.first(where: { $0.0.name == parameter })?.1 {
            // That it still answers is worth knowing before a value is shown.
            _ = try await status(.ports)
            return .integer(converters[converter] ?? converter.powerUpValue)
        }
        let overflow = try await status(.overflow)
        return parameter == "fifo-full" ? .flag(overflow != 0) : .text(hasInternalReference ? "internal" : "external")
    }

    public func set(_ parameter: String, to value: ParameterValue) async throws {
        let known = try self.parameter(parameter)
        guard known.access != .readOnly else { throw QKDError(.unsupported, "\(parameter) can only be read") }
        try known.check(value)
        try requireIdle()
        switch value {
        case .integer(let number):
            guard let converter = Self.converterParameters.first(where: { $0.0.name == parameter })?.1 else { return }
            try await turn.run { try await tell(.setDAC(channel: converter.rawValue, value: number)) }
            converters[converter] = number
        case .text(let name):
            try await turn.run { try await tell(.clockReference(isInternal: name == "internal")) }
            hasInternalReference = name == "internal"
        case .number, .flag: throw QKDError(.unsupported, "\(parameter) cannot be set to \(value)")
        }
    }
}
