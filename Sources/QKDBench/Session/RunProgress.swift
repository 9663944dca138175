import QKDCore

/// Where a run stands; made once a frame for whoever watches.
public struct RunProgress: Sendable {
    /// Bench time played and to be played, seconds.
    public var elapsedS: Double
    public var durationS: Double
    /// Tags inside frames so far by state index.
    public var singles: [Int]
    public var detections: Int
    public var siftedBits: Int
    /// By basis; `nil` before the first sifted bit.
    public var qberZ: Double?
    public var qberX: Double?
    /// Bob's clock minus Alice's, seconds, and the skew, of the last frame found.
    public var offsetS: Double?
    public var skew: Double?
    public var framesLost: Int
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

    /// States what a run is asked for.
    public init(durationPS: Int64, folder: String, savesTags: Bool = false, repeatsPattern: Bool = false) {
        self.durationPS = durationPS
        self.folder = folder
        self.savesTags = savesTags
        self.repeatsPattern = repeatsPattern
    }
}
