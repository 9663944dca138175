import QKDCore
import QKDKernels

/// `CoincidenceStream` whose clocks are followed: offset, skew and drift are taken anew after each stretch of time.
///
/// A stretch's coincidences come out when it is over and the peak stood where it was expected; those of a stretch that
/// was lost are counted and forgotten, for the window may have held accidental ones only.
public struct FollowedStream: Sendable {
    /// Tags of each side so far.
    public private(set) var aliceTags = 0
    /// Bob's.
    public private(set) var bobTags = 0
    /// Coincidences that came out so far.
    public private(set) var coincidences = 0
    /// Coincidences of lost stretches.
    public private(set) var lostCoincidences = 0
    /// What `advance` has let out last.
    public private(set) var found = CoincidenceStream.Found()
    /// The clocks as known now.
    public private(set) var follower: ClockFollower

    private var alice: AlignedSide
    private var bob: AlignedSide
    private var resolver = PairResolver()
    private var room = PairRoom()
    private var near = NearDifferences()
    /// Coincidences of the stretch that is not over.
    private var held = CoincidenceStream.Found()
    private let windowPS: Int64
    private let delaysPS: [Double]
    private let mostDelayPS: Int64
    /// Length of a stretch, ps.
    public let stretchPS: Int64
    /// Start of the stretch on Alice's clock; `nil` before her first tag.
    private var startPS: Int64?
    /// The relation by which Alice's tags are aligned.
    private var alignedBy: ClockRelation
    /// Half width that differences are collected in during the stretch.
    private var halfPS: Int64 = 0

    /// Follows from `follower` on, in stretches of `stretchPS`; the window is that of `CoincidenceMatcher`. Throws
    /// `outOfRange` for a window or stretch that cannot be used.
    public init(
        windowPS: Int64, follower: ClockFollower, aliceDelays: [ChannelDelay] = [], bobDelays: [ChannelDelay] = [],
        stretchPS: Int64 = 100 * Picoseconds.perMillisecond
    ) throws {
        _ = try CoincidenceMatcher(windowPS: windowPS)
        guard stretchPS >= Picoseconds.perMillisecond, stretchPS <= 10 * Picoseconds.perSecond else {
            throw QKDError(.outOfRange, "a stretch of \(stretchPS) ps; 1 ms to 10 s are possible")
        }
        self.windowPS = windowPS
        self.follower = follower
        alignedBy = follower.relation
        self.stretchPS = stretchPS
        delaysPS = aliceDelays.byChannelPS
        mostDelayPS = Int64((aliceDelays + bobDelays).map { abs($0.delayPS) }.max()?.rounded(.up) ?? 0)
        alice = AlignedSide(AlignKernel())
        bob = AlignedSide(AlignKernel(delaysPS: bobDelays.byChannelPS.map { $0.rounded() }))
        alice.kernel = aliceKernel
    }

    private var aliceKernel: AlignKernel { AlignKernel(follower.relation, delaysPS: delaysPS) }

    /// Whether Bob's tags are behind Alice's, so that his should come next.
    public var bobIsBehind: Bool { bob.lastPS < alice.lastPS }

    /// The time on the common clock up to which both sides' tags are here; `Int64.min` before the first ones.
    public var reachedPS: Int64 { min(alice.lastPS, bob.lastPS) }

    /// Takes Alice's next tags, in time order.
    public mutating func addAlice(_ batch: TagBatch) {
        aliceTags += batch.count
        if startPS == nil, let first = batch.times.first { begin(at: first) }
        alice.append(batch)
    }

    /// Takes Bob's next tags, in time order.
    public mutating func addBob(_ batch: TagBatch) {
        bobTags += batch.count
        bob.append(batch)
    }

    /// Matches what has its partners and closes the stretches that are over; returns what following them came to.
    ///
    /// `isFinal` says that nothing more comes. The coincidences of the closed stretches are then in `found`.
    public mutating func advance(isFinal: Bool = false) -> [FollowedStretch] {
        found = CoincidenceStream.Found()
        var closed: [FollowedStretch] = []
        while let startPS {
            let endPS = follower.relation.bobPS(ofAlicePS: startPS + stretchPS)
            let marginPS = max(windowPS, 2 * halfPS) + 2 * mostDelayPS + 1
            let (settled, isOver) = min(alice.lastPS, bob.lastPS).subtractingReportingOverflow(marginPS)
            let lastPS = isFinal ? Int64.max : isOver ? Int64.min : settled
            let end = alice.firstPlace(after: min(lastPS, endPS - 1))
            match(upTo: end)
            forget(settledPS: isFinal ? min(alice.lastPS, bob.lastPS) : lastPS)
            let hasMore = alice.head < alice.times.count
            guard lastPS >= endPS, hasMore || !isFinal else { break }
            closed.append(close())
            // Silence has nothing to follow: on with the stretch of the next tag.
            let stretches = hasMore ? 1 + max(0, (alice.times[alice.head] - endPS) / stretchPS) : 1
            begin(at: startPS + stretches * stretchPS)
        }
        if isFinal, let startPS {
            var rest = ResolvedPairs()
            resolver.finish(into: &rest)
            keep(rest)
            // Less than half a stretch tells nothing of its own.
            if min(alice.lastPS, bob.lastPS) >= follower.relation.bobPS(ofAlicePS: startPS + stretchPS / 2) {
                closed.append(close())
            } else {
                letOut(follower.state)
            }
            self.startPS = nil
        }
        coincidences += found.count
        return closed
    }

    private mutating func begin(at timePS: Int64) {
        startPS = timePS
        halfPS = follower.halfWidthPS(untilPS: timePS + stretchPS)
        near.removeAll()
        alice.realign(from: alignedBy, to: follower.relation)
        alice.kernel = aliceKernel
        alignedBy = follower.relation
    }

    private mutating func match(upTo end: Int) {
        guard end > alice.head else { return }
        var pairs = ResolvedPairs()
        let (headA, headB) = (alice.head, bob.head)
        let (baseA, baseB) = (alice.forgotten + headA, bob.forgotten + headB)
        let widest = max(halfPS, windowPS / 2)
        let inside = -(windowPS / 2)...(windowPS - 1) / 2
        let half = halfPS
        alice.times.withUnsafeBufferPointer { a in
            bob.times.withUnsafeBufferPointer { b in
                let a = UnsafeBufferPointer(rebasing: a[headA..<end])
                let b = UnsafeBufferPointer(rebasing: b[headB...])
                room.findAll(PairKernel(differencesPS: -widest...widest), a, b) { placesA, placesB in
                    near.take(placesA, placesB, a, b, halfPS: half)
                    near.keep(inside, placesA, placesB, a, b) {
                        resolver.take($0, $1, a, b, baseA: baseA, baseB: baseB, offsetPS: 0, into: &pairs)
                    }
                }
            }
        }
        keep(pairs)
        alice.head = end
    }

    private mutating func keep(_ pairs: ResolvedPairs) {
        var some = CoincidenceStream.Found()
        alice.channels(at: pairs.a, pairs.count, into: &some.aliceChannels)
        bob.channels(at: pairs.b, pairs.count, into: &some.bobChannels)
        some.differencesPS = Array(pairs.differencesPS.prefix(pairs.count))
        held.append(some)
    }

    private mutating func forget(settledPS: Int64) {
        let widest = max(halfPS, windowPS / 2)
        let next = alice.head < alice.times.count ? min(alice.times[alice.head], settledPS) : settledPS
        let (reach, isOver) = next.subtractingReportingOverflow(widest + 1)
        if !isOver { bob.head = bob.firstPlace(after: reach) }
        let waiting = resolver.firstWaiting
        alice.forget(before: waiting.map { $0.a } ?? .max)
        bob.forget(before: waiting.map { $0.b } ?? .max)
    }

    /// Has the follower look at the stretch, and lets its coincidences out or not.
    private mutating func close() -> FollowedStretch {
        let start = startPS ?? 0
        let differences = near.onAlicesClock(follower.relation)
        let end = near.isFull ? max(start + 1, (differences.timesPS.last ?? start) + 1) : start + stretchPS
        let result = follower.update(
            stretchPS: start..<end, halfWidthPS: halfPS, timesPS: differences.timesPS,
            residualsPS: differences.residualsPS)
        letOut(result.state)
        return result
    }

    private mutating func letOut(_ state: ClockFollower.State) {
        if state == .locked { found.append(held) } else { lostCoincidences += held.count }
        held = CoincidenceStream.Found()
    }
}

/// Differences of a stretch that its follower looks at: the first so many, for more would tell it no more.
private struct NearDifferences: Sendable {
    private static let most = 1 << 15
    private var times: [Int64] = []
    private var residuals: [Int64] = []
    private var keptA: [UInt32] = []
    private var keptB: [UInt32] = []

    /// Whether there were more.
    private(set) var isFull = false

    mutating func removeAll() {
        times.removeAll(keepingCapacity: true)
        residuals.removeAll(keepingCapacity: true)
        isFull = false
    }

    mutating func take(
        _ placesA: UnsafeBufferPointer<UInt32>, _ placesB: UnsafeBufferPointer<UInt32>,
        _ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>, halfPS: Int64
    ) {
        guard !isFull else { return }
        for place in placesA.indices {
            let time = a[Int(placesA[place])]
            let residual = b[Int(placesB[place])] &- time
            guard abs(residual) <= halfPS else { continue }
            guard times.count < Self.most else {
                isFull = true
                return
            }
            times.append(time)
            residuals.append(residual)
        }
    }

    /// Hands on the pairs whose difference lies inside.
    @inline(__always)
    mutating func keep(
        _ inside: ClosedRange<Int64>, _ placesA: UnsafeBufferPointer<UInt32>, _ placesB: UnsafeBufferPointer<UInt32>,
        _ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>,
        _ body: (UnsafeBufferPointer<UInt32>, UnsafeBufferPointer<UInt32>) -> Void
    ) {
        keptA.removeAll(keepingCapacity: true)
        keptB.removeAll(keepingCapacity: true)
        let width = UInt64(inside.upperBound - inside.lowerBound)
        // Each is written, and counted if it is wanted: no branch could foretell that.
        keptA.append(addingCapacity: placesA.count) { roomA in
            keptB.append(addingCapacity: placesA.count) { roomB in
                roomA.withUnsafeMutableBufferPointer { roomA, countA in
                    roomB.withUnsafeMutableBufferPointer { roomB, countB in
                        var kept = 0
                        for place in placesA.indices {
                            let difference = b[Int(placesB[place])] &- a[Int(placesA[place])]
                            roomA[kept] = placesA[place]
                            roomB[kept] = placesB[place]
                            kept &+= UInt64(bitPattern: difference &- inside.lowerBound) <= width ? 1 : 0
                        }
                        (countA, countB) = (kept, kept)
                    }
                }
            }
        }
        keptA.withUnsafeBufferPointer { a in keptB.withUnsafeBufferPointer { body(a, $0) } }
    }

    /// Times on Alice's clock, to some tens of nanoseconds: what the follower needs them for changes slowly.
    func onAlicesClock(_ relation: ClockRelation) -> (timesPS: [Int64], residualsPS: [Int64]) {
        let times = times.map { time in
            let near = time &- relation.offsetPS
            let x = Double(near &- relation.referencePS) * 1e-12
            return near &- Int64(relation.departurePS(atSeconds: x).rounded())
        }
        return (times, residuals)
    }
}
