import QKDCore

/// The QCicada's settings and counts by name.
extension QCicada {
    private static let flagNames: [(String, QCicadaConfiguration.Flags, String)] = [
        ("startup-test", .startupTest, "whether it tests itself when it starts"),
        ("auto-calibration", .autoCalibration, "whether it calibrates its light source"),
        ("repetition-test", .repetitionCount, "whether the repetition count test runs"),
        ("adaptive-proportion-test", .adaptiveProportion, "whether the adaptive proportion test runs"),
        ("bit-count-test", .bitCount, "whether the bit count test runs"),
        ("generate-on-error", .generateOnError, "whether it generates in spite of failed tests"),
    ]

    private static let allParameters: [Parameter] =
        [
            Parameter(
                "post-processing", .choice(QCicadaPostProcessing.allCases.map(\.name)), access: .readWrite,
                "what is done to the noise before it is given out")
        ]
        + flagNames.map { Parameter($0.0, .flag, access: .readWrite, $0.2) }
        + [
            Parameter(
                "ready-bytes", .integer(0...Int(UInt32.max)), unit: "B", access: .readOnly, "bytes that wait"),
            Parameter("generated-bytes", .integer(nil), unit: "B", access: .readOnly, "bytes since the last reset"),
            Parameter("repetition-failures", .integer(nil), access: .readOnly, "failed repetition count tests"),
            Parameter(
                "adaptive-proportion-failures", .integer(nil), access: .readOnly, "failed adaptive proportion tests"),
            Parameter("bit-count-failures", .integer(nil), access: .readOnly, "failed bit count tests"),
            Parameter("speed", .integer(nil), access: .readOnly, "generation speed; the unit is not public"),
            Parameter("sensor-average", .integer(nil), access: .readOnly, "sensor average; the unit is not public"),
            Parameter("led-level", .number(nil), access: .readOnly, "light source level; the unit is not public"),
        ]

    public nonisolated var parameters: [Parameter] { Self.allParameters }

    public func value(of parameter: String) async throws -> ParameterValue {
        _ = try self.parameter(parameter)
        if let flag = Self.flagNames.first(where: { $0.0 == parameter })?.1 {
            return .flag(try await configuration().flags.contains(flag))
        }
        switch parameter {
        case "post-processing": return .text(try await configuration().postProcessing.name)
        case "ready-bytes": return .integer(try await status().readyBytes)
        case "generated-bytes": return .integer(Int(clamping: try await statistics().generatedBytes))
        case "repetition-failures": return .integer(Int(try await statistics().repetitionFailures))
        case "adaptive-proportion-failures":
            return .integer(Int(try await statistics().adaptiveProportionFailures))
        case "bit-count-failures": return .integer(Int(try await statistics().bitCountFailures))
        case "speed": return .integer(Int(try await statistics().speed))
        case "sensor-average": return .integer(Int(try await statistics().sensorAverage))
        case "led-level": return .number(Double(try await statistics().ledLevel))
        default: throw QKDError(.unsupported, "\(parameter) cannot be read")
        }
    }

    public func set(_ parameter: String, to value: ParameterValue) async throws {
        let known = try self.parameter(parameter)
        guard known.access != .readOnly else { throw QKDError(.unsupported, "\(parameter) can only be read") }
        try known.check(value)
        // The device takes the settings as a whole: read, change one, write.
        var configuration = try await configuration()
        switch value {
        case .flag(let on):
            guard let flag = Self.flagNames.first(where: { $0.0 == parameter })?.1 else { break }
            if on { configuration.flags.insert(flag) } else { configuration.flags.remove(flag) }
        case .text(let name):
            guard let mode = QCicadaPostProcessing.allCases.first(where: { $0.name == name }) else { break }
            configuration.postProcessing = mode
        case .number, .integer: break
        }
        try await configure(configuration)
    }
}
