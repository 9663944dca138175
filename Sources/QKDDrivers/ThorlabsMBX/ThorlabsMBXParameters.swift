import QKDCore

/// The MBX's nodes as named parameters, one line each.
enum ThorlabsMBXParameters {
    typealias Node = ThorlabsMBXCodec.Node

    /// A parameter, the node behind it, and how many of the node's units make one of the parameter's.
    struct Entry: Sendable {
        var parameter: Parameter
        var node: Node
        var scale = 1.0
    }

    /// The names of the bias modes in the order of their numbers.
    static let modeNames = [
        "off", "peak", "null", "quadrature-positive", "quadrature-negative", "hold-quadrature-positive",
        "hold-quadrature-negative", "manual", "power-positive", "power-negative",
    ]

    static let entries: [Entry] = [
        choice("mzm-mode", .mode, modeNames, "working point that the modulator is held at"),
        number("mzm-voltage", .voltage, nil, "V", .readOnly, "bias voltage at the modulator"),
        number(
            "hold-voltage", .holdVoltage, ThorlabsMBXCodec.holdVoltageRangeVolts, "V", .readWrite,
            "bias voltage in manual mode", scale: 1000),
        number(
            "hold-ratio", .holdRatio, ThorlabsMBXCodec.holdRatioRange, "", .readWrite,
            "input to output power in the power modes", scale: 100),
        number("tap-power", .tapPower, nil, "mW", .readOnly, "optical power after the modulator"),
        flag("calibrating", .calibrating, .readOnly, "whether a bias calibration is running"),
        flag("locked", .locked, .readOnly, "whether the bias is stable at its working point"),
        flag("voa-enabled", .voaPower, .readWrite, "whether the attenuator is on"),
        choice("voa-mode", .voaMode, ["attenuation", "power"], "what the attenuator keeps constant"),
        number(
            "attenuation", .attenuation, ThorlabsMBXCodec.attenuationRangeDB, "dB", .readWrite,
            "attenuation that is aimed at"),
        number("measured-attenuation", .measuredAttenuation, nil, "dB", .readOnly, "attenuation as measured"),
        number("attenuation-error", .attenuationError, nil, "dB", .readOnly, "measured less set attenuation"),
        flag("attenuation-settled", .voaSettled, .readOnly, "whether the attenuation is within 0.1 dB of its aim"),
        number(
            "output-power", .outputPower, ThorlabsMBXCodec.outputPowerRangeMW, "mW", .readWrite,
            "output power that is aimed at in power mode"),
        number("voa-tap-power", .voaTapPower, nil, "mW", .readOnly, "optical power after the attenuator"),
        choice("panel-light", .panelMode, ["off", "rgb", "white"], "light under the chassis"),
        percent("panel-red", .panelRed, "red panel light"),
        percent("panel-green", .panelGreen, "green panel light"),
        percent("panel-blue", .panelBlue, "blue panel light"),
        percent("panel-white", .panelWhite, "white panel light"),
    ]

    private static func number(
        _ name: String, _ node: Node, _ range: ClosedRange<Double>?, _ unit: String, _ access: Parameter.Access,
        _ summary: String, scale: Double = 1
    ) -> Entry {
        Entry(parameter: Parameter(name, .number(range), unit: unit, access: access, summary), node: node, scale: scale)
    }

    private static func flag(_ name: String, _ node: Node, _ access: Parameter.Access, _ summary: String) -> Entry {
        Entry(parameter: Parameter(name, .flag, access: access, summary), node: node)
    }

    private static func choice(_ name: String, _ node: Node, _ names: [String], _ summary: String) -> Entry {
        Entry(parameter: Parameter(name, .choice(names), access: .readWrite, summary), node: node)
    }

    private static func percent(_ name: String, _ node: Node, _ summary: String) -> Entry {
        Entry(parameter: Parameter(name, .integer(0...100), unit: "%", access: .readWrite, summary), node: node)
    }
}

extension ThorlabsMBXParameters.Entry {
    /// The node's number for a checked value of the parameter.
    func wireValue(_ value: ParameterValue) throws -> Double {
        switch (parameter.kind, value) {
        // Panel percentages, millivolts and ratio hundredths are whole on the wire.
        case (.number, .number(let number)): return scale == 1 ? number : (number * scale).rounded()
        case (.number, .integer(let number)): return Double(number) * scale
        case (.integer, .integer(let number)): return Double(number)
        case (.flag, .flag(let on)): return on ? 1 : 0
        case (.choice(let names), .text(let text)):
            if let index = names.firstIndex(of: text) { return Double(index) }
        default: break
        }
        throw QKDError(.outOfRange, "\(value) is outside what \(parameter.name) takes: \(parameter.allowed)")
    }

    /// The parameter's value from the node's reply; throws `protocolViolation`.
    func value(from reply: [UInt8], endpoint: String) throws -> ParameterValue {
        switch parameter.kind {
        case .flag: return .flag(try ThorlabsMBXCodec.flag(reply, of: node, endpoint: endpoint))
        case .choice(let names):
            let range = 0...(names.count - 1)
            return .text(names[try ThorlabsMBXCodec.integer(reply, of: node, in: range, endpoint: endpoint)])
        case .integer(let range):
            let limits = range ?? Int.min...Int.max
            return .integer(try ThorlabsMBXCodec.integer(reply, of: node, in: limits, endpoint: endpoint))
        case .number, .text:
            return .number(try ThorlabsMBXCodec.number(reply, of: node, endpoint: endpoint) / scale)
        }
    }
}
