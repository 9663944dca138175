import QKDCore
import QKDTransport

/// What the emulated MBX does to the light that passes it.
public struct ThorlabsMBXOpticalState: Sendable, Equatable {
    /// Attenuation of the VOA at this moment, decibels.
    public var attenuationDB: Double
    /// Bias less the bias of the transmission minimum, volts; quadrature is half the half-wave voltage away.
    public var biasErrorVolts: Double
    /// The modulator's half-wave voltage Vπ, volts.
    public var halfWaveVolts: Double
    /// Whether the loop holds the modulator at its minimum.
    public var isAtNull: Bool

    /// States what happens to the light.
    public init(attenuationDB: Double, biasErrorVolts: Double, halfWaveVolts: Double, isAtNull: Bool) {
        self.attenuationDB = attenuationDB
        self.biasErrorVolts = biasErrorVolts
        self.halfWaveVolts = halfWaveVolts
        self.isAtNull = isAtNull
    }
}

/// The device's side of the MBX's wire.
public actor ThorlabsMBXEmulator: StreamEmulator {
    /// The state at power-up, and the properties of the optics.
    public struct Setup: Sendable {
        /// Distinguishes several; ends up in the serial number.
        public var unit = 1
        /// Half-wave voltage Vπ of the bias, volts.
        public var halfWaveVolts = 5.0
        /// Bias of the transmission minimum at time zero.
        public var nullVolts = 1.3
        /// How fast the minimum wanders, volts an hour; may be negative.
        public var nullDriftVoltsPerHour = 0.0
        /// Full transmission over that at the minimum, decibels.
        public var extinctionDB = 30.0
        /// Optical power at the modulator's input.
        public var inputPowerMW = 1.0
        /// Length of the sweep that `MZM:RESET` starts, picoseconds.
        public var calibrationPS = 2 * Picoseconds.perSecond
        /// Time constant of the bias towards a mode's aim, picoseconds; off and manual act at once.
        public var biasTimeConstantPS = 50 * Picoseconds.perMillisecond
        /// The loop reports its set point within this distance of the aim, volts.
        public var lockWindowVolts = 0.02
        /// How long the attenuator takes to a new aim, picoseconds.
        public var voaSettlingPS = 50 * Picoseconds.perMillisecond
        /// What the built-in measurement reads too much.
        public var attenuationSensorErrorDB = 0.0
        /// 0…9, as `MZM:MODE` counts.
        public var mode = 0
        /// Bias of the manual mode 7, volts.
        public var holdVolts = 0.0
        /// Whether the attenuator is on; if not, it rests at its smallest attenuation.
        public var voaEnabled = false
        /// Whether the attenuator holds the output power instead of an attenuation.
        public var keepsPower = false
        /// Set attenuation, decibels, 0.5…20.
        public var attenuationDB = 20.0
        /// Output power that is held if `keepsPower`, milliwatts.
        public var outputPowerMW = 1.0
        /// Percent: red, green, blue, white.
        public var panel = [0, 0, 0, 50]
        /// 0 off, 1 RGB, 2 white.
        public var panelMode = 2
        let attenuationRangeDB = 0.5...20.0

        /// A device as it comes from power-up: bias off, attenuator off.
        public init(unit: Int = 1) { self.unit = unit }
    }

    private var model: ThorlabsMBXModel
    private var panel: [Int]
    private var panelMode: Int
    private var heard: [UInt8] = []
    private var events: [EmulatorEvent] = []
    private var latestPS: Int64 = 0
    private let unit: Int

    /// Switches the device on.
    public init(_ setup: Setup = Setup()) {
        model = ThorlabsMBXModel(setup)
        panel = setup.panel
        panelMode = setup.panelMode
        unit = setup.unit
    }

    public func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        latestPS = max(latestPS, nowPS)
        var answer: [UInt8] = []
        for byte in bytes {
            switch byte {
            case 0x0D:
                if let reply = obey(String(decoding: heard, as: UTF8.self)) { answer += Array((reply + "\r").utf8) }
                heard = []
            case 0x0A: continue
            // No command is nearly as long: what overruns the line buffer is lost.
            default: if heard.count < 128 { heard.append(byte) }
            }
        }
        return answer
    }

    public func advance(toPS nowPS: Int64) -> [UInt8] {
        latestPS = max(latestPS, nowPS)
        return []
    }

    /// What the device does to the light at `nowPS`.
    public func opticalState(nowPS: Int64) -> ThorlabsMBXOpticalState {
        ThorlabsMBXOpticalState(
            attenuationDB: model.settlingAttenuationDB(nowPS),
            biasErrorVolts: model.biasVolts(nowPS) - model.nullVolts(nowPS),
            halfWaveVolts: model.setup.halfWaveVolts, isAtNull: model.mode == 2 && model.isLocked(nowPS))
    }

    /// Changes of working point and attenuation since the last call.
    public func takeEvents() -> [EmulatorEvent] {
        defer { events = [] }
        return events
    }

    // MARK: The command tree

    /// Obeys one line; `nil` where the device is silent. So it is to what it does not understand, which
    /// no public source shows.
    private func obey(_ line: String) -> String? {
        if line == "*IDN?" { return "THORLABS,MBX EMULATED,EMULATED-\(unit),0.0" }
        if line == "MZM:RESET" {
            model.calibrate(latestPS)
            note("calibration started")
            return "1"
        }
        if line.hasSuffix("?") { return answer(String(line.dropLast())) }
        guard let blank = line.lastIndex(of: " "), blank > line.startIndex else { return nil }
        let colon = line.index(before: blank)
        guard line[colon] == ":", let value = Double(line[line.index(after: blank)...]), value.isFinite else {
            return nil
        }
        return take(String(line[..<colon]), value)
    }

    private func answer(_ node: String) -> String? {
        let now = latestPS
        switch node {
        case "MZM:CALIBRATING": return bit(model.isCalibrating(now))
        case "MZM:SETPOINT": return bit(model.isLocked(now))
        case "MZM:MODE": return String(model.mode)
        case "MZM:HOLD:RATIO": return plain(model.ratio * 100, 0)
        case "MZM:HOLD:VOLTAGE": return plain(model.holdVolts * 1000, 0)
        case "MZM:VOLTAGE": return plain(model.biasVolts(now), 3)
        case "MZM:TAP:MW": return plain(model.tapMW(now), 4)
        case "VOA:POWER": return bit(model.voaEnabled)
        case "VOA:SETPOINT": return bit(model.isVOASettled(now))
        case "VOA:MODE": return bit(model.keepsPower)
        case "VOA:ATTEN": return plain(model.attenuationSetDB, 3)
        case "VOA:MEASURED": return plain(model.measuredDB(now), 3)
        case "VOA:ERROR": return plain(model.measuredDB(now) - model.attenuationSetDB, 3)
        case "VOA:OUTPUT:MW": return plain(model.outputSetMW, 4)
        case "VOA:TAP:MW": return plain(model.outputMW(now), 4)
        case "RGB:POWER": return String(panelMode)
        case "RGB:RED": return String(panel[0])
        case "RGB:GREEN": return String(panel[1])
        case "RGB:BLUE": return String(panel[2])
        case "RGB:WHITE": return String(panel[3])
        default: return nil
        }
    }

    /// Takes a value, moved to the nearest one that is allowed.
    private func take(_ node: String, _ value: Double) -> String? {
        let now = latestPS
        switch node {
        case "MZM:MODE":
            model.setMode(whole(value, 0...9), now)
            note("bias mode \(model.mode)")
        case "MZM:HOLD:RATIO": model.ratio = near(value, 250...10000) / 100
        case "MZM:HOLD:VOLTAGE": model.setHoldVolts(near(value, -10000...10000) / 1000, now)
        case "VOA:POWER":
            model.setVOA(now, enabled: value != 0)
            note(model.voaEnabled ? "attenuator on" : "attenuator off")
        case "VOA:MODE":
            model.setVOA(now, keepsPower: value != 0)
            return "1"
        case "VOA:ATTEN":
            model.setVOA(now, attenuationDB: near(value, model.setup.attenuationRangeDB))
            note("attenuation set to \(plain(model.attenuationSetDB, 3)) dB")
        case "VOA:OUTPUT:MW": model.setVOA(now, outputMW: near(value, 0.01...100))
        case "RGB:POWER": panelMode = whole(value, 0...2)
        case "RGB:RED": panel[0] = whole(value, 0...100)
        case "RGB:GREEN": panel[1] = whole(value, 0...100)
        case "RGB:BLUE": panel[2] = whole(value, 0...100)
        case "RGB:WHITE": panel[3] = whole(value, 0...100)
        default: return nil
        }
        return nil
    }

    private func note(_ text: String) { events.append(EmulatorEvent(atPS: latestPS, text: text)) }
    private func bit(_ on: Bool) -> String { on ? "1" : "0" }
    private func near(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        min(max(value, range.lowerBound), range.upperBound)
    }
    private func whole(_ value: Double, _ range: ClosedRange<Int>) -> Int {
        Int(near(value.rounded(), Double(range.lowerBound)...Double(range.upperBound)))
    }

    /// A number rounded to `places` decimals, in the shortest form: `5`, `5.42`.
    private func plain(_ value: Double, _ places: Int) -> String {
        var unit = 1.0
        for _ in 0..<places { unit *= 10 }
        let rounded = (value * unit).rounded() / unit
        if rounded == 0 { return "0" }
        if rounded == rounded.rounded(), abs(rounded) < 1e9 { return String(Int(rounded)) }
        return "\(rounded)"
    }
}
