import QKDCore

/// The MBX's words: `NODE?` asks, `NODE: value` sets, CR ends both directions.
///
/// Source: pymeasure 0.16.0, instruments/thorlabs/thorlabsmbxseries.py, and the byte exchanges in its
/// tests/instruments/thorlabs/test_thorlabsmbxseries.py.
enum ThorlabsMBXCodec {
    /// The nodes of the command tree that this driver uses.
    enum Node: String, CaseIterable, Sendable {
        case reset = "MZM:RESET"
        case calibrating = "MZM:CALIBRATING"
        case locked = "MZM:SETPOINT"
        case mode = "MZM:MODE"
        /// Input to output power, times 100.
        case holdRatio = "MZM:HOLD:RATIO"
        /// Millivolts.
        case holdVoltage = "MZM:HOLD:VOLTAGE"
        case voltage = "MZM:VOLTAGE"
        case tapPower = "MZM:TAP:MW"
        case voaPower = "VOA:POWER"
        case voaSettled = "VOA:SETPOINT"
        case voaMode = "VOA:MODE"
        case attenuation = "VOA:ATTEN"
        case measuredAttenuation = "VOA:MEASURED"
        case attenuationError = "VOA:ERROR"
        case outputPower = "VOA:OUTPUT:MW"
        case voaTapPower = "VOA:TAP:MW"
        case panelMode = "RGB:POWER"
        case panelRed = "RGB:RED"
        case panelGreen = "RGB:GREEN"
        case panelBlue = "RGB:BLUE"
        case panelWhite = "RGB:WHITE"

        /// Whether the device confirms a set with `1`. All others are set in silence.
        var confirmsSet: Bool { self == .voaMode }
    }

    /// The working points, by the number that `MZM:MODE` takes.
    enum Mode: Int, CaseIterable, Sendable {
        case off = 0
        case peak, null, quadraturePositive, quadratureNegative
        case holdQuadraturePositive, holdQuadratureNegative, manual, powerPositive, powerNegative
    }

    static let terminator: [UInt8] = [0x0D]
    static let identify = Array("*IDN?\r".utf8)
    /// Starts a calibration; the device answers `1`.
    static let reset = Array("MZM:RESET\r".utf8)
    static let attenuationRangeDB = 0.5...20.0
    static let holdVoltageRangeVolts = -10.0...10.0
    static let holdRatioRange = 2.5...100.0
    static let outputPowerRangeMW = 0.01...100.0

    /// The bytes that ask for a node.
    static func query(_ node: Node) -> [UInt8] { Array("\(node.rawValue)?\r".utf8) }

    /// The bytes that set a node; whole numbers are written without a point, others with three decimals at most.
    static func set(_ node: Node, _ value: Double) -> [UInt8] {
        Array("\(node.rawValue): \(DecimalText.write(value, places: 3))\r".utf8)
    }

    /// Reads a number; throws `protocolViolation`.
    static func number(_ reply: [UInt8], of node: Node, endpoint: String) throws -> Double {
        try DecimalText.read(reply, at: .init(endpoint, field: node.rawValue))
    }

    /// Reads a number that has to be `0` or `1`; throws `protocolViolation`.
    static func flag(_ reply: [UInt8], of node: Node, endpoint: String) throws -> Bool {
        let value = try number(reply, of: node, endpoint: endpoint)
        guard value == 0 || value == 1 else {
            throw QKDError(
                .protocolViolation, "expected 0 or 1, got \(value)", at: .init(endpoint, field: node.rawValue))
        }
        return value == 1
    }

    /// Reads a whole number within `range`; throws `protocolViolation`.
    static func integer(
        _ reply: [UInt8], of node: Node, in range: ClosedRange<Int>, endpoint: String
    ) throws -> Int {
        let value = try number(reply, of: node, endpoint: endpoint)
        guard let whole = Int(exactly: value), range.contains(whole) else {
            throw QKDError(
                .protocolViolation, "expected a whole number \(range.lowerBound) to \(range.upperBound), got \(value)",
                at: .init(endpoint, field: node.rawValue))
        }
        return whole
    }

    /// Reads who is there. The public source has no example of the text: four fields between commas are
    /// taken as vendor, model, serial number and firmware, and any other text as the model.
    static func identity(_ reply: [UInt8], endpoint: String) throws -> DeviceIdentity {
        let text = DecimalText.trim(reply)
        guard !text.isEmpty, text.unicodeScalars.allSatisfy({ (0x20..<0x7F).contains($0.value) }) else {
            throw QKDError(
                .protocolViolation, "expected a line of text, got '\(DecimalText.printable(text))'",
                at: .init(endpoint, field: "*IDN"))
        }
        let fields = text.split(separator: ",", omittingEmptySubsequences: false).map { field in
            DecimalText.trim(Array(field.utf8))
        }
        guard fields.count == 4 else { return DeviceIdentity(vendor: "Thorlabs", model: text) }
        return DeviceIdentity(vendor: fields[0], model: fields[1], serialNumber: fields[2], firmware: fields[3])
    }
}
