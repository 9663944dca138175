#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The peak of one slice's histogram of differences.
struct SlicePeak {
    /// Centroid, ps of residual, and its standard error.
    let positionPS: Double
    let errorPS: Double
    /// Pairs above the background.
    let pairs: Double

    /// A slice without correlation shows a peak once in so many natural logarithms.
    private static let leastEvidence = 16.0

    /// `nil` when no two neighbouring bins stand clearly above the others.
    init?(_ plane: DifferencePlane) {
        let counts = plane.sums.map(Double.init)
        var best = 0
        for bin in 0..<(counts.count - 1) where counts[bin] + counts[bin + 1] > counts[best] + counts[best + 1] {
            best = bin
        }
        // Far from the peak, so that its foot is not taken for background.
        var (total, squares, number) = (0.0, 0.0, 0.0)
        for bin in counts.indices where abs(bin - best) > 5 {
            total += counts[bin]
            squares += counts[bin] * counts[bin]
            number += 1
        }
        guard number > 0 else { return nil }
        let background = total / number
        // Weighted pairs have a mean of zero but scatter. With next to no pairs, reckon with one among all bins.
        let scatter = squares / number - background * background
        let variance = 2 * max(background, scatter, 1 / number)
        let height = counts[best] + counts[best + 1]
        let evidence = LinePeak.bennett(excess: height - 2 * background, variance: variance)
        guard evidence > Self.leastEvidence + log(Double(counts.count)) else { return nil }

        let reach = 4.0
        var centre = Double(best) + 1
        var excess = 0.0
        var spread = 0.0
        for _ in 0..<4 {
            excess = 0
            spread = 0
            var moment = 0.0
            for bin in counts.indices {
                let middle = Double(bin) + 0.5
                guard abs(middle - centre) <= reach else { continue }
                excess += counts[bin] - background
                moment += (counts[bin] - background) * (middle - centre)
                spread += max(abs(counts[bin]), background) * (middle - centre) * (middle - centre)
            }
            guard excess > 1 else { return nil }
            centre += max(-1, min(1, moment / excess))
        }
        positionPS = plane.edgePS(0) + centre * plane.binPS
        // A peak within one bin is no better known than the bin is wide.
        errorPS = max(spread, max(excess, 1) / 12).squareRoot() / excess * plane.binPS
        pairs = excess
    }
}
