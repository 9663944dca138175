import QKDCore
import QKDTransport
import QKDPhysics
import QKDSifting

/// Everything that a bench file states: the optics, the clocks, the frames and who plays which role.
public struct BenchDescription: Sendable {
    /// The bench's name, for reports and error messages.
    public var name: String
    /// Alice's lasers and the fixed attenuation behind them.
    public var source: SourceDescription
    /// The modulator that makes the decoy's intensity.
    public var modulator: ModulatorDescription
    /// By intensity: mean photon number at Alice's exit and the probability of sending it.
    public var intensities: [Intensity: IntensityDescription]
    /// Probability that Alice, and that Bob, uses the Z basis.
    public var aliceZProbability: Double
    /// The share of the light, 0…1, that Bob's passive splitter sends to his Z detectors.
    public var bobZProbability: Double
    /// Fibre and receiver optics between Alice's exit and the detectors.
    public var channel: ChannelDescription
    /// The figures that all four detectors share.
    public var detector: DetectorDescription
    /// Coincidence window and double-click rule.
    public var detection: DetectionDescription
    /// Bob's true clock, for an emulation, and the ranges that clock recovery searches.
    public var clock: ClockDescription
    /// Length of a frame, the gap after it, and how much of it is disclosed.
    public var frames: FrameDescription
    /// By role: the driver, the address and the wiring of its device.
    public var roles: [Role: RoleDescription]
    /// The file's text, as it was read.
    public var text: String

    /// Whether every device of the bench is an emulator of this process.
    public var isEmulated: Bool { roles.values.allSatisfy { $0.address == .emulated } }

    /// Slot period on Alice's clock, picoseconds.
    public var slotPeriodPS: Int64 { Int64((1e12 / source.pulseRateHz).rounded()) }
}

/// Alice's light before the attenuators.
public struct SourceDescription: Sendable {
    /// Wavelength, nanometres; kept with the bench, nothing is computed from it.
    public var wavelengthNM: Double
    /// Slots a second on Alice's clock, hertz; makes a slot of whole nanoseconds.
    public var pulseRateHz: Double
    /// How long a laser's line stays high, nanoseconds; shorter than a slot.
    public var electricalPulseNS: Int
    /// Full width at half maximum of the optical pulse, picoseconds.
    public var opticalFWHMPS: Double
    /// Mean photons a pulse before every attenuator, at the modulator's full transmission.
    public var photonsPerPulse: Double
    /// Loss of the fixed attenuators in Alice's path, decibels.
    public var fixedAttenuationDB: Double
}

/// The Mach–Zehnder intensity modulator.
public struct ModulatorDescription: Sendable {
    /// Half-wave voltage of the drive electrode: from null to full transmission, volts.
    public var vPiVolts: Double
    /// Full transmission over that at the null, decibels.
    public var extinctionRatioDB: Double
}

/// One of the three intensities.
public struct IntensityDescription: Sendable {
    /// Mean photon number of a pulse at Alice's exit.
    public var mean: Double
    /// How often Alice sends it, 0…1; the three add up to 1.
    public var probability: Double
}

/// The fibre and Bob's optics.
public struct ChannelDescription: Sendable {
    /// Length of the fibre, kilometres.
    public var lengthKM: Double
    /// Loss of the fibre, decibels a kilometre.
    public var attenuationDBPerKM: Double
    /// Group index of the fibre, from which its delay follows; dimensionless.
    public var groupIndex: Double
    /// Loss of Bob's optics in front of the detectors, decibels.
    public var receiverLossDB: Double
    /// Chance, 0…0.5, that a photon leaves by the wrong port of its own basis.
    public var misalignment: Double
}

/// The row of the four detectors at its reference bias and temperature.
public struct DetectorDescription: Sendable {
    /// Detection efficiency at this bias and temperature, 0…1.
    public var efficiency: Double
    /// Dark counts a second of each detector at this bias and temperature.
    public var darkCountRateHz: Double
    /// Dead time after a click, microseconds; photons that come in it do not extend it.
    public var deadTimeUS: Double
    /// Chance, 0…0.5, that an avalanche frees a trapped carrier after the dead time.
    public var afterpulseProbability: Double
    /// Time constant of that release, microseconds.
    public var afterpulseTimeUS: Double
    /// Full width at half maximum of the jitter's Gaussian part, picoseconds.
    public var jitterFWHMPS: Double
    /// Share of the clicks that fall into the jitter's exponential tail, 0…1.
    public var jitterTailFraction: Double
    /// Time constant of the tail, picoseconds.
    public var jitterTailPS: Double
    /// Bias that a session sets on the detectors, volts.
    public var biasVolts: Double
    /// Temperature that a session sets on the coolers, degrees Celsius; it does not wait for it.
    public var temperatureCelsius: Double
}

/// How Bob turns tags into detections.
public struct DetectionDescription: Sendable {
    /// Full width of the window around a pulse's arrival, nanoseconds; at most a slot.
    public var windowNS: Double
    /// What becomes of a slot in which several detectors clicked.
    public var doubleClicks: DoubleClickRule
}

/// Bob's clock against Alice's, and what clock recovery may assume of it; `nil` is drawn from the seed.
public struct ClockDescription: Sendable {
    /// True offset of an emulated Bob, seconds; `nil` draws it uniformly from ±1 s.
    public var offsetS: Double?
    /// True skew of an emulated Bob, parts per million; `nil` draws it uniformly from ±20 ppm.
    public var skewPPM: Double?
    /// Change of the true skew each second, 1/s.
    public var driftPerS: Double
    /// Largest offset that the first frame's search allows for, seconds, either way.
    public var searchOffsetS: Double
    /// Largest skew that is looked for, parts per million, either way.
    public var searchSkewPPM: Double
    /// How far from its expected start a frame is looked for once one was found, milliseconds.
    public var startUncertaintyMS: Double
}

/// How Alice cuts her pulses into frames.
public struct FrameDescription: Sendable {
    /// Slots of a full frame.
    public var slots: Int
    /// Dark time after each frame, milliseconds.
    public var gapMS: Double
    /// Of each run of this many slots one, drawn at random, is disclosed for clock recovery.
    public var discloseOneIn: Int
}

/// The parts that devices play on a BB84 bench.
public enum Role: String, Sendable, CaseIterable, Codable {
    case aliceModulator = "alice-modulator"
    case aliceAttenuator = "alice-attenuator"
    case aliceRandom = "alice-random"
    case bobDetectorZ0 = "bob-detector-z0"
    case bobDetectorZ1 = "bob-detector-z1"
    case bobDetectorX0 = "bob-detector-x0"
    case bobDetectorX1 = "bob-detector-x1"
    case bobTagger = "bob-tagger"

    /// The detector roles in the order of `BB84State.index`.
    public static let detectors: [Role] = [.bobDetectorZ0, .bobDetectorZ1, .bobDetectorX0, .bobDetectorX1]
}

/// Who plays a role, and where.
public struct RoleDescription: Sendable {
    /// Where a device is.
    public enum Address: Sendable, Equatable {
        /// An emulator in this process.
        case emulated
        /// A tty's path.
        case serial(String)
        /// A host, with the vendor's ports or given ones.
        case network(host: String, httpPort: Int?, streamPort: Int?)
        /// A device on USB of the driver's kind: the only one, or by serial number, or by socket.
        case usb(serialNumber: String?, socket: String?)
        /// Lines of a GPIO chip.
        case gpio(GPIOAddress)
    }

    /// Id of the driver, as `DeviceDescriptor.id` spells it.
    public var driver: String
    /// Where the device is reached, or that it is emulated.
    public var address: Address
    /// State → output line or input channel, for the roles that have a mapping.
    public var map: [BB84State: Int]
}
