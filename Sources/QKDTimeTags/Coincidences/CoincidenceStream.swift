import QKDCore
import QKDKernels

/// Matches two parties' tags one to one as they come: `CoincidenceMatcher` for streams, in bounded memory.
///
/// Tags of each side come in time order. What one side brings waits for the other; the side that is behind should be
/// fed next.
public struct CoincidenceStream: Sendable {
    /// Coincidences since they were last taken, in the order of Alice's corrected times.
    public struct Found: Sendable {
        /// The inputs that fired.
        public internal(set) var aliceChannels: [UInt8] = []
        /// Bob's.
        public internal(set) var bobChannels: [UInt8] = []
        /// Bob's corrected time less Alice's, ps.
        public internal(set) var differencesPS: [Int64] = []

        /// Holds none.
        public init() {}

        /// Number of coincidences.
        public var count: Int { aliceChannels.count }

        mutating func append(_ other: Found) {
            aliceChannels += other.aliceChannels
            bobChannels += other.bobChannels
            differencesPS += other.differencesPS
        }
    }

    /// Tags of each side so far.
    public private(set) var aliceTags = 0
    /// Bob's.
    public private(set) var bobTags = 0
    /// Coincidences so far.
    public private(set) var coincidences = 0
    /// What `match` has found last.
    public private(set) var found = Found()

    private var alice: AlignedSide
    private var bob: AlignedSide
    private var resolver = PairResolver()
    private var room = PairRoom()
    private var pairs = ResolvedPairs()
    private let kernel: PairKernel
    private let windowPS: Int64
    private let marginPS: Int64

    /// Prepares for clocks and detectors' delays that are known, and a window's full width as `CoincidenceMatcher` has
    /// it; throws `outOfRange` as that does, and `unsupported` for a relation with wander.
    public init(
        windowPS: Int64, relation: ClockRelation, aliceDelays: [ChannelDelay] = [], bobDelays: [ChannelDelay] = []
    ) throws {
        guard relation.wanderPS.isEmpty else {
            throw QKDError(.unsupported, "clocks that wander are followed in whole captures only")
        }
        kernel = try CoincidenceMatcher(windowPS: windowPS).kernel()
        self.windowPS = windowPS
        alice = AlignedSide(AlignKernel(relation, delaysPS: aliceDelays.byChannelPS))
        bob = AlignedSide(AlignKernel(delaysPS: bobDelays.byChannelPS.map { $0.rounded() }))
        // A delay can put a tag behind one that came after it.
        let delays = (aliceDelays + bobDelays).map { abs($0.delayPS) }.max() ?? 0
        marginPS = windowPS + 2 * Int64(delays.rounded(.up)) + 1
    }

    /// Whether Bob's tags are behind Alice's, so that his should come next.
    public var bobIsBehind: Bool { bob.lastPS < alice.lastPS }

    /// Takes Alice's next tags.
    public mutating func addAlice(_ batch: TagBatch) {
        aliceTags += batch.count
        alice.append(batch)
    }

    /// Takes Bob's next tags.
    public mutating func addBob(_ batch: TagBatch) {
        bobTags += batch.count
        bob.append(batch)
    }

    /// Finds the coincidences of all tags that have their partners here; `found` then holds them.
    ///
    /// `isFinal` says that nothing more comes. Tags of before that can be in no coincidence any more are forgotten.
    public mutating func match(isFinal: Bool = false) {
        pairs.removeAll()
        let (last, isOver) = min(alice.lastPS, bob.lastPS).subtractingReportingOverflow(marginPS)
        let end = isFinal ? alice.times.count : isOver ? alice.head : alice.firstPlace(after: last)
        if end > alice.head {
            let (headA, headB) = (alice.head, bob.head)
            let (baseA, baseB) = (alice.forgotten + headA, bob.forgotten + headB)
            alice.times.withUnsafeBufferPointer { a in
                bob.times.withUnsafeBufferPointer { b in
                    let a = UnsafeBufferPointer(rebasing: a[headA..<end])
                    let b = UnsafeBufferPointer(rebasing: b[headB...])
                    room.findAll(kernel, a, b) {
                        resolver.take($0, $1, a, b, baseA: baseA, baseB: baseB, offsetPS: 0, into: &pairs)
                    }
                }
            }
            alice.head = end
        }
        if isFinal { resolver.finish(into: &pairs) }
        alice.channels(at: pairs.a, pairs.count, into: &found.aliceChannels)
        bob.channels(at: pairs.b, pairs.count, into: &found.bobChannels)
        found.differencesPS.removeAll(keepingCapacity: true)
        found.differencesPS.append(contentsOf: pairs.differencesPS.prefix(pairs.count))
        coincidences += pairs.count
        forget()
    }

    /// Goes on in the memory of a slab, whose tags go: what comes next is then close at hand for the core that has it.
    public mutating func moveIn(_ slab: inout TagSlab) {
        alice.moveIn(&slab.alice)
        bob.moveIn(&slab.bob)
    }

    /// Takes a stretch that shares no candidate with what stays out into `slab`, to be matched on any core; `false` if
    /// there are fewer than `leastTags` of Alice's to take, or no gap to cut at. Then `match` must not be used.
    ///
    /// `isFinal` says that nothing more comes: then it is all that is left.
    public mutating func takeSlab(leastTags: Int, isFinal: Bool = false, into slab: inout TagSlab) -> Bool {
        let (last, isOver) = min(alice.lastPS, bob.lastPS).subtractingReportingOverflow(marginPS)
        var end = isFinal ? alice.times.count : isOver ? alice.head : alice.firstPlace(after: last)
        guard end > alice.head, isFinal || end - alice.head >= leastTags else { return false }
        if !isFinal {
            // Behind a gap as wide as the window no tag of Bob's can pair with both sides.
            end -= 1
            while end > alice.head, alice.times[end] - alice.times[end - 1] < windowPS { end -= 1 }
            guard end > alice.head else { return false }
        }
        let reach = alice.times[end - 1] + kernel.differencesPS.upperBound
        slab.kernel = kernel
        alice.hand(upTo: end, to: &slab.alice)
        bob.hand(upTo: bob.firstPlace(after: reach), to: &slab.bob)
        return true
    }

    private mutating func forget() {
        // No tag of Alice's that is still to be matched, or still to come, lies before this.
        let (settled, isOver) = alice.lastPS.subtractingReportingOverflow(marginPS)
        if !isOver {
            let next = alice.head < alice.times.count ? min(alice.times[alice.head], settled) : settled
            bob.head = bob.firstPlace(after: next + kernel.differencesPS.lowerBound - 1)
        }
        let waiting = resolver.firstWaiting
        alice.forget(before: waiting.map { $0.a } ?? .max)
        bob.forget(before: waiting.map { $0.b } ?? .max)
    }
}
