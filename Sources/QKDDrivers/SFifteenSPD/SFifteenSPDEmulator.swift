import QKDCore
import QKDTransport

/// The device's side of the detector's wire.
public actor SFifteenSPDEmulator: StreamEmulator {
    /// The state at power-up, and the properties of the detector. All of it is assumed.
    public struct Setup: Sendable {
        /// Distinguishes several; ends up in the identity.
        public var unit = 1
        /// Bias at power-up, volts.
        public var biasVolts = 0.0
        /// Time constant of the bias towards its set value, picoseconds.
        public var biasTimeConstantPS = 10 * Picoseconds.perMillisecond
        /// Bias that `hvolt` accepts, volts.
        public var biasRangeVolts = 0.0...300.0
        /// Discriminator threshold at power-up, volts by the name of its command.
        public var thresholdVolts = 0.1
        /// Whether the temperature loop is on at power-up.
        public var isLoopOn = true
        /// Temperature that the loop aims at, degrees Celsius.
        public var targetCelsius = -20.0
        /// Temperature of the diode at power-up, degrees Celsius.
        public var temperatureCelsius = -20.0
        /// Temperature without cooling, degrees Celsius.
        public var ambientCelsius = 23.0
        /// Time constant of the temperature towards its aim, picoseconds.
        public var thermalTimeConstantPS = 5 * Picoseconds.perSecond
        /// How far each volt on the cooler brings the diode below ambient while the loop is off, kelvin.
        public var coolingCelsiusPerVolt = 20.0
        /// Cooler voltage at power-up, volts; acts only while the loop is off.
        public var peltierVolts = 0.0
        /// Proportional constant of the loop; stored and read back, without effect on the temperature.
        public var proportional = 0.1
        /// Integral constant of the loop; stored and read back, without effect on the temperature.
        public var integral = 0.01
        /// Counting gate at power-up, milliseconds.
        public var gateMS = 1000.0
        /// Output delay at power-up, in the unit of `delay`, which is not public.
        public var delay = 0.0

        /// A cooled detector without bias.
        public init(unit: Int = 1) { self.unit = unit }
    }

    private var model: SFifteenSPDModel
    private var thresholdVolts: Double
    private var proportional: Double
    private var integral: Double
    private var gateMS: Double
    private var delay: Double
    private var latestPS: Int64 = 0
    private var heard: [UInt8] = []
    private var gate: Range<Int64>?
    private var clicks: [Int64] = []
    private var events: [EmulatorEvent] = []
    private let unit: Int

    /// Switches the device on.
    public init(_ setup: Setup = Setup()) {
        model = SFifteenSPDModel(setup)
        thresholdVolts = setup.thresholdVolts
        proportional = setup.proportional
        integral = setup.integral
        gateMS = setup.gateMS
        delay = setup.delay
        unit = setup.unit
    }

    /// The bias at the diode, volts.
    public func biasVolts(nowPS: Int64) -> Double { model.bias.value(nowPS) }

    /// The diode's temperature, degrees Celsius.
    public func temperatureCelsius(nowPS: Int64) -> Double { model.temperature.value(nowPS) }

    /// Lays down when the detector clicked, picoseconds of the emulation, in any order.
    ///
    /// Clicks are counted when a gate ends, so they have to be laid down before the time moves past them.
    public func record(clickTimesPS: [Int64]) {
        let earliest = gate?.lowerBound ?? latestPS
        clicks += clickTimesPS.lazy.filter { $0 >= earliest }
    }

    /// Changes of bias and temperature control since the last call.
    public func takeEvents() -> [EmulatorEvent] {
        defer { events = [] }
        return events
    }

    public func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        let late = advance(toPS: nowPS)
        heard += bytes
        let said = obeyWhatWasHeard()
        // More than fits into any buffer, without an end or during a gate: it is lost.
        if heard.count > 4096 { heard = [] }
        return late + said
    }

    public func advance(toPS nowPS: Int64) -> [UInt8] {
        var said: [UInt8] = []
        while let gate, gate.upperBound <= nowPS {
            latestPS = gate.upperBound
            let counted = clicks.reduce(0) { gate.contains($1) ? $0 + 1 : $0 }
            self.gate = nil
            said += line("\(counted)") + obeyWhatWasHeard()
        }
        latestPS = max(latestPS, nowPS)
        let earliest = gate?.lowerBound ?? latestPS
        clicks.removeAll { $0 < earliest }
        return said
    }

    /// Obeys whole commands up to the next one that takes a gate; the rest waits for its end.
    private func obeyWhatWasHeard() -> [UInt8] {
        var said: [UInt8] = []
        while gate == nil, let end = heard.firstIndex(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0x3B }) {
            let words = String(decoding: heard[..<end], as: UTF8.self).lowercased().split(separator: " ")
            heard.removeFirst(end + 1)
            guard let first = words.first, words.count <= 2 else { continue }
            if first.hasSuffix("?") {
                said += answer(String(first.dropLast()))
            } else {
                said += take(String(first), words.count == 2 ? Double(words[1]) : nil)
            }
        }
        return said
    }

    private func answer(_ word: String) -> [UInt8] {
        switch word {
        case "*idn": return line("SPD EMULATED unit \(unit)")
        case "hvolt": return line(model.bias.value(latestPS))
        case "threshvolt": return line(thresholdVolts)
        case "constp": return line(proportional)
        case "consti": return line(integral)
        case "loop": return line(model.isLoopOn ? "1" : "0")
        case "pvolt": return line(model.peltierVolts)
        case "temp": return line(model.temperature.value(latestPS))
        case "settemp": return line(model.targetCelsius)
        case "time": return line(gateMS)
        case "delay": return line(delay)
        case "counts":
            let (end, overflow) = latestPS.addingReportingOverflow(Picoseconds.from(seconds: gateMS / 1000))
            gate = latestPS..<(overflow ? .max : end)
            return []
        default: return line("error: unknown command")
        }
    }

    private func take(_ word: String, _ value: Double?) -> [UInt8] {
        switch (word, value) {
        case ("save", nil): note("settings saved")
        case ("help", nil):
            return line("SPD EMULATED: hvolt threshvolt constp consti loop pvolt settemp time delay save")
        case ("hvolt", let volts?) where model.setup.biasRangeVolts.contains(volts):
            model.setBias(volts, latestPS)
            note("bias set to \(text(volts)) V")
        case ("threshvolt", let volts?) where abs(volts) <= 5: thresholdVolts = volts
        case ("constp", let constant?) where constant.isFinite: proportional = constant
        case ("consti", let constant?) where constant.isFinite: integral = constant
        case ("loop", let on?) where on == 0 || on == 1:
            model.setLoop(on == 1, latestPS)
            note(on == 1 ? "temperature loop on" : "temperature loop off")
        case ("pvolt", let volts?) where (0...5).contains(volts): model.setPeltier(volts, latestPS)
        case ("settemp", let celsius?) where (-40...30).contains(celsius): model.setTarget(celsius, latestPS)
        case ("time", let milliseconds?) where (1...60_000).contains(milliseconds): gateMS = milliseconds
        case ("delay", let steps?) where (0...1_000).contains(steps): delay = steps
        default: return line("error: value out of range or unknown command")
        }
        return []
    }

    private func note(_ text: String) { events.append(EmulatorEvent(atPS: latestPS, text: text)) }
    private func line(_ text: String) -> [UInt8] { Array((text + "\r\n").utf8) }
    private func line(_ value: Double) -> [UInt8] { line(text(value)) }

    /// A plain decimal of three places at most, with at least one: `-20.0`.
    private func text(_ value: Double) -> String {
        let rounded = (value * 1000).rounded() / 1000
        return rounded == 0 ? "0.0" : "\(rounded)"
    }
}
