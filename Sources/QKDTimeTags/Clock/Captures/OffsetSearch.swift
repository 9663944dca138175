#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// Where two captures were first found to belong together.
public struct OffsetLock: Sendable, Equatable {
    /// Offset and skew at the middle of the block that was looked at; a drift where it bends the line.
    public var relation: ClockRelation
    /// How far the offset may be off, ps.
    public var offsetUncertaintyPS: Double
    /// How far the skew may be off, dimensionless.
    public var skewUncertainty: Double
    /// How far the drift may be off, per second: as much as a low satellite's until it bends the line.
    var driftUncertainty = OffsetZoom.greatestDrift
    /// Start and length of the block on Alice's clock, ps.
    public var blockStartPS: Int64
    /// Length of the block, ps.
    public var blockPS: Int64
    /// Sum on the peak and what the background puts there, pairs.
    public var peakPairs: Double
    /// What the background puts there.
    public var backgroundPairs: Double
    /// Natural logarithm of the bound on the probability that chance does this anywhere in the search.
    public var logFalseAlarm: Double
    /// Coarse peaks that were looked at closely before this one was taken, itself included.
    public var candidates: Int
}

/// Finds the time offset and the clock skew between two captures from their tags alone.
///
/// 1. Coarse: FFT correlation over the whole range of offsets and skews (`CoarseCorrelation`).
/// 2. Zoom: around each of the highest places, histograms of direct differences in much finer bins, of as much of
///    the block as that takes; then of a short stretch in bins of 20 ns. A true peak gains in significance, a
///    chance one does not (`OffsetZoom`).
/// 3. Decision: the last peak must be less probable than `falseAlarm` by chance, by Bennett's bound times the
///    number of all offsets and skews that bins of that width can tell apart (Bonferroni).
public struct OffsetSearch: Sendable {
    /// Middle of the offsets that are searched, ps.
    public var centrePS: Int64 = 0
    /// The offset lies within ± this of the middle, ps.
    public var rangePS: Int64 = Picoseconds.perSecond
    /// The skew lies within ± this, dimensionless.
    public var maximumSkew = 50e-6
    /// What pairs of tags count for.
    public var weights = TagWeights.plain
    /// Probability that unrelated captures lock.
    public var falseAlarm = 1e-9
    /// Places of a block that are looked at closely.
    public var candidatesPerBlock = 16

    /// A search with the stated defaults: ±1 s, ±50 ppm.
    public init() {}

    /// Throws `outOfRange` for limits that cannot be searched.
    public func validate() throws {
        guard rangePS >= Picoseconds.perMicrosecond, rangePS <= 100 * Picoseconds.perSecond else {
            throw QKDError(.outOfRange, "the offset range must be 1 us to 100 s")
        }
        guard centrePS.magnitude < 1 << 60 else { throw QKDError(.outOfRange, "the expected offset is beyond 13 days") }
        guard maximumSkew >= 0, maximumSkew <= 1e-3 else {
            throw QKDError(.outOfRange, "the skew range must be 0 to 1000 ppm")
        }
        guard falseAlarm > 0, falseAlarm < 0.1, candidatesPerBlock > 0 else {
            throw QKDError(.outOfRange, "the false alarm probability must lie between 0 and 0.1")
        }
    }

    /// Finds the offset; both captures are in time order. Throws `noLock` when nothing stands out, `invalidInput`
    /// for captures that cannot be used, `outOfRange` for limits that cannot be searched.
    public func find(alice: TagBatch, bob: TagBatch) throws -> OffsetLock {
        try find(TagPair(alice: alice, bob: bob))
    }

    func find(_ tags: TagPair) throws -> OffsetLock {
        try validate()
        let (a, b) = (tags.aliceSpan, tags.bobSpan)
        let first = max(a.lowerBound, b.lowerBound - centrePS - rangePS)
        let last = min(a.upperBound, b.upperBound - centrePS + rangePS)
        guard last > first else {
            throw QKDError(.noLock, "no offset in the searched range makes the two captures overlap")
        }
        let span = last - first
        let rate = min(
            Double(tags.alice.count) / Double(a.upperBound - a.lowerBound + 1),
            Double(tags.bob.count) / Double(b.upperBound - b.lowerBound + 1))
        // A block of a thousand tags at least, where the capture has them.
        var binPS = min(4e6, Double(rangePS) / 128)
        while binPS < 64e6, rate * binPS * 16 / max(maximumSkew, 1e-7) < 1_000 { binPS *= 2 }
        var examined = 0
        for effort in SearchEffort.all {
            let coarse = CoarseCorrelation(
                self, binPS: binPS, segments: effort.segments, longestPS: max(span, 1), mostPoints: effort.points)
            for place in effort.places(blockPS: coarse.blockPS, spanPS: span) {
                let start = first + Int64(place * Double(max(0, span - coarse.blockPS)))
                let count = min(effort.candidates, candidatesPerBlock)
                for peak in try coarse.peaks(tags, startPS: start, count: count) where peak.height >= effort.height {
                    examined += 1
                    try Cancellation.check()
                    let zoom = OffsetZoom(self, tags, coarse, startPS: start)
                    if var lock = zoom.lock(peak) {
                        lock.candidates = examined
                        return lock
                    }
                }
            }
        }
        throw QKDError(
            .noLock,
            "no correlation found between the captures within ±\(Picoseconds.seconds(rangePS)) s and "
                + "±\((maximumSkew * 1e9).rounded() / 1e3) ppm (\(examined) places looked at)")
    }
}

/// How hard a block is looked at: first what a good link needs, then more.
struct SearchEffort {
    /// Segments of the block.
    let segments: Int
    /// Most points of a transform, which sets the bins' width.
    let points: Int
    /// Places of a block that are looked at closely.
    let candidates: Int
    /// Deviations that they must stand high; the last looks take what there is.
    let height: Float
    /// Where in the capture blocks lie, 0 for its start and 1 for its end.
    private let places: [Double]

    /// The middle is the best place: there both captures have tags at every offset, if they are long enough.
    static let all = [
        SearchEffort(segments: 2, points: 1 << 16, candidates: 3, height: 6, places: [0.5]),
        SearchEffort(segments: 16, points: 3 << 15, candidates: 4, height: 5, places: [0.5]),
        SearchEffort(segments: 24, points: 1 << 17, candidates: .max, height: 0, places: [0.5, 0.1, 0.9]),
        SearchEffort(segments: 48, points: 1 << 18, candidates: .max, height: 0, places: [0.5]),
    ]
    /// Blocks that one search looks at, at most.
    static let blocks = Double(all.reduce(0) { $0 + $1.places.count })

    /// The places that differ: a block as long as the capture has one.
    func places(blockPS: Int64, spanPS: Int64) -> [Double] {
        spanPS > blockPS + blockPS / 4 ? places : Array(places.prefix(1))
    }
}
