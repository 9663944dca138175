#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The best straight line through a plane of differences, two bins wide.
struct LinePeak {
    /// The line's middle at the plane's middle time, ps of residual.
    var positionPS: Double
    /// Bins that the line moves over the plane's duration.
    var driftBins: Int
    /// Bins that the line lies above its tangent at the plane's ends.
    var bendBins: Double
    /// Sum on the line, and what the background puts there.
    var sum: Double
    var background: Double
    /// Variance of the background's sum.
    var variance: Double
    /// Natural logarithm of a bound on the probability that background reaches `sum` at a given place.
    var logProbability: Double

    /// Searches lines that drift by up to `reach` bins to either side, and those bent by up to `bends` steps of
    /// `bendStep` bins at the ends; `nil` when the plane is too narrow.
    init?(in plane: DifferencePlane, reach: Int, bends: Int = 0) {
        let margin = (reach + 1) / 2 + 1 + Int((Self.bendStep * Double(bends)).rounded(.up))
        let places = plane.bins - 2 * margin - 1
        guard places > 8 else { return nil }
        var best: (sum: Float, place: Int, drift: Int, bend: Int) = (-.infinity, 0, 0, 0)
        var row = [Float](repeating: 0, count: places + 1)
        for bend in -bends...bends {
            for drift in -reach...reach {
                Self.sumLines(plane, drift: drift, bend: bend, margin: margin, into: &row)
                row.withUnsafeBufferPointer { row in
                    for place in 0..<places where row[place] + row[place &+ 1] > best.sum {
                        best = (row[place] + row[place &+ 1], place, drift, bend)
                    }
                }
            }
        }
        bendBins = Self.bendStep * Double(best.bend)
        Self.sumLines(plane, drift: best.drift, bend: best.bend, margin: margin, into: &row)
        var (count, total, totalSquares) = (0.0, 0.0, 0.0)
        for place in 0..<places where abs(place - best.place) > 4 {
            let value = Double(row[place] + row[place + 1])
            count += 1
            total += value
            totalSquares += value * value
        }
        guard count > 0 else { return nil }
        let mean = total / count
        driftBins = best.drift
        positionPS = plane.edgePS(best.place + margin + 1)
        sum = Double(best.sum)
        background = mean
        // What independent tags would give; the scatter found may be larger (bursts) and then counts.
        let poisson = max(2 * plane.squares / Double(plane.bins), 1e-3)
        variance = max(poisson, totalSquares / count - mean * mean)
        logProbability = -LinePeak.bennett(excess: sum - mean, variance: poisson) * poisson / variance
    }

    /// Steps of a line's bend, bins at the plane's ends: half a step moves the ends by less than a line is wide.
    static let bendStep = 1.5

    private static func sumLines(
        _ plane: DifferencePlane, drift: Int, bend: Int, margin: Int, into row: inout [Float]
    ) {
        row.withUnsafeMutableBufferPointer { row in
            plane.sums.withUnsafeBufferPointer { sums in
                for place in row.indices { row[place] = 0 }
                for segment in 0..<plane.segments {
                    let phase = (Double(segment) + 0.5) / Double(plane.segments) - 0.5
                    let shift = phase * (Double(drift) + 4 * bendStep * Double(bend) * phase)
                    let from = segment * plane.bins + margin + Int(shift.rounded())
                    for place in 0..<row.count { row[place] += sums[from &+ place] }
                }
            }
        }
    }

    /// v h(x/v) with h(u) = (1 + u) ln(1 + u) − u: minus the logarithm of Bennett's bound on the probability that
    /// a sum of centred terms of at most 1, of variance v, exceeds x (G. Bennett, JASA 57, 33, 1962); for a
    /// Poisson count it is Chernoff's.
    static func bennett(excess: Double, variance: Double) -> Double {
        guard excess > 0 else { return 0 }
        let ratio = excess / variance
        return variance * ((1 + ratio) * log1p(ratio) - ratio)
    }
}
