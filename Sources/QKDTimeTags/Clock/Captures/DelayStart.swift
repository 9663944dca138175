/// First figures for the detectors' delays, from the correlation peak of each pair of channels.
struct DelayStart {
    /// Common shift, ps.
    private(set) var commonPS = 0.0
    /// Delay of each channel of either side, ps; the mean of a side is zero.
    private(set) var alicePS: [Double]
    private(set) var bobPS: [Double]
    /// Pairs of channels whose peak stood out.
    private(set) var peaks = 0

    /// Fits t_AB = common − δ_A + δ_B to the peaks of all pairs of channels, weighted by their errors.
    init(_ pairs: PairResiduals, isUsed: [Bool], binPS: Double) {
        let (m, n) = (pairs.aliceChannels.count, pairs.bobChannels.count)
        alicePS = Array(repeating: 0, count: m)
        bobPS = Array(repeating: 0, count: n)
        let bins = max(16, Int((2 * pairs.halfWidthPS / binPS).rounded(.up)))
        var histograms = [Double](repeating: 0, count: m * n * bins)
        for index in 0..<pairs.count where isUsed[Int(pairs.slices[index])] {
            let bin = min(bins - 1, max(0, Int((pairs.residuals[index] + pairs.halfWidthPS) / binPS)))
            histograms[(Int(pairs.aliceIndices[index]) * n + Int(pairs.bobIndices[index])) * bins + bin] += 1
        }
        var equations = NormalEquations(1 + m + n)
        for a in 0..<m {
            for b in 0..<n {
                let start = (a * n + b) * bins
                guard let peak = Self.peak(histograms[start..<start + bins]) else { continue }
                var row = [Double](repeating: 0, count: 1 + m + n)
                row[0] = 1
                row[1 + a] = -1
                row[1 + m + b] = 1
                let position = (peak.position + 0.5) * binPS - pairs.halfWidthPS
                equations.add(row, position, 1 / (square(peak.error * binPS) + 1))
                peaks += 1
            }
        }
        guard peaks > 0 else { return }
        DelayConstraint.apply(to: &equations, first: 1, alice: m, bob: n)
        guard let solution = equations.solve() else { return }
        commonPS = solution.values[0]
        alicePS = Array(solution.values[1..<1 + m])
        bobPS = Array(solution.values[(1 + m)...])
    }

    /// Centroid of the highest three bins' surroundings, in bins; `nil` if they do not stand out.
    private static func peak(_ counts: ArraySlice<Double>) -> (position: Double, error: Double)? {
        let counts = Array(counts)
        var best = 1
        var height = -1.0
        for bin in 1..<counts.count - 1 {
            let sum = counts[bin - 1] + counts[bin] + counts[bin + 1]
            if sum > height { (best, height) = (bin, sum) }
        }
        var (total, number) = (0.0, 0.0)
        for bin in counts.indices where abs(bin - best) > 6 {
            total += counts[bin]
            number += 1
        }
        let background = number > 0 ? total / number : 0
        let variance = max(3 * background, 0.05)
        guard LinePeak.bennett(excess: height - 3 * background, variance: variance) > 18 else { return nil }
        var centre = Double(best)
        var excess = 0.0
        var spread = 0.0
        for _ in 0..<6 {
            var moment = 0.0
            excess = 0
            spread = 0
            for bin in counts.indices where abs(Double(bin) - centre) <= 5 {
                let distance = Double(bin) - centre
                excess += counts[bin] - background
                moment += (counts[bin] - background) * distance
                spread += counts[bin] * distance * distance
            }
            guard excess > 1 else { return nil }
            centre += max(-1, min(1, moment / excess))
        }
        return (centre, max(spread, 0.1).squareRoot() / excess)
    }
}

/// What fixes the delays: only differences within a side can be seen, so each side's mean is made zero.
///
/// A channel without coincidences has no delay to be seen; a weak wish for zero (± 1 µs) keeps it there.
enum DelayConstraint {
    static func apply(to equations: inout NormalEquations, first: Int, alice: Int, bob: Int) {
        for (start, count) in [(first, alice), (first + alice, bob)] {
            for i in start..<start + count {
                equations.addElement(i, i, 1e-12)
                for j in start...i { equations.addElement(i, j, 100) }
            }
        }
    }
}
