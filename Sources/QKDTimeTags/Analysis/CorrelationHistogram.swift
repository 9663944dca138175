import QKDCore

/// All time differences of two channels within a range, in bins: the second-order correlation, not normalised.
public struct CorrelationHistogram: Sendable, Equatable {
    /// The channel that differences are taken from, and the one that they are taken to.
    public var channelA: UInt8
    /// The channel of t_b; may be the same one.
    public var channelB: UInt8
    /// Width of a bin, picoseconds.
    public var binWidthPS: Int64
    /// Bin *i* holds the differences t_b − t_a from `firstEdgePS + i × binWidthPS` up to, not including, the next edge.
    public var firstEdgePS: Int64
    /// Differences in each bin.
    public var counts: [Int]
    /// Tags of the two channels that took part.
    public var tagsA = 0
    /// How many of channel B took part.
    public var tagsB = 0
    /// From the first to the last tag of either channel, picoseconds.
    public var durationPS: Int64 = 0
    /// Tags left out because they came out of time order.
    public var disorderedTags = 0
    /// Places at which the source lost tags; the accidental level below is then an estimate of the whole only.
    public var holes = 0

    /// Whether it is a channel against itself; each tag's difference to itself is not counted.
    public var isAutocorrelation: Bool { channelA == channelB }

    /// The middle of bin `index`, picoseconds. Times are whole, so a bin of 1 ps lies at its edge.
    public func centerPS(_ index: Int) -> Double {
        Double(firstEdgePS + Int64(index) * binWidthPS) + Double(binWidthPS - 1) / 2
    }

    /// Pairs that two independent Poisson streams of these rates would put in a bin: N_a N_b w / T;
    /// `nil` for a span of zero.
    ///
    /// Division by it gives g2. The range is taken as small against the span.
    public var accidentalsPerBin: Double? {
        durationPS > 0 ? Double(tagsA) * Double(tagsB) * Double(binWidthPS) / Double(durationPS) : nil
    }
}

/// Range and bin width of a correlation.
public struct CorrelationOptions: Sendable, Equatable {
    /// Differences from −range up to, not including, +range are counted, picoseconds; a multiple of the bin width.
    public let rangePS: Int64
    /// Width of a bin, picoseconds.
    public let binWidthPS: Int64
    /// Tags of a channel that may wait for their partners.
    public let maximumWindowTags: Int

    /// Bins that a correlation may have: 128 MiB of them.
    public static let maximumBins: Int64 = 1 << 24

    /// States the options; the range is rounded up to whole bins. Throws `outOfRange` for a width below
    /// 1 ps, a range below the width or above 10^6 s, or more bins than memory should hold.
    public init(rangePS: Int64, binWidthPS: Int64, maximumWindowTags: Int = 1 << 24) throws {
        guard binWidthPS >= 1, rangePS >= binWidthPS, rangePS <= 1_000_000 * Picoseconds.perSecond else {
            throw QKDError(
                .outOfRange, "a correlation's range must be at least a bin and at most 10^6 s, its bins at least 1 ps")
        }
        let half = (rangePS + binWidthPS - 1) / binWidthPS
        guard half <= Self.maximumBins / 2 else {
            throw QKDError(.outOfRange, "\(half) bins to each side are more than \(Self.maximumBins / 2)")
        }
        self.rangePS = half * binWidthPS
        self.binWidthPS = binWidthPS
        self.maximumWindowTags = max(1, maximumWindowTags)
    }

    /// Bins on both sides together.
    public var binCount: Int { Int(2 * rangePS / binWidthPS) }
}
