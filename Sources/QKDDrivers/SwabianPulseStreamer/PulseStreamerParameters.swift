import QKDCore

extension SwabianPulseStreamer {
    public nonisolated var parameters: [Parameter] { Self.parameterList }

    private static let clockSources = ["internal", "external-125MHz", "external-10MHz"]
    private static let triggerStarts = TriggerStart.allCases.map { "\($0)" }
    private static let triggerRearms = TriggerRearm.allCases.map { "\($0)" }

    private static let parameterList = [
        Parameter("clock-source", .choice(clockSources), access: .readWrite, "what the time base follows"),
        Parameter("trigger-start", .choice(triggerStarts), access: .readWrite, "what starts a loaded sequence"),
        Parameter(
            "trigger-rearm", .choice(triggerRearms), access: .readWrite,
            "whether a sequence can be started again by itself"),
        Parameter("temperature", .number(nil), unit: "°C", access: .readOnly, "temperature in the device"),
        Parameter("underflow", .flag, access: .readOnly, "whether the outputs ran out of data in a sequence"),
        Parameter("status-register", .integer(nil), access: .readOnly, "the status register; its bits are not public"),
        Parameter("firmware", .text, access: .readOnly, "firmware version"),
        Parameter("hardware-version", .text, access: .readOnly, "hardware version"),
        Parameter("serial", .text, access: .readOnly, "MAC address, which is the serial number"),
        Parameter("hostname", .text, access: .readWrite, "name in the network"),
    ]

    public func value(of parameter: String) async throws -> ParameterValue {
        switch try self.parameter(parameter).name {
        case "clock-source": return .text(try await choice("getClock", Self.clockSources))
        case "trigger-start": return .text(try await choice("getTriggerStart", Self.triggerStarts))
        case "trigger-rearm": return .text(try await choice("getTriggerRearm", Self.triggerRearms))
        case "temperature": return .number(try await temperatureCelsius())
        case "underflow": return .flag(try await flag("getUnderflow"))
        case "status-register": return .integer(try await integer("getStatusRegister"))
        case "firmware": return .text(try await text("getFirmwareVersion"))
        case "hardware-version": return .text(try await text("getHardwareVersion"))
        case "serial": return .text(try await serialNumber())
        default: return .text(try await text("getHostname"))
        }
    }

    public func set(_ parameter: String, to value: ParameterValue) async throws {
        let description = try self.parameter(parameter)
        guard description.access != .readOnly else { throw QKDError(.unsupported, "\(parameter) cannot be set") }
        try description.check(value)
        guard case .text(let text) = value else { throw QKDError(.invalidInput, "\(parameter) takes a text") }
        switch parameter {
        case "clock-source": _ = try await call("selectClock", .integer(Self.clockSources.firstIndex(of: text) ?? 0))
        case "trigger-start": try await setTrigger(start: Self.triggerStarts.firstIndex(of: text))
        case "trigger-rearm": try await setTrigger(rearm: Self.triggerRearms.firstIndex(of: text))
        default: _ = try await call("setHostname", .text(text))
        }
    }

    /// The device sets both at once: the one that is not given stays as it is.
    private func setTrigger(start: Int? = nil, rearm: Int? = nil) async throws {
        try await turn.run {
            let kept = (start: try await integer("getTriggerStart"), rearm: try await integer("getTriggerRearm"))
            _ = try await call("setTrigger", .integer(start ?? kept.start), .integer(rearm ?? kept.rearm))
        }
    }

    private func choice(_ method: String, _ names: [String]) async throws -> String {
        let number = try await integer(method)
        guard names.indices.contains(number) else { throw wrongType(method, "0 to \(names.count - 1)") }
        return names[number]
    }

    private func temperatureCelsius() async throws -> Double {
        guard let value = try await call("getTemperature").asNumber, value.isFinite else {
            throw wrongType("getTemperature", "a temperature")
        }
        return value
    }
}

extension SwabianPulseStreamer {
    public func selfTest() async throws -> SelfTestReport {
        var checks: [SelfTestReport.Check] = []
        for name in ["firmware", "hardware-version", "serial", "clock-source", "trigger-start", "temperature"] {
            checks.append(try await check(name) { "\(try await value(of: name))" })
        }
        checks.append(try await check("streaming state") { try await isPlaying() ? "playing" : "not playing" })
        if try await knownFirmware().hasBinaryPort {
            checks.append(try await check("binary port") { try await reachBinaryPort() })
        }
        return SelfTestReport(checks)
    }

    private func reachBinaryPort() async throws -> String {
        try await turn.run {
            if stream == nil { stream = try await openStream() }
            return stream?.endpoint ?? ""
        }
    }

    /// A check whose answer is not as it should be has failed; a device that is lost ends the test.
    private func check(_ name: String, _ question: () async throws -> String) async throws -> SelfTestReport.Check {
        do {
            return .init(name, passed: true, detail: try await question())
        } catch let error as QKDError where [.protocolViolation, .refused, .absent].contains(error.kind) {
            return .init(name, passed: false, detail: error.message)
        }
    }

    /// Degraded if a sequence ran out of data. No source states limits for the temperature or the status bits.
    public func health() async throws -> DeviceHealth {
        guard try await flag("getUnderflow") else {
            _ = try await temperatureCelsius()
            return DeviceHealth(.healthy)
        }
        let temperature = DecimalText.write(try await temperatureCelsius(), places: 1)
        let status = try await integer("getStatusRegister")
        return DeviceHealth(
            .degraded,
            findings: ["the outputs ran out of data (status register \(status), \(temperature) °C)"])
    }
}
