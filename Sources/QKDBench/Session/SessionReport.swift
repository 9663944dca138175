import QKDCore
import QKDSifting

/// The account of a session. `result` depends on the bench, the seed and the tags alone: the same
/// seed gives the same bytes. Wall-clock facts stand under `run`.
public struct SessionReport: Sendable, Codable {
    /// The version of this layout.
    public var schema = "qkdctl.report/1"
    public var result: SessionResult
    public var run: RunFacts
}

/// What the wall clock and the machine have to do with a session.
public struct RunFacts: Sendable, Codable {
    /// `complete`, `interrupted`, `failed`, or `unsafe`: complete, but a device is not confirmed safe.
    public var status: String
    /// Why it ended, unless it is complete.
    public var reason: String?
    /// Start, ISO 8601 UTC.
    public var started: String
    public var wallSeconds: Double
    public var version: String
    /// Each role's device, as it named itself.
    public var devices: [String: String]
    /// What did not go as it should while the hardware was made safe; empty is good.
    public var safetyFindings: [String]
}

/// The outcome of a session.
public struct SessionResult: Sendable, Codable {
    public var bench: String
    public var `protocol`: String
    /// Whether the devices were emulators: nothing here may then protect anything.
    public var emulated: Bool
    /// `sifted, not secret`.
    public var keyContent: String
    /// Whether the key may go on to distillation, and if not, why.
    public var fitForKeys: Bool
    public var unfitReason: String?
    /// The seed of an emulated bench.
    public var seed: UInt64?
    public var randomness: RandomnessFacts
    public var frames: FrameCounts
    public var tags: TagCounts
    public var clock: ClockFacts?
    /// By intensity: `signal`, `decoy`, `vacuum`.
    public var gains: [String: GainFacts]
    /// By basis: `Z`, `X`.
    public var bases: [String: BasisFacts]
    /// Bits in each of the two key files.
    public var siftedBits: Int
    public var errors: Int
    public var expected: ExpectedFacts?
    public var holes: [HoleFacts]
}

/// Where the choices came from.
public struct RandomnessFacts: Sendable, Codable {
    public var generator: String
    /// The device that gave the seed, as it named itself.
    public var seedSource: String
    public var seedBytes: Int
}

/// What became of the frames.
public struct FrameCounts: Sendable, Codable {
    public var played = 0
    public var synchronised = 0
    /// No lock was found.
    public var lost = 0
    /// Left out because tags are missing in them.
    public var withHoles = 0
    public var slotsSent = 0
    public var slotsDisclosed = 0
    /// Why the first few lost frames were lost.
    public var lossReasons: [String] = []
}

/// What became of Bob's tags.
public struct TagCounts: Sendable, Codable {
    /// By state: tags of that detector inside the frames.
    public var singles: [String: Int] = [:]
    public var insideWindow = 0
    public var outsideWindow = 0
    public var detections = 0
    public var disclosedDetections = 0
    public var sameBasisDoubles = 0
    public var crossBasisDoubles = 0
    public var resyncs = 0
    public var droppedBatches = 0
}

/// What clock recovery found, and in an emulation how far from the truth it is.
public struct ClockFacts: Sendable, Codable {
    /// Bob's clock minus Alice's at the first frame's start, seconds.
    public var offsetS: Double
    /// Mean over the frames.
    public var skew: Double
    /// Standard error of the mean skew.
    public var skewError: Double
    /// Root mean square of tag against slot, background taken off, nanoseconds; mean and worst frame.
    public var residualRmsNs: Double
    public var worstResidualRmsNs: Double
    /// Emulation only: found minus true.
    public var truth: ClockTruth?
}

/// How far the recovered clock is from an emulation's true one.
public struct ClockTruth: Sendable, Codable {
    public var skew: Double
    public var offsetS: Double
    /// Found skew minus true skew.
    public var skewDeviation: Double
    /// Largest distance of a frame's found start from its true one, nanoseconds (0 slots off when below half a slot).
    public var worstStartDeviationNs: Double
    /// Frames whose start is a whole slot or more off.
    public var framesOffSlot: Int
}

/// A gain with its counts: detections over slots sent.
public struct GainFacts: Sendable, Codable {
    public var sent: Int
    public var detected: Int
    public var gain: Double
    public var standardError: Double
    /// The same over slots in which all four detectors were live.
    public var liveSent: Int
    public var liveDetected: Int
    public var liveGain: Double
    public var liveStandardError: Double
}

/// The sifted bits of a basis.
public struct BasisFacts: Sendable, Codable {
    public var sifted: Int
    public var errors: Int
    public var qber: Double
    /// 95 % Clopper–Pearson interval.
    public var qberLow: Double
    public var qberHigh: Double
    /// By intensity.
    public var siftedByIntensity: [String: Int]
    public var errorsByIntensity: [String: Int]
}

/// What the closed forms of docs/physics-model.md give for the bench; emulation only.
public struct ExpectedFacts: Sendable, Codable {
    /// By intensity, over all slots sent.
    public var gains: [String: Double]
    /// By intensity, over slots in which all four detectors are live.
    public var liveGains: [String: Double]
    /// By basis.
    public var qber: [String: Double]
}

/// A hole in Bob's tags.
public struct HoleFacts: Sendable, Codable, Equatable {
    public var cause: String
    /// Last good tag before it, seconds on the tagger's clock.
    public var afterS: Double?
}
