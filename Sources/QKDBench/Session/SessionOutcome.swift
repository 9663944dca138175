import QKDCore
import QKDSifting
import QKDTimeTags

/// What a session has brought so far: both keys, the public record, and every count.
public struct SessionOutcome: Sendable {
    /// Alice's sifted bits.
    public var alice = BitString()
    /// Bob's sifted bits; bit *n* answers to Alice's bit *n*.
    public var bob = BitString()
    public var record = SiftingRecord()
    public var counts = SiftingCounts()
    /// Slots sent and detected while no detector was dead, by intensity.
    public var live = LiveCounts()
    /// How many frames were played, found and lost.
    public var frames = FrameCounts()
    /// Every hole in Bob's tags, in the order of time.
    public var holes: [HoleFacts] = []
    /// Tags inside the frames by state index, and what was left out of the windows.
    public var singles = [0, 0, 0, 0]
    /// Tags inside frames but outside their slot's window.
    public var outsideWindow = 0
    /// Slots with at least one click in the window, disclosed ones included.
    public var detections = 0
    /// Tags that fell into a window in which the same detector had already clicked.
    public var repeatedTags = 0
    /// All tags that came.
    public internal(set) var receivedTags = 0
    /// Each synchronised frame's start and clock.
    public var locks: [FoundFrame] = []

    /// A frame as it was found.
    public struct FoundFrame: Sendable {
        /// Number of the frame in the order of play, from 0.
        public var index: Int
        /// Slots of the frame; a last one may be shorter than the others.
        public var slots: Int
        /// Start on Alice's clock, picoseconds.
        public var alicePS: Int64
        /// Start, slot period and skew on Bob's clock, with their errors.
        public var lock: FrameLock
    }

    /// Starts empty.
    public init() {}

    mutating func add(_ lock: FrameLock, frame: AliceFrame) {
        locks.append(FoundFrame(index: frame.index, slots: frame.codes.count, alicePS: frame.startPS, lock: lock))
    }

    mutating func add(_ sifted: SiftedFrame, assigned: AssignedFrame, live: LiveCounts, frame: AliceFrame) {
        for index in 0..<sifted.alice.count {
            alice.append(sifted.alice[index])
            bob.append(sifted.bob[index])
        }
        for entry in sifted.records {
            record.append(
                frame: UInt32(frame.index), slot: entry.slot, basis: entry.basis, intensity: entry.intensity)
        }
        counts += sifted.counts
        self.live += live
        frames.slotsDisclosed += sifted.counts.disclosedSlots
        for index in singles.indices { singles[index] += assigned.singles[index] }
        outsideWindow += assigned.outsideWindow
        repeatedTags += assigned.repeated
        detections += assigned.detections.count
    }

    /// Skew over all frames, weighted by each one's error; `nil` before the first frame.
    public var meanSkew: (value: Double, standardError: Double)? {
        let weights = locks.map { 1 / ($0.lock.skewStandardError * $0.lock.skewStandardError) }
        let total = weights.reduce(0, +)
        guard total > 0, total.isFinite else { return nil }
        let sum = zip(weights, locks).reduce(0) { $0 + $1.0 * $1.1.lock.skew }
        return (sum / total, (1 / total).squareRoot())
    }
}
