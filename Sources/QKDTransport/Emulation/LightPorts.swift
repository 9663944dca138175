import QKDCore

/// What an emulator tells of itself for the log: light, dark, state changes.
public protocol EmulatorJournal: Actor {
    /// The events since the last call, in the order of time.
    func takeEvents() -> [EmulatorEvent]
}

/// An emulated pulser: its outputs drive the emulated light.
public protocol PulserEmulation: EmulatorJournal {
    /// The changes at the outputs since the last call, in the order of time, up to `nowPS`.
    func takeOutputs(nowPS: Int64) -> [PulserOutput]
}

/// An emulated modulator bias and attenuator: light passes through it.
public protocol ModulatorEmulation: EmulatorJournal {
    /// What the light meets at `nowPS`.
    func lightPath(nowPS: Int64) -> ModulatorLightPath
}

/// What light meets in a modulator with its attenuator.
public struct ModulatorLightPath: Sendable, Equatable {
    /// Attenuation, decibels.
    public var attenuationDB: Double
    /// How far the bias stands from the transmission null, in half-wave voltages of the bias electrode.
    public var biasErrorHalfWaves: Double

    /// States what light meets.
    public init(attenuationDB: Double, biasErrorHalfWaves: Double) {
        self.attenuationDB = attenuationDB
        self.biasErrorHalfWaves = biasErrorHalfWaves
    }
}

/// An emulated single-photon detector: the light gives it clicks, its bias gives it efficiency.
public protocol DetectorEmulation: EmulatorJournal {
    /// Bias and temperature at `nowPS`.
    func operatingPoint(nowPS: Int64) -> DetectorOperatingPoint
    /// Takes the clicks of the last step, picoseconds on the bench's clock, in order.
    func record(clickTimesPS: [Int64])
}

/// Where a detector is operated.
public struct DetectorOperatingPoint: Sendable, Equatable {
    /// Bias at the diode, volts.
    public var biasVolts: Double
    /// Temperature of the diode, degrees Celsius.
    public var temperatureCelsius: Double

    /// States an operating point.
    public init(biasVolts: Double, temperatureCelsius: Double) {
        self.biasVolts = biasVolts
        self.temperatureCelsius = temperatureCelsius
    }
}

/// An emulated time tagger: pulses at its inputs become records.
public protocol TaggerEmulation: EmulatorJournal {
    /// Takes the pulses up to `upToPS`, in order; times are picoseconds on the tagger's own clock.
    func inject(timesPS: [Int64], channels: [UInt8], upToPS: Int64)
    /// Makes something go wrong.
    func inject(_ fault: TaggerFault)
}

/// What an emulated tagger can be made to suffer.
public enum TaggerFault: Sendable, Equatable {
    /// The next bytes on the wire vanish.
    case loseBytes(Int)
    /// Records that wait for a packet to fill go out.
    case sendRest
    /// The buffer runs over: the next records vanish.
    case overflow(records: Int)
    /// From now on the device neither listens, nor speaks, nor tags.
    case stall
    /// It listens, speaks and tags again.
    case recover
    /// It loses its power and has it again: every setting is forgotten, every byte under way is lost.
    case powerCycle
    /// Its clock steps, picoseconds; what is below its unit of time is left out.
    case clockStep(Int64)
}
