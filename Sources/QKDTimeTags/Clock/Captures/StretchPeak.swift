#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where a stretch's differences pile up.
struct StretchPeak {
    /// The pairs' mean time, seconds after the stretch's middle.
    var seconds: Double
    /// The peak there, ps, and its slope, ps/s, with their standard errors, which are independent.
    var offsetPS: Double
    var offsetErrorPS: Double
    var slopePS: Double
    var slopeErrorPS: Double
    /// Standard deviation, ps.
    var sigmaPS: Double
    /// Pairs of the peak; accidental ones a ps.
    var pairs: Double
    var backgroundPerPS: Double
}

/// Finds the peak of a stretch's differences; its memory stays as large as the largest stretch made it.
struct StretchPeakFinder: Sendable {
    /// Accidental pairs a ps of the last stretch that was looked at.
    private(set) var backgroundPerPS = 0.0
    private var counts = [UInt32](repeating: 0, count: segments * mostBins)
    private var sums = [UInt32](repeating: 0, count: mostBins)
    private var coreTimes: [Double] = []
    private var coreResiduals: [Double] = []
    private var coreCount = 0

    private static let segments = 8
    private static let mostBins = 2048
    /// A stretch without a peak shows one once in e to so many.
    private static let leastEvidence = 16.0
    /// Deviations of the core, and the parts of a Gaussian's number, variance and pull that lie within.
    ///
    /// A narrow core has less of the background; this one costs 5 % of the precision where there is none.
    private static let core = 2.5
    private static let numberWithin = 0.987_581
    private static let varianceWithin = 0.911_257
    private static let pullWithin = varianceWithin

    /// The peak of differences within ± `halfWidthPS`; `nil` when none stands out. Its width is `sigmaPS`, or adapts.
    mutating func find(
        _ times: [Int64], _ residuals: [Int64], stretchPS: Range<Int64>, halfWidthPS: Int64, sigmaPS: Double,
        slopeErrorPS: Double, adapts: Bool
    ) -> StretchPeak? {
        backgroundPerPS = Double(residuals.count) / Double(2 * halfWidthPS + 1)
        let length = Double(stretchPS.upperBound - stretchPS.lowerBound) * 1e-12
        // A bin as wide as the peak's deviation at least.
        var shift: Int64 = 0
        while Double((1 as Int64) << shift) < sigmaPS || (2 * halfWidthPS) >> shift >= Int64(Self.mostBins) {
            shift += 1
        }
        let bins = Int((2 * halfWidthPS) >> shift) + 1
        let binPS = Double((1 as Int64) << shift)
        // What is open of the slope may smear the peak over the stretch.
        let smear = min(bins / 3, 128, Int((3 * slopeErrorPS * length / binPS).rounded(.up)))
        let reach = smear > 1 ? smear : 0
        let segments = reach > 0 ? Self.segments : 1
        count(times, residuals, stretchPS, halfWidthPS, shift: shift, bins: bins, segments: segments)
        guard let line = line(bins: bins, segments: segments, reach: reach, total: residuals.count) else { return nil }
        let offset = (Double(line.place) + 1) * binPS - Double(halfWidthPS)
        let slope = length > 0 ? Double(line.drift) * binPS / length : 0
        return refine(
            times, residuals, stretchPS, halfWidthPS: Double(halfWidthPS), offset: offset, slope: slope,
            sigma: max(sigmaPS, 0.5 * binPS),
            adapts: adapts || sigmaPS < 0.5 * binPS)
    }

    private mutating func count(
        _ times: [Int64], _ residuals: [Int64], _ stretch: Range<Int64>, _ half: Int64, shift: Int64, bins: Int,
        segments: Int
    ) {
        let perSegment = Double(segments) / Double(max(1, stretch.upperBound - stretch.lowerBound))
        counts.withUnsafeMutableBufferPointer { counts in
            for index in 0..<segments * bins { counts[index] = 0 }
            times.withUnsafeBufferPointer { times in
                residuals.withUnsafeBufferPointer { residuals in
                    for index in residuals.indices {
                        let bin = Int((residuals[index] &+ half) &>> shift)
                        guard bin >= 0, bin < bins else { continue }
                        var row = 0
                        if segments > 1 {
                            row = Int(Double(times[index] &- stretch.lowerBound) * perSegment)
                            row = max(0, min(segments &- 1, row))
                        }
                        counts[row &* bins &+ bin] &+= 1
                    }
                }
            }
        }
    }

    /// The two neighbouring bins with the highest sum, along lines that move by up to `reach` bins; `nil` when chance
    /// might do it.
    private mutating func line(bins: Int, segments: Int, reach: Int, total: Int) -> (place: Int, drift: Int)? {
        guard bins >= 4, total > 0 else { return nil }
        var best = (sum: -1, place: 0, drift: 0)
        for drift in -reach...reach {
            let shifts = (0..<segments).map { row in
                Int((Double(drift) * ((Double(row) + 0.5) / Double(segments) - 0.5)).rounded())
            }
            let low = max(0, -(shifts.min() ?? 0))
            let high = min(bins, bins - (shifts.max() ?? 0))
            guard high - low > 2 else { continue }
            sums.withUnsafeMutableBufferPointer { sums in
                counts.withUnsafeBufferPointer { counts in
                    for place in low..<high { sums[place] = 0 }
                    for (row, shift) in shifts.enumerated() {
                        let from = row &* bins &+ shift
                        for place in low..<high { sums[place] &+= counts[from &+ place] }
                    }
                    for place in low..<high - 1 {
                        let sum = Int(sums[place] &+ sums[place &+ 1])
                        if sum > best.sum { best = (sum, place, drift) }
                    }
                }
            }
        }
        let background = max(2 * Double(total - best.sum) / Double(bins), 2 / Double(bins))
        let evidence = LinePeak.bennett(excess: Double(best.sum) - background, variance: background)
        let trials = Double(bins * (2 * reach + 1))
        return evidence > Self.leastEvidence + log(trials) ? (best.place, best.drift) : nil
    }

    /// The mean of the core, whose window follows it; a flat background has no pull there.
    private mutating func refine(
        _ times: [Int64], _ residuals: [Int64], _ stretch: Range<Int64>, halfWidthPS: Double, offset: Double,
        slope: Double, sigma: Double, adapts: Bool
    ) -> StretchPeak? {
        let middle = stretch.lowerBound + (stretch.upperBound - stretch.lowerBound) / 2
        let length = Double(stretch.upperBound - stretch.lowerBound) * 1e-12
        var (o, s, deviation) = (offset, slope, sigma)
        // A line that turns much, or a peak much wider than thought, needs other pairs.
        for attempt in 0..<6 {
            let reach = 4 * deviation
            collect(times, residuals, middle: middle, offset: o, slope: s, reach: reach)
            let outside = 2 * halfWidthPS - (min(halfWidthPS, o + reach) - max(-halfWidthPS, o - reach))
            let background = Double(residuals.count - coreCount) / max(1, outside)
            let before = deviation
            guard let shift = centre(&deviation, background: background, adapts: adapts || attempt > 0) else {
                return nil
            }
            let window = Self.core * deviation
            let moments = CoreMoments(coreTimes, coreResiduals, count: coreCount, shift: shift, window: window)
            let excess = moments.number - background * 2 * window
            guard excess > 4, excess > 2 * moments.number.squareRoot() else { return nil }
            let pull = excess * Self.pullWithin
            let lever = moments.spread * pull / moments.number
            let turn = lever > 0 ? moments.product / lever : 0
            o += shift
            let slopeError = lever > 0 ? moments.leverSquares.squareRoot() / lever : .infinity
            let turned = abs(turn) * length
            if attempt < 5, deviation > 1.3 * before || turned > max(0.5 * deviation, 3 * slopeError * length) {
                // The line turns about the pairs' mean time.
                o -= turn * moments.mean
                s += turn
                continue
            }
            backgroundPerPS = background
            let variance = (moments.squares - background * 2 * window * window * window / 3) / excess
            return StretchPeak(
                seconds: moments.mean, offsetPS: o + s * moments.mean,
                offsetErrorPS: max(moments.squares, 1).squareRoot() / pull, slopePS: s + turn,
                slopeErrorPS: slopeError, sigmaPS: (max(variance, 0.25) / Self.varianceWithin).squareRoot(),
                pairs: excess / Self.numberWithin, backgroundPerPS: background)
        }
        return nil
    }

    /// How far the core's mean lies from the line that the pairs were collected about; `nil` when it runs away.
    private func centre(_ deviation: inout Double, background: Double, adapts: Bool) -> Double? {
        var shift = 0.0
        for _ in 0..<12 {
            let window = Self.core * deviation
            let (number, sum, squares) = CoreMoments.sums(coreResiduals, count: coreCount, shift: shift, window: window)
            let excess = number - background * 2 * window
            guard excess > 4 else { return nil }
            let change = sum / (excess * Self.pullWithin)
            shift += change
            let before = deviation
            if adapts {
                let variance = (squares - background * 2 * window * window * window / 3) / excess
                deviation = min(
                    1.5 * deviation, max(0.5 * deviation, (max(variance, 0.25) / Self.varianceWithin).squareRoot()))
            }
            let error = squares.squareRoot() / excess
            if abs(change) < 0.03 * error, abs(deviation - before) < 0.01 * before { break }
        }
        return shift
    }

    /// Keeps the pairs within `reach` of a line, their residuals from it.
    private mutating func collect(
        _ times: [Int64], _ residuals: [Int64], middle: Int64, offset: Double, slope: Double, reach: Double
    ) {
        if coreTimes.count < residuals.count + 8 {
            coreTimes = Array(repeating: 0, count: residuals.count + 8)
            coreResiduals = coreTimes
        }
        var found = 0
        coreTimes.withUnsafeMutableBufferPointer { coreTimes in
            coreResiduals.withUnsafeMutableBufferPointer { coreResiduals in
                times.withUnsafeBufferPointer { times in
                    residuals.withUnsafeBufferPointer { residuals in
                        for index in residuals.indices {
                            let x = Double(times[index] &- middle) * 1e-12
                            let r = Double(residuals[index]) - offset - slope * x
                            coreTimes[found] = x
                            coreResiduals[found] = r
                            // The sign bit, because which of them stay cannot be foreseen.
                            found &+= 1 &- Int(truncatingIfNeeded: (reach - abs(r)).bitPattern &>> 63)
                        }
                        // Whole lanes are added up.
                        for index in found..<found + 4 { coreResiduals[index] = .greatestFiniteMagnitude }
                    }
                }
            }
        }
        coreCount = found
    }
}

/// Sums over the pairs within a window about a line.
private struct CoreMoments {
    /// Pairs, Σ r², mean time, Σ (x − mean)², Σ (x − mean) r and Σ (x − mean)² r².
    var number = 0.0
    var squares = 0.0
    var mean = 0.0
    var spread = 0.0
    var product = 0.0
    var leverSquares = 0.0

    init(_ times: [Double], _ residuals: [Double], count: Int, shift: Double, window: Double) {
        var (sum, x1, x2, rx, rrx, rrx2) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        times.withUnsafeBufferPointer { times in
            residuals.withUnsafeBufferPointer { residuals in
                for index in 0..<count {
                    let x = times[index]
                    let r = residuals[index] - shift
                    let inside = abs(r) <= window ? 1.0 : 0
                    let (y, z) = (inside * x, inside * r)
                    number += inside
                    sum += z
                    squares += z * z
                    x1 += y
                    x2 += y * x
                    rx += z * x
                    rrx += z * z * x
                    rrx2 += z * z * x * x
                }
            }
        }
        guard number > 0 else { return }
        mean = x1 / number
        spread = max(0, x2 - x1 * mean)
        product = rx - mean * sum
        leverSquares = max(0, rrx2 - 2 * mean * rrx + mean * mean * squares)
    }

    /// Number, Σ r and Σ r² alone; what follows the last residual in its four lanes is far away.
    static func sums(
        _ residuals: [Double], count: Int, shift: Double, window: Double
    ) -> (number: Double, sum: Double, squares: Double) {
        typealias Lanes = SIMD4<Double>
        var (number, sum, squares) = (Lanes(), Lanes(), Lanes())
        residuals.withUnsafeBytes { residuals in
            for index in stride(from: 0, to: count, by: 4) {
                let r = residuals.loadUnaligned(fromByteOffset: index &* 8, as: Lanes.self) - shift
                let inside = (r .<= window) .& (r .>= -window)
                let z = Lanes().replacing(with: r, where: inside)
                number += Lanes().replacing(with: 1, where: inside)
                sum += z
                squares += z * z
            }
        }
        return (number.sum(), sum.sum(), squares.sum())
    }
}
