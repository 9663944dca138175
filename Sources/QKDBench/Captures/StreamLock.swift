import QKDCore
import QKDSifting
import QKDTimeTags

/// What a stretch of two parties' tags tells before they are followed: clocks, delays, window, how outcomes go together.
struct StreamLock {
    var clock: RecoveredClock
    var windowPS: Int64
    /// Z and X as the stretch shows them.
    var counts: [Basis: BasisCounts] = [:]

    /// Tags of a side beyond which more tell nothing that is needed to begin.
    private static let enoughTags = 4_000_000

    /// Finds the clocks of two stretches of tags. Throws what `ClockRecovery` throws; `noLock` if they do not correlate.
    init(_ options: TwoPartySift, alice: TagBatch, bob: TagBatch) throws {
        var search = options.search
        var (a, b) = (alice, bob)
        if max(a.count, b.count) > Self.enoughTags {
            let lock = try search.find(alice: a, bob: b)
            let seconds = Double(Self.enoughTags) / Double(max(a.count, b.count))
            let span = Int64(Double(a.times[a.count - 1] - a.times[0]) * seconds)
            let part = lock.blockStartPS..<lock.blockStartPS + max(span, lock.blockPS)
            search.centrePS = lock.relation.bobPS(ofAlicePS: part.lowerBound) - part.lowerBound
            search.rangePS = 2 * Picoseconds.perMillisecond
            let ends = [part.lowerBound, part.upperBound].map { lock.relation.bobPS(ofAlicePS: $0) }
            a = a.part(part)
            b = b.part(ends[0] - search.rangePS..<ends[1] + search.rangePS)
        }
        clock = try ClockRecovery(search: search).recover(alice: a, bob: b)
        windowPS = options.windowPS(clock)
        let found = try CoincidenceMatcher(windowPS: windowPS).match(AlignedTags(alice: a, bob: b, clock: clock))
        let sift = try EntangledSifter(map: options.map, correlations: options.correlations).sift(
            aliceTags: found.aliceIndices, bobTags: found.bobIndices, aliceChannels: a.channels,
            bobChannels: b.channels)
        for basis in Basis.allCases { counts[basis] = sift[basis] }
    }
}

extension TagBatch {
    /// The tags from one time up to another; they are in time order. Without holes.
    fileprivate func part(_ range: Range<Int64>) -> TagBatch {
        let places = self.range(fromPS: range.lowerBound, toPS: range.upperBound)
        return TagBatch(times: Array(times[places]), channels: Array(channels[places]))
    }
}
