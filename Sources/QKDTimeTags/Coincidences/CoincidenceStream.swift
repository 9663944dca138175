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
        public fileprivate(set) var aliceChannels: [UInt8] = []
        /// Bob's.
        public fileprivate(set) var bobChannels: [UInt8] = []
        /// Bob's corrected time less Alice's, ps.
        public fileprivate(set) var differencesPS: [Int64] = []

        /// Number of coincidences.
        public var count: Int { aliceChannels.count }
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
        alice = AlignedSide(
            AlignKernel(
                referencePS: relation.referencePS, offsetPS: relation.offsetPS, c0: relation.offsetFractionPS,
                c1: relation.skew, c2: 0.5e-12 * relation.driftPerSecond, delaysPS: Self.table(aliceDelays)))
        bob = AlignedSide(AlignKernel(delaysPS: Self.table(bobDelays).map { $0.rounded() }))
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

    private static func table(_ delays: [ChannelDelay]) -> [Double] {
        var table = [Double](repeating: 0, count: 256)
        for delay in delays { table[Int(delay.channel)] = delay.delayPS }
        return table
    }
}

/// One party's tags on the common clock, those that may still find a partner.
private struct AlignedSide: Sendable {
    private(set) var times: [Int64] = []
    private(set) var channels: [UInt8] = []
    /// Tags in front of this one have been matched, or can be reached by none.
    var head = 0
    /// Tags that were here before the first one.
    private(set) var forgotten = 0
    private let kernel: AlignKernel

    init(_ kernel: AlignKernel) { self.kernel = kernel }

    /// The time up to which tags are here.
    var lastPS: Int64 { times.last ?? .min }

    mutating func append(_ batch: TagBatch) {
        let start = times.count
        times.append(addingCapacity: batch.count) { room in
            room.withUnsafeMutableBufferPointer { room, count in
                guard let room = room.baseAddress else { return }
                batch.times.withUnsafeBufferPointer { times in
                    batch.channels.withUnsafeBufferPointer { kernel.align(times, $0, into: room) }
                }
                count = batch.count
            }
        }
        channels.append(contentsOf: batch.channels)
        putInOrder(from: max(1, start))
    }

    /// Insertion sort, stable: delays of some nanoseconds move a tag by a place or two.
    private mutating func putInOrder(from start: Int) {
        times.withUnsafeMutableBufferPointer { times in
            channels.withUnsafeMutableBufferPointer { channels in
                for place in min(start, times.count)..<times.count where times[place] < times[place &- 1] {
                    let (time, channel) = (times[place], channels[place])
                    var hole = place
                    while hole > head, times[hole - 1] > time {
                        times[hole] = times[hole - 1]
                        channels[hole] = channels[hole - 1]
                        hole -= 1
                    }
                    times[hole] = time
                    channels[hole] = channel
                }
            }
        }
    }

    /// The inputs of the tags at the first `count` of these places of the whole.
    func channels(at places: [Int], _ count: Int, into found: inout [UInt8]) {
        found.removeAll(keepingCapacity: true)
        found.append(addingCapacity: count) { room in
            room.withUnsafeMutableBufferPointer { room, number in
                places.withUnsafeBufferPointer { places in
                    channels.withUnsafeBufferPointer { channels in
                        for place in 0..<count { room[place] = channels[places[place] &- forgotten] }
                    }
                }
                number = count
            }
        }
    }

    /// The first place from the head on with a later time.
    func firstPlace(after timePS: Int64) -> Int {
        times.withUnsafeBufferPointer { times in
            var (low, high) = (head, times.count)
            while low < high {
                let middle = (low + high) / 2
                if times[middle] <= timePS { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// Forgets what is in front of the head and of a place of the whole, once that is worth the move.
    mutating func forget(before place: Int) {
        let spent = min(head, place - forgotten)
        guard spent > 0, 2 * spent >= times.count else { return }
        times.removeFirst(spent)
        channels.removeFirst(spent)
        head -= spent
        forgotten += spent
    }
}
