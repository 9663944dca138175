import QKDCore

/// A peak that stands above a histogram's background.
public struct HistogramPeak: Sendable, Equatable {
    /// Centroid of the counts above the background, picoseconds.
    public var positionPS: Double
    /// Bin with the most counts, and how many.
    public var bin: Int
    /// Counts in that bin, background included.
    public var height: Int
    /// Median of all bins.
    public var backgroundPerBin: Double
    /// Height above the background in units of the background's Poisson deviation (of at least one count).
    public var significance: Double
}

/// The spacing of a histogram's evenly spaced peaks, such as a pulsed laser's.
public struct CombPeriod: Sendable, Equatable {
    /// The spacing and its standard error from the scatter of the peaks, picoseconds.
    public var periodPS: Double
    /// One standard error of the spacing, picoseconds.
    public var periodErrorPS: Double
    /// Centre of the peak that is nearest to zero delay, picoseconds.
    public var phasePS: Double
    /// Peaks that the spacing was fitted to.
    public var peaks: Int
}

/// Finds peaks and combs in correlation histograms.
public enum PeakFinder {
    /// Below this a peak is not told from noise.
    public static let minimumSignificance = 5.0

    /// The highest peak at least `excludingPS` away from zero delay; `nil` if none stands out.
    public static func strongestPeak(in histogram: CorrelationHistogram, excludingPS: Int64 = 0) -> HistogramPeak? {
        let counts = histogram.counts
        var best: Int?
        for bin in counts.indices where abs(histogram.centerPS(bin)) >= Double(excludingPS) {
            if best.map({ counts[bin] > counts[$0] }) ?? true { best = bin }
        }
        guard let best else { return nil }
        let background = median(counts)
        let significance = (Double(counts[best]) - background) / max(background, 1).squareRoot()
        guard significance >= minimumSignificance else { return nil }
        return HistogramPeak(
            positionPS: centroid(histogram, around: best, background: background), bin: best, height: counts[best],
            backgroundPerBin: background, significance: significance)
    }

    private static func median(_ counts: [Int]) -> Double {
        let sorted = counts.sorted()
        let middle = sorted.count / 2
        guard middle > 0 else { return 0 }
        return sorted.count % 2 == 1 ? Double(sorted[middle]) : Double(sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Centroid over twice the full width at half maximum, at least one bin to each side.
    private static func centroid(_ histogram: CorrelationHistogram, around peak: Int, background: Double) -> Double {
        let counts = histogram.counts
        let half = background + (Double(counts[peak]) - background) / 2
        var low = peak
        var high = peak
        while low > 0, Double(counts[low - 1]) > half { low -= 1 }
        while high + 1 < counts.count, Double(counts[high + 1]) > half { high += 1 }
        let margin = max(1, (high - low + 1) / 2)
        // Cut to the same reach on both sides, for a one-sided window would pull the centroid.
        let reach = min(max(peak - low, high - peak) + margin, peak, counts.count - 1 - peak)
        var weight = 0.0
        var moment = 0.0
        for bin in (peak - reach)...(peak + reach) {
            let excess = max(0, Double(counts[bin]) - background)
            weight += excess
            moment += excess * Double(bin - peak)
        }
        let shift = weight > 0 ? moment / weight : 0
        return histogram.centerPS(peak) + shift * Double(histogram.binWidthPS)
    }

    /// The comb in a histogram; `nil` unless at least three evenly spaced peaks stand out.
    ///
    /// The spacing comes from the histogram's own autocorrelation, and is then refined by a weighted line
    /// through the peaks' centres, from the highest one outwards. Its accuracy is far below a bin.
    public static func combPeriod(in histogram: CorrelationHistogram) -> CombPeriod? {
        let counts = histogram.counts
        let window = 4_096
        let middle = max(0, counts.count - window) / 2
        if let lag = CombSpacing.lag(in: Array(counts[middle..<min(counts.count, middle + window)])),
            let comb = CombFit.fit(histogram, spacingBins: lag)
        {
            return comb
        }
        // A spacing too wide for the middle part: look at all of it in coarser bins.
        let factor = (counts.count + window - 1) / window
        guard factor > 1 else { return nil }
        let coarse = stride(from: 0, to: counts.count, by: factor).map { start in
            counts[start..<min(start + factor, counts.count)].reduce(0, +)
        }
        return CombSpacing.lag(in: coarse).flatMap { CombFit.fit(histogram, spacingBins: $0 * Double(factor)) }
    }
}
