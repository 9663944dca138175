/// Batches of tags in the order of time, ending with an error when the device is lost.
public typealias TagStream = AsyncThrowingStream<TagBatch, any Error>

/// Turns electrical pulses into time tags.
public protocol TimeTagger: Device {
    var taggerCapabilities: TaggerCapabilities { get }
    /// Starts tagging and returns the stream; one stream at a time.
    ///
    /// The stream is bounded: a batch that its consumer does not take in time is dropped, counted, and
    /// marked as a hole before the next tag.
    func startTagging() async throws -> TagStream
    /// Stops tagging; the stream ends after what was already queued in the device.
    func stopTagging() async throws
    /// What was counted since tagging started.
    func taggerStatistics() async -> TaggerStatistics
}

/// A tagger's fixed properties.
public struct TaggerCapabilities: Sendable, Equatable {
    /// Inputs as the panel numbers them.
    public var channels: ClosedRange<UInt8>
    /// The unit of a time tag, picoseconds.
    public var resolutionPS: Int64

    /// States a tagger's fixed properties.
    public init(channels: ClosedRange<UInt8>, resolutionPS: Int64) {
        self.channels = channels
        self.resolutionPS = resolutionPS
    }
}

/// What a tagger's driver saw go by.
public struct TaggerStatistics: Sendable, Equatable {
    /// Tags decoded since tagging started, those of dropped batches included.
    public var tags = 0
    /// Records that carry no photon, such as the TDC1's rollover dummies.
    public var fillers = 0
    /// How often the record boundary had to be found again.
    public var resyncs = 0
    /// Batches that the consumer did not take in time.
    public var droppedBatches = 0

    /// Starts at zero.
    public init() {}
}

/// A single-photon detector that can be biased, cooled and read out.
public protocol PhotonDetector: Device {
    /// Sets the bias, volts; ramps in steps that the detector stands.
    func setBias(volts: Double) async throws
    /// Sets the temperature that the cooler aims at, degrees Celsius.
    func setTemperature(celsius: Double) async throws
    /// Counts for one gate and returns the number; the gate is in milliseconds.
    func counts(gateMS: Int) async throws -> Int
}

/// Drives a pulsed laser and its modulators from a list of symbols.
public protocol LaserModulator: Device {
    var modulatorCapabilities: ModulatorCapabilities { get }
    /// Sends a frame to the device; it does not play before `start`.
    func load(_ frame: ModulationFrame) async throws
    /// Plays the loaded frame once; the outputs are at zero before and after it.
    func start() async throws
    /// Whether a frame is playing.
    func isPlaying() async throws -> Bool
}

/// A modulator's fixed limits.
public struct ModulatorCapabilities: Sendable, Equatable {
    /// Symbols that fit into one frame when each takes two steps.
    public var symbolsPerFrame: Int
    /// The unit of time, picoseconds.
    public var tickPS: Int64
    /// Digital lines 0..<`lines`.
    public var lines: Int
    /// The range of the analog lines, volts.
    public var analogVolts: ClosedRange<Double>

    /// States a modulator's limits.
    public init(symbolsPerFrame: Int, tickPS: Int64, lines: Int, analogVolts: ClosedRange<Double>) {
        self.symbolsPerFrame = symbolsPerFrame
        self.tickPS = tickPS
        self.lines = lines
        self.analogVolts = analogVolts
    }
}

/// What the outputs do for the lit part of a slot; for the rest of it they are at zero.
public struct ModulationSymbol: Sendable, Equatable {
    /// Digital lines that are high, bit *n* for line *n*.
    public var lines: UInt8
    /// Analog line 0, volts.
    public var analogVolts: Double

    /// States the outputs of one symbol.
    public init(lines: UInt8, analogVolts: Double) {
        self.lines = lines
        self.analogVolts = analogVolts
    }
}

/// A finite train of symbols on a fixed slot period: played once, dark before and after.
public struct ModulationFrame: Sendable {
    /// The outputs of each symbol value.
    public var alphabet: [ModulationSymbol]
    /// Slot period, in ticks of the device.
    public var slotTicks: UInt32
    /// For how much of a slot the outputs are on, in ticks; less than `slotTicks`.
    public var pulseTicks: UInt32
    /// Indices into `alphabet`, one a slot.
    public var symbols: [UInt8]

    /// Describes a frame.
    public init(alphabet: [ModulationSymbol], slotTicks: UInt32, pulseTicks: UInt32, symbols: [UInt8]) {
        self.alphabet = alphabet
        self.slotTicks = slotTicks
        self.pulseTicks = pulseTicks
        self.symbols = symbols
    }
}

/// Holds a Mach–Zehnder modulator at a working point.
public protocol BiasController: Device {
    /// Calibrates and locks to the transmission minimum.
    func lockToNull() async throws
    /// Whether the lock holds.
    func isLocked() async throws -> Bool
}

/// Attenuates light by a set amount.
public protocol Attenuator: Device {
    /// The range that can be set, decibels.
    var attenuationRangeDB: ClosedRange<Double> { get }
    /// Sets the attenuation, decibels.
    func setAttenuation(decibels: Double) async throws
    /// Reads the attenuation that is set, decibels.
    func attenuation() async throws -> Double
    /// Whether the attenuator has settled.
    func isSettled() async throws -> Bool
}

/// Gives random bytes from a physical process.
public protocol RandomSource: Device {
    /// Reads `count` fresh random bytes; never logs them.
    func randomBytes(_ count: Int) async throws -> [UInt8]
}

/// Turns the polarisation by a set of retarders.
public protocol PolarizationController: Device {
    /// How many retarders there are.
    var retarderCount: Int { get }
    /// Sets retarder `index` (from 0) to an angle or retardance, degrees.
    func setRetarder(_ index: Int, degrees: Double) async throws
}

/// Connects one of several fibres.
public protocol OpticalSwitch: Device {
    /// How many positions there are.
    var positions: Int { get }
    /// Connects a position, from 1.
    func select(position: Int) async throws
}

/// Measures optical power.
public protocol PowerMeter: Device {
    /// Reads the power at a wavelength, watts; the wavelength is in nanometres.
    func power(wavelengthNM: Double) async throws -> Double
}
