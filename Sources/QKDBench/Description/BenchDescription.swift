import QKDCore
import QKDPhysics
import QKDSifting

/// Everything that a bench file states: the optics, the clocks, the frames and who plays which role.
public struct BenchDescription: Sendable {
    public var name: String
    public var source: SourceDescription
    public var modulator: ModulatorDescription
    /// By intensity: mean photon number at Alice's exit and the probability of sending it.
    public var intensities: [Intensity: IntensityDescription]
    /// Probability that Alice, and that Bob, uses the Z basis.
    public var aliceZProbability: Double
    public var bobZProbability: Double
    public var channel: ChannelDescription
    public var detector: DetectorDescription
    public var detection: DetectionDescription
    public var clock: ClockDescription
    public var frames: FrameDescription
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
    public var wavelengthNM: Double
    public var pulseRateHz: Double
    public var electricalPulseNS: Int
    public var opticalFWHMPS: Double
    public var photonsPerPulse: Double
    public var fixedAttenuationDB: Double
}

/// The Mach–Zehnder intensity modulator.
public struct ModulatorDescription: Sendable {
    public var vPiVolts: Double
    public var extinctionRatioDB: Double
}

/// One of the three intensities.
public struct IntensityDescription: Sendable {
    public var mean: Double
    public var probability: Double
}

/// The fibre and Bob's optics.
public struct ChannelDescription: Sendable {
    public var lengthKM: Double
    public var attenuationDBPerKM: Double
    public var groupIndex: Double
    public var receiverLossDB: Double
    public var misalignment: Double
}

/// The row of the four detectors at its reference bias and temperature.
public struct DetectorDescription: Sendable {
    public var efficiency: Double
    public var darkCountRateHz: Double
    public var deadTimeUS: Double
    public var afterpulseProbability: Double
    public var afterpulseTimeUS: Double
    public var jitterFWHMPS: Double
    public var jitterTailFraction: Double
    public var jitterTailPS: Double
    public var biasVolts: Double
    public var temperatureCelsius: Double
}

/// How Bob turns tags into detections.
public struct DetectionDescription: Sendable {
    public var windowNS: Double
    public var doubleClicks: DoubleClickRule
}

/// Bob's clock against Alice's, and what clock recovery may assume of it; `nil` is drawn from the seed.
public struct ClockDescription: Sendable {
    public var offsetS: Double?
    public var skewPPM: Double?
    public var driftPerS: Double
    public var searchOffsetS: Double
    public var searchSkewPPM: Double
    public var startUncertaintyMS: Double
}

/// How Alice cuts her pulses into frames.
public struct FrameDescription: Sendable {
    public var slots: Int
    public var gapMS: Double
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
    }

    public var driver: String
    public var address: Address
    /// State → output line or input channel, for the roles that have a mapping.
    public var map: [BB84State: Int]
}
