import QKDCore
import QKDDistillation

/// Where a run stands; made once a frame for whoever watches.
public struct RunProgress: Sendable {
    /// Bench time played and to be played, seconds.
    public var elapsedS: Double
    /// Length of the whole run window, seconds.
    public var durationS: Double
    /// Tags inside frames so far by state index.
    public var singles: [Int]
    /// Slots with at least one click in the window so far, disclosed ones included.
    public var detections: Int
    /// Bits in each party's key so far.
    public var siftedBits: Int
    /// By basis; `nil` before the first sifted bit.
    public var qberZ: Double?
    /// The X basis's error rate, 0…1, over all its sifted bits.
    public var qberX: Double?
    /// Bob's clock minus Alice's, seconds, and the skew, of the last frame found.
    public var offsetS: Double?
    /// Relative departure of Bob's clock from Alice's, dimensionless.
    public var skew: Double?
    /// Frames in which clock recovery found no lock.
    public var framesLost: Int
    /// Frames left out because the tagger lost tags in them.
    public var framesWithHoles: Int
}

/// What a run is asked for.
public struct RunOptions: Sendable {
    /// Length of the run window on Alice's clock, picoseconds of bench time.
    public var durationPS: Int64
    /// Where the session goes.
    public var folder: String
    /// Whether Bob's tags and Alice's states are kept for a replay.
    public var savesTags: Bool
    /// Plays one and the same frame again and again: for alignment, never for keys.
    public var repeatsPattern: Bool
    /// How long a tagger that was lost is waited for, picoseconds of bench time.
    public var patiencePS = 30 * Picoseconds.perSecond
    /// How secret keys are made of the sifted ones at the end; `nil` to leave that.
    public var distillation: DistillationOptions? = DistillationOptions()

    /// States what a run is asked for.
    public init(durationPS: Int64, folder: String, savesTags: Bool = false, repeatsPattern: Bool = false) {
        self.durationPS = durationPS
        self.folder = folder
        self.savesTags = savesTags
        self.repeatsPattern = repeatsPattern
    }
}
