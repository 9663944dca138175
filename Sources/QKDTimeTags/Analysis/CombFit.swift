#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A line through the centres of a comb's peaks.
enum CombFit {
    /// Peaks beyond these add nothing to a period's accuracy that is worth the time.
    private static let maximumPeaks = 1_024

    static func fit(_ histogram: CorrelationHistogram, spacingBins: Double) -> CombPeriod? {
        let counts = histogram.counts
        guard spacingBins >= 2, let highest = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return nil }
        // First by the phase of each period, which needs no knowledge of the peaks' width …
        guard let rough = line(counts, PeakLine(slope: spacingBins, origin: Double(highest)), phaseCentre) else {
            return nil
        }
        // … then, with the width and the background from all periods folded upon each other, by centroids.
        let shape = CombShape(counts, rough)
        guard
            let fine = line(counts, rough.line, { shape.centre($0, around: $1, period: $2) })
                ?? line(counts, rough.line, phaseCentre)
        else { return nil }
        let width = Double(histogram.binWidthPS)
        let period = fine.line.slope * width
        let anchor = histogram.centerPS(0) + fine.line.origin * width
        // A peak narrower than a bin shows the bin's centre and not its own: an error that the scatter does not
        // show, for neighbouring peaks share it.
        let unresolved = shape.isResolved ? 0 : width / 12.0.squareRoot() / (Double(fine.points) / 2)
        let error = fine.line.slopeError * width
        return CombPeriod(
            periodPS: period, periodErrorPS: (error * error + unresolved * unresolved).squareRoot(),
            phasePS: anchor - (anchor / period).rounded() * period, peaks: fine.points)
    }

    /// Follows the peaks from a first line outwards; `nil` unless most of them, and at least three, are there.
    private static func line(
        _ counts: [Int], _ start: PeakLine, _ centre: ([Int], Double, Double) -> (offset: Double, weight: Double)?
    ) -> (line: PeakLine, points: Int)? {
        var line = PeakLine(slope: start.slope, origin: start.origin)
        var tried = 0
        // In both directions by turns, so that the line is always longest where it is needed.
        for step in 0...maximumPeaks {
            let before = tried
            for number in step == 0 ? [0] : [step, -step] {
                let expected = line.origin + line.slope * Double(number)
                guard expected - line.slope / 2 >= 0, expected + line.slope / 2 < Double(counts.count) else { continue }
                tried += 1
                if let (offset, weight) = centre(counts, expected, line.slope) {
                    line.add(number, expected + offset, weight)
                }
            }
            if tried == before { break }
        }
        guard line.points.count >= 3, line.points.count * 2 >= tried, line.slope > 1 else { return nil }
        return (line, line.points.count)
    }

    /// Centre of one period's counts, from the phase of their first harmonic, which a flat background does
    /// not move; and its weight. `nil` if the counts show no peak there.
    private static func phaseCentre(_ counts: [Int], around expected: Double, period: Double) -> (
        offset: Double, weight: Double
    )? {
        let low = Int((expected - period / 2).rounded(.up))
        let high = min(Int((expected + period / 2).rounded(.up)), counts.count)
        guard low >= 0, low < high else { return nil }
        var cosine = 0.0
        var sine = 0.0
        var total = 0.0
        for bin in low..<high {
            let angle = 2 * Double.pi * (Double(bin) - expected) / period
            let count = Double(counts[bin])
            cosine += count * cos(angle)
            sine += count * sin(angle)
            total += count
        }
        let power = cosine * cosine + sine * sine
        // For a flat Poisson background the power is about the number of counts.
        guard total > 0, power > 9 * total else { return nil }
        let offset = atan2(sine, cosine) / (2 * Double.pi) * period
        return abs(offset) <= period / 4 ? (offset, power / total) : nil
    }
}
