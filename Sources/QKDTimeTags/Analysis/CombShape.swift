/// The common shape of a comb's peaks: the histogram folded at its period.
struct CombShape {
    /// Background of one bin.
    private let background: Double
    /// Reach to each side over which a centroid is taken, bins.
    private let reach: Double
    /// Whether the peaks are wide enough for their centroids to be finer than a bin.
    let isResolved: Bool

    /// Folds `counts` at a line's period, in steps of one bin.
    init(_ counts: [Int], _ line: (line: PeakLine, points: Int)) {
        let period = line.line.slope
        let steps = max(2, Int(period.rounded()))
        var sums = [Double](repeating: 0, count: steps)
        var bins = [Double](repeating: 0, count: steps)
        for bin in counts.indices {
            // Half a period ahead, so that the peak lies in the middle.
            let phase = (Double(bin) - line.line.origin) / period + 0.5
            let step = min(Int((phase - phase.rounded(.down)) * Double(steps)), steps - 1)
            sums[step] += Double(counts[bin])
            bins[step] += 1
        }
        let profile = zip(sums, bins).map { $1 > 0 ? $0 / $1 : 0 }
        let low = profile.sorted()[steps / 4]
        let top = profile.indices.max { profile[$0] < profile[$1] } ?? 0
        let half = low + (profile[top] - low) / 2
        let wide = profile.count { $0 > half }
        background = low
        reach = min(max(2, Double(wide) * 1.5), period / 2)
        // Above two bins of full width at half maximum the steps of the bins average out of a centroid.
        isResolved = wide >= 2
    }

    /// Centroid of the counts above the background around `expected`, as an offset from it; and its weight,
    /// the counts. `nil` if the counts do not stand out.
    func centre(_ counts: [Int], around expected: Double, period: Double) -> (offset: Double, weight: Double)? {
        let low = max(0, Int((expected - reach).rounded(.up)))
        let high = min(Int((expected + reach).rounded(.down)), counts.count - 1)
        guard low <= high else { return nil }
        var excess = 0.0
        var moment = 0.0
        var total = 0.0
        for bin in low...high {
            let count = Double(counts[bin])
            total += count
            excess += count - background
            moment += (count - background) * (Double(bin) - expected)
        }
        guard excess > 0, excess * excess > 9 * total else { return nil }
        let offset = moment / excess
        return abs(offset) <= period / 4 ? (offset, excess * excess / total) : nil
    }
}
