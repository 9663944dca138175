import QKDCore

extension SFifteenTDC1 {
    public nonisolated var parameters: [Parameter] { Self.parameterList }

    private static let parameterList: [Parameter] =
        [
            Parameter(
                "threshold", .number(-3.3...3.3), unit: "V", access: .readWrite,
                "input threshold; below zero for falling pulses"),
            Parameter("threshold-preset", .choice(["NIM", "TTL"]), access: .writeOnly, "threshold for a standard"),
            Parameter(
                "clock-source", .choice(["auto", "external", "internal"]), access: .writeOnly,
                "10 MHz reference to use"),
            Parameter("clock-in-use", .text, access: .readOnly, "the reference in use, in the device's words"),
            Parameter(
                "external-clock", .text, access: .readOnly, "whether a reference is there, in the device's words"),
            Parameter("mode", .choice(modes.map(\.name)), access: .readOnly, "what the device is set to do"),
            Parameter(
                "gate", .integer(1...65_535), unit: "ms", access: .readWrite, "gate of the singles and pairs below"),
            Parameter("buffer-overflowed", .flag, access: .readOnly, "whether the device's buffer ran over"),
        ]
        + (1...4).map {
            Parameter("singles-\($0)", .integer(nil), access: .readOnly, "events of input \($0) in a gate")
        }
        + pairNames.map {
            Parameter("pairs-\($0)", .integer(nil), access: .readOnly, "coincidences of \($0) in a gate")
        }

    private static let modes: [(code: Int, name: String)] = [(0, "singles"), (1, "pairs"), (3, "timestamp")]
    private static let pairNames = ["1-3", "1-4", "2-3", "2-4"]

    public func value(of parameter: String) async throws -> ParameterValue {
        guard try self.parameter(parameter).access != .writeOnly else {
            throw QKDError(.unsupported, "\(parameter) can be set, not read")
        }
        switch parameter {
        case "threshold": return .number(try TDC1Text.volts(try await ask("level?"), at: transport.endpoint))
        case "clock-in-use": return .text(try await ask("REFCLK?"))
        case "external-clock": return .text(try await ask("ECLOCK?"))
        case "mode": return .text(try await modeName())
        case "gate": return .integer(gateMS)
        case "buffer-overflowed": return .flag(try await status() & TDC1Text.overflowBit != 0)
        default: return .integer(try await count(named: parameter))
        }
    }

    public func set(_ parameter: String, to value: ParameterValue) async throws {
        let description = try self.parameter(parameter)
        guard description.access != .readOnly else { throw QKDError(.unsupported, "\(parameter) cannot be set") }
        try description.check(value)
        switch (parameter, value) {
        case ("threshold", .number(let volts)): try await setThreshold(volts: volts)
        case ("threshold", .integer(let volts)): try await setThreshold(volts: Double(volts))
        case ("threshold-preset", .text(let name)): try await tell(TDC1Text.line(name))
        case ("clock-source", .text(let name)):
            let number = ["auto": 0, "external": 1, "internal": 2][name] ?? 0
            try await tell(TDC1Text.line("REFCLK \(number)"))
        case ("gate", .integer(let milliseconds)): gateMS = milliseconds
        default: throw QKDError(.unsupported, "\(parameter) cannot be set to \(value)")
        }
    }

    /// Sets the threshold of all inputs, volts; a negative one counts falling edges.
    private func setThreshold(volts: Double) async throws {
        try await tell(TDC1Text.line("\(volts < 0 ? "NEG" : "POS") \(DecimalText.write(volts, places: 3))"))
    }

    private func modeName() async throws -> String {
        let number = try TDC1Text.integers(try await ask("mode?"), count: 1, at: transport.endpoint)[0]
        guard let mode = Self.modes.first(where: { $0.code == number }) else {
            throw TDC1Text.violation("mode \(number) is not known", at: transport.endpoint)
        }
        return mode.name
    }

    private func status() async throws -> Int {
        try await exchange { try await askStatus() }
    }

    private func count(named name: String) async throws -> Int {
        if let index = Self.pairNames.firstIndex(where: { "pairs-\($0)" == name }) {
            return try await pairs(gateMS: gateMS)[index]
        }
        let counts = try await singles(gateMS: gateMS)
        return counts[(1...4).first { "singles-\($0)" == name }.map { $0 - 1 } ?? 0]
    }
}

extension SFifteenTDC1 {
    public func selfTest() async throws -> SelfTestReport {
        var checks: [SelfTestReport.Check] = []
        checks.append(try await check("identity") { try await exchange { try await identify() }.model })
        checks.append(try await check("mode") { try await modeName() })
        checks.append(
            try await check("gate time") {
                "\(try TDC1Text.gateMS(try await ask("time?"), at: transport.endpoint)) ms"
            })
        checks.append(
            try await check("threshold") {
                "\(try TDC1Text.volts(try await ask("level?"), at: transport.endpoint)) V"
            })
        checks.append(try await check("status") { "\(try await status())" })
        return SelfTestReport(checks)
    }

    /// A check whose answer does not follow the protocol has failed; a device that is lost ends the test.
    private func check(_ name: String, _ question: () async throws -> String) async throws -> SelfTestReport.Check {
        try requireIdle()
        do {
            return .init(name, passed: true, detail: try await question())
        } catch let error as QKDError where error.kind == .protocolViolation || error.kind == .timeout {
            return .init(name, passed: false, detail: error.message)
        }
    }

    public func health() async throws -> DeviceHealth {
        var found = findings
        if let statistics = session?.statistics {
            found += Self.findings(of: statistics)
        } else if try await status() & TDC1Text.overflowBit != 0 {
            found.append("the device's buffer has run over")
        }
        return DeviceHealth(found.isEmpty ? .healthy : .degraded, findings: found)
    }
}
