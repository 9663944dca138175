import QKDCore

/// The Quantis USB's facts by name.
extension IDQuantisUSB {
    private static let readable: [(Parameter, QuantisCodec.Request)] = [
        (Parameter("board-version", .integer(nil), access: .readOnly, "version of the board"), .boardVersion),
        (
            Parameter("modules", .integer(0...255), access: .readOnly, "modules that are there, a bit each"),
            .modulesMask
        ),
        (
            Parameter("working-modules", .integer(0...255), access: .readOnly, "modules that work, a bit each"),
            .modulesStatus
        ),
        (Parameter("power", .integer(0...255), access: .readOnly, "whether the modules have power"), .modulesPower),
        (
            Parameter("rate", .integer(nil), unit: "kbit/s", access: .readOnly, "what a module gives"),
            .modulesRate
        ),
        (
            Parameter("startup-test-failed", .integer(0...255), access: .readOnly, "0 if the AIS 31 test passed"),
            .startupFlag
        ),
    ]

    private static let settable = [
        Parameter("enabled", .flag, access: .writeOnly, "switches all modules on or off"),
        Parameter(
            "reset", .choice(["modules", "startup-test"]), access: .writeOnly,
            "starts the modules, or forgets the failed test"),
    ]

    public nonisolated var parameters: [Parameter] { Self.readable.map(\.0) + Self.settable }

    public func value(of parameter: String) async throws -> ParameterValue {
        guard try self.parameter(parameter).access != .writeOnly else {
            throw QKDError(.unsupported, "\(parameter) can be set, not read")
        }
        guard let request = Self.readable.first(where: { $0.0.name == parameter })?.1 else {
            throw QKDError(.unsupported, "\(parameter) cannot be read")
        }
        return .integer(Int(try await ask(request)))
    }

    public func set(_ parameter: String, to value: ParameterValue) async throws {
        let known = try self.parameter(parameter)
        guard known.access != .readOnly else { throw QKDError(.unsupported, "\(parameter) can only be read") }
        try known.check(value)
        switch (parameter, value) {
        case ("enabled", .flag(let on)): try await enable(on)
        case ("reset", .text("modules")): try await reset()
        case ("reset", .text("startup-test")): try await clearStartupFlag()
        default: throw QKDError(.unsupported, "\(parameter) cannot be set to \(value)")
        }
    }
}
