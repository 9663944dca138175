#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// A place at which the coarse correlation is high.
struct CoarsePeak {
    /// Offset at the block's middle, ps.
    var offsetPS: Int64
    /// Skew, dimensionless.
    var skew: Double
    /// Height over the neighbourhood's mean in its standard deviations.
    var height: Float
    /// Height over the neighbourhood's mean, pairs.
    var pairs: Float
}

/// Cross-correlation of binned tags by FFT, over all offsets and skews of the search at once.
///
/// A block of Alice's tags is cut into segments so short that no skew of the search moves the peak by more than a
/// bin within one. Each is correlated with the tags of Bob's that it may meet, and the correlations are added
/// along the straight lines that the skews make. With c coincidences a second, rates a and b, bin w and greatest
/// skew s a segment lasts w/s, and its true peak stands c/√(a b s) deviations high whatever the bin: the widest
/// bin that still leaves enough segments in the capture takes the least work, n segments win √n.
struct CoarseCorrelation {
    /// Width of a bin, ps.
    let binPS: Double
    /// Bins of a segment, and segments of the block.
    let segmentBins: Int
    let segments: Int
    /// Points of the transform.
    let points: Int
    private let lags: Int
    private let reach: Int
    private let search: OffsetSearch

    /// Length of the block, ps.
    var blockPS: Int64 { Int64(Double(segments * segmentBins) * binPS) }
    /// Change of skew from one line to the next.
    var skewStep: Double { 1 / Double(segments * segmentBins) }

    /// Plans for bins of at least `binPS`, as wide as transforms of at most `mostPoints` need; the block is at most
    /// `longestPS` long.
    init(_ search: OffsetSearch, binPS: Double, segments: Int, longestPS: Int64, mostPoints: Int) {
        self.segments = segments
        var bin = binPS
        while true {
            let perSkew = max(4, Int(1 / max(search.maximumSkew, 1e-7)))
            let perBlock = max(4, Int(Double(longestPS) / bin) / segments)
            let length = min(perSkew, perBlock, max(4, mostPoints / 2))
            let drift = Int((search.maximumSkew * Double(length * segments)).rounded(.up)) + 1
            let lags = 2 * Int((Double(search.rangePS) / bin).rounded(.up)) + 1 + drift + 2
            if lags + length <= mostPoints {
                self.binPS = bin
                segmentBins = length
                reach = drift
                self.lags = lags
                points = Self.smoothLength(from: lags + length)
                break
            }
            bin *= 1.0625
        }
        self.search = search
    }

    /// The least length of at least `least` points that has no prime factor above 5.
    private static func smoothLength(from least: Int) -> Int {
        var length = max(1024, least)
        while true {
            var rest = length
            for prime in [2, 3, 5] { while rest % prime == 0 { rest /= prime } }
            if rest == 1 { return length }
            length += 1
        }
    }

    /// The highest places of the block that starts at `startPS` of Alice's clock, best first.
    func peaks(_ tags: TagPair, startPS: Int64, count: Int) throws -> [CoarsePeak] {
        guard let fft = ForwardFFT.planned(count: points) else {
            throw QKDError(.unsupported, "no Fourier transform of \(points) points")
        }
        var rows = CorrelationRows(rows: segments, lags: lags)
        let bobStart = startPS + search.centrePS - Int64(Double(lags / 2) * binPS)
        let bins = segments * segmentBins
        if search.weights.isPlain {
            let alice = BinnedTags.counts(tags.alice, fromPS: startPS, binPS: binPS, bins: bins)
            let bob = BinnedTags.fluctuations(tags.bob, fromPS: bobStart, binPS: binPS, bins: bins + lags)
            try rows.correlate(alice, bob, segmentBins: segmentBins, fft)
        } else {
            let alice = BinnedTags.sums(
                tags.alice, search.weights.alice, fromPS: startPS, binPS: binPS, bins: bins)
            let bob = BinnedTags.sums(
                tags.bob, search.weights.bob, fromPS: bobStart, binPS: binPS, bins: bins + lags)
            try rows.correlate(alice, bob, segmentBins: segmentBins, fft)
        }
        return try rows.peaks(reach: reach, count: count).map { peak in
            CoarsePeak(
                offsetPS: search.centrePS + Int64((Double(peak.lag - lags / 2) * binPS).rounded()),
                skew: Double(peak.drift) * skewStep, height: peak.height, pairs: peak.excess)
        }
    }
}
