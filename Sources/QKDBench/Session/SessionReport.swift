import QKDCore
import QKDSifting

/// The account of a session. `result` depends on the bench, the seed and the tags alone: the same
/// seed gives the same bytes. Wall-clock facts stand under `run`.
public struct SessionReport: Sendable, Codable {
    /// The version of this layout.
    public var schema = "qkdctl.report/1"
    /// What came of the session; repeatable on an emulated bench.
    public var result: SessionResult
    /// What became of the sifted keys; `nil` for a session that did not come to its end, or was told to leave them.
    public var distillation: SecretKeyReport?
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
    /// From the session's start until the devices had been made safe, seconds of the wall's clock.
    public var wallSeconds: Double
    /// Version of the toolkit that ran it.
    public var version: String
    /// Each role's device, as it named itself.
    public var devices: [String: String]
    /// What did not go as it should while the hardware was made safe; empty is good.
    public var safetyFindings: [String]
}

/// The outcome of a session.
public struct SessionResult: Sendable, Codable {
    /// Name of the bench.
    public var bench: String
    /// The protocol that was played: `bb84-decoy`.
    public var `protocol`: String
    /// Whether the devices were emulators: nothing here may then protect anything.
    public var emulated: Bool
    /// `sifted, not secret`.
    public var keyContent: String
    /// Whether the key may go on to distillation, and if not, why.
    public var fitForKeys: Bool
    /// Why the key may not go on; `nil` if it may.
    public var unfitReason: String?
    /// The seed of an emulated bench.
    public var seed: UInt64?
    /// The generator behind Alice's choices and what seeded it.
    public var randomness: RandomnessFacts
    /// How many frames were played, found and lost.
    public var frames: FrameCounts
    /// Where Bob's tags fell, and what the tagger lost.
    public var tags: TagCounts
    /// What clock recovery found; `nil` unless it found a frame.
    public var clock: ClockFacts?
    /// By intensity: `signal`, `decoy`, `vacuum`.
    public var gains: [String: GainFacts]
    /// By basis: `Z`, `X`.
    public var bases: [String: BasisFacts]
    /// Bits in each of the two key files.
    public var siftedBits: Int
    /// Sifted bits, of both bases, on which the two keys differ.
    public var errors: Int
    /// What the model predicts; `nil` on a real bench, and where it has no closed form.
    public var expected: ExpectedFacts?
    /// Every hole in Bob's tags, in the order of time.
    public var holes: [HoleFacts]
    /// What was made to go wrong on an emulated bench, as it was asked for.
    public var faults: [String]
}

/// Where the choices came from.
public struct RandomnessFacts: Sendable, Codable {
    /// Name of the generator that stretches the seed.
    public var generator: String
    /// The device that gave the seed, as it named itself.
    public var seedSource: String
    /// Length of the seed, bytes.
    public var seedBytes: Int
}

/// What became of the frames.
public struct FrameCounts: Sendable, Codable {
    /// Frames that Alice played.
    public var played = 0
    /// Frames that clock recovery found and that were sifted.
    public var synchronised = 0
    /// No lock was found.
    public var lost = 0
    /// Left out because tags are missing in them.
    public var withHoles = 0
    /// Slots of all frames played, whatever became of them.
    public var slotsSent = 0
    /// Slots disclosed for clock recovery in the synchronised frames; they leave the key.
    public var slotsDisclosed = 0
    /// Why the first few lost frames were lost.
    public var lossReasons: [String] = []
}

/// What became of Bob's tags.
public struct TagCounts: Sendable, Codable {
    /// By state: tags of that detector inside the frames.
    public var singles: [String: Int] = [:]
    /// Tags inside their slot's window.
    public var insideWindow = 0
    /// All tags that came, inside frames and outside, found or not.
    public var received = 0
    /// Tags inside frames but outside their slot's window.
    public var outsideWindow = 0
    /// Slots with at least one click in the window, disclosed ones included.
    public var detections = 0
    /// Detections in disclosed slots.
    public var disclosedDetections = 0
    /// Slots in which both detectors of one basis clicked and no other.
    public var sameBasisDoubles = 0
    /// Slots in which detectors of both bases clicked.
    public var crossBasisDoubles = 0
    /// How often the tagger's driver had to find the record boundary again.
    public var resyncs = 0
    /// Batches of tags that were dropped because the session did not take them in time.
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
    /// The largest such residual of any synchronised frame, nanoseconds.
    public var worstResidualRmsNs: Double
    /// Emulation only: found minus true.
    public var truth: ClockTruth?
}

/// How far the recovered clock is from an emulation's true one.
public struct ClockTruth: Sendable, Codable {
    /// The emulated clock's true skew at time zero, dimensionless.
    public var skew: Double
    /// The emulated clock's true offset at time zero, seconds.
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
    /// Slots sent at this intensity in synchronised frames, disclosed ones left out.
    public var sent: Int
    /// Those of them with at least one click in the window.
    public var detected: Int
    /// `detected` over `sent`, 0…1; 0 if nothing was sent.
    public var gain: Double
    /// Binomial standard error of `gain`.
    public var standardError: Double
    /// The same over slots in which all four detectors were live.
    public var liveSent: Int
    /// Live slots with at least one click in the window.
    public var liveDetected: Int
    /// `liveDetected` over `liveSent`, 0…1; free of dead-time loss.
    public var liveGain: Double
    /// Binomial standard error of `liveGain`.
    public var liveStandardError: Double
}

/// The sifted bits of a basis.
public struct BasisFacts: Sendable, Codable {
    /// Sifted bits of this basis.
    public var sifted: Int
    /// Those of them on which the two keys differ.
    public var errors: Int
    /// `errors` over `sifted`, 0…1; 0 without sifted bits.
    public var qber: Double
    /// 95 % Clopper–Pearson interval.
    public var qberLow: Double
    /// Upper end of that interval; 1 without sifted bits.
    public var qberHigh: Double
    /// By intensity.
    public var siftedByIntensity: [String: Int]
    /// By intensity: sifted bits on which the two keys differ.
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
    /// Raw value of a `TagHole.Cause`.
    public var cause: String
    /// Last good tag before it, seconds on the tagger's clock.
    public var afterS: Double?
}
