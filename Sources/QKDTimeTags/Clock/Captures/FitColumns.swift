#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The peak's shape and place that pairs are weighed by.
struct FitCurve {
    /// Offset (ps), skew (ps/s) and drift (ps/s²) that are taken off.
    var corrections: [Double]
    /// Standard deviation, ps, and share of the pairs in it.
    var sigmaPS: Double
    var share: Double
    /// The flat background reaches so far to either side, ps.
    var halfWidthPS: Double
}

/// The pairs of a fit, those of two channels next to each other, so that sums over them run several at a time.
///
/// Single precision keeps a residual of 16 ns to a thousandth of a ps; times are in units of the longest, and every
/// block's sums go on in double precision.
struct FitColumns {
    private typealias Lanes = SIMD8<Float>

    /// Number of pairs.
    let count: Int
    /// The longest time, seconds.
    private let scale: Double
    private let times: [Float]
    private let residuals: [Float]
    /// Where each cell's pairs lie; lengths are padded to whole lanes by residuals far off.
    private let starts: [Int]
    private let bobChannels: Int

    private static let lanes = 8
    private static let block = 32 * lanes
    /// So far from the peak nothing weighs.
    private static let nowhere: Float = 1e15

    /// Sorts the pairs of the slices in use by their channels.
    init(_ pairs: PairResiduals, isUsed: [Bool]) {
        bobChannels = pairs.bobChannels.count
        let cells = pairs.aliceChannels.count * bobChannels
        var numbers = [Int](repeating: 0, count: cells)
        var longest = 1e-6
        var total = 0
        for index in 0..<pairs.count where isUsed[Int(pairs.slices[index])] {
            numbers[Int(pairs.aliceIndices[index]) &* bobChannels &+ Int(pairs.bobIndices[index])] += 1
            longest = max(longest, abs(pairs.seconds[index]))
            total += 1
        }
        var starts = [0]
        for number in numbers { starts.append(starts[starts.count - 1] + (number + 7) / 8 * 8) }
        var times = [Float](repeating: 0, count: starts[cells])
        var residuals = [Float](repeating: Self.nowhere, count: starts[cells])
        var next = starts
        for index in 0..<pairs.count where isUsed[Int(pairs.slices[index])] {
            let cell = Int(pairs.aliceIndices[index]) &* bobChannels &+ Int(pairs.bobIndices[index])
            times[next[cell]] = Float(pairs.seconds[index] / longest)
            residuals[next[cell]] = Float(pairs.residuals[index])
            next[cell] += 1
        }
        count = total
        scale = longest
        self.starts = starts
        self.times = times
        self.residuals = residuals
    }

    /// Σ p x^k for k = 0…4, Σ p r x^k for k = 0…2 and Σ p r² of a cell's pairs: p says how likely each is of the
    /// peak, r is its residual with the delays taken into account.
    func sums(_ cell: Int, _ curve: FitCurve, delayPS: Double) -> (powers: [Double], moments: [Double], squares: Double)
    {
        var powers = [0.0, 0, 0, 0, 0]
        var moments = [0.0, 0, 0]
        var squares = 0.0
        let shape = Shape(curve, scale: scale, delayPS: delayPS)
        times.withUnsafeBytes { times in
            residuals.withUnsafeBytes { residuals in
                var from = starts[cell]
                while from < starts[cell + 1] {
                    let to = min(starts[cell + 1], from + Self.block)
                    var (p0, p1, p2, p3, p4) = (Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
                    var (m0, m1, m2, s) = (Lanes(), Lanes(), Lanes(), Lanes())
                    var index = from
                    while index < to {
                        let x = times.loadUnaligned(fromByteOffset: index &* 4, as: Lanes.self)
                        let r = shape.residual(residuals.loadUnaligned(fromByteOffset: index &* 4, as: Lanes.self), x)
                        let p = shape.membership(r)
                        // Far away p is zero, and stays so times a large r.
                        let (px, pr) = (p * x, p * r)
                        let pxx = px * x
                        p0 += p
                        p1 += px
                        p2 += pxx
                        p3 += pxx * x
                        p4 += pxx * x * x
                        m0 += pr
                        m1 += pr * x
                        m2 += pr * x * x
                        s += pr * r
                        index &+= 8
                    }
                    powers[0] += Double(p0.sum())
                    powers[1] += Double(p1.sum())
                    powers[2] += Double(p2.sum())
                    powers[3] += Double(p3.sum())
                    powers[4] += Double(p4.sum())
                    moments[0] += Double(m0.sum())
                    moments[1] += Double(m1.sum())
                    moments[2] += Double(m2.sum())
                    squares += Double(s.sum())
                    from = to
                }
            }
        }
        for power in 1..<5 { for _ in 0..<power { powers[power] *= scale } }
        for power in 1..<3 { for _ in 0..<power { moments[power] *= scale } }
        return (powers, moments, squares)
    }

    /// Σ (p r/σ²)² x^k for k = 0…4: the empirical Fisher information of a cell's pairs.
    func scores(_ cell: Int, _ curve: FitCurve, delayPS: Double) -> [Double] {
        var powers = [0.0, 0, 0, 0, 0]
        let shape = Shape(curve, scale: scale, delayPS: delayPS)
        for index in stride(from: starts[cell], to: starts[cell + 1], by: Self.lanes) {
            var (x, r) = (Lanes(), Lanes())
            for lane in 0..<Self.lanes {
                x[lane] = times[index + lane]
                r[lane] = residuals[index + lane]
            }
            r = shape.residual(r, x)
            let score = shape.membership(r) * r / Float(curve.sigmaPS * curve.sigmaPS)
            for lane in 0..<Self.lanes {
                var term = Double(score[lane]) * Double(score[lane])
                for power in 0..<5 {
                    powers[power] += term
                    term *= Double(x[lane]) * scale
                }
            }
        }
        return powers
    }

    /// What is the same for all pairs of a cell.
    private struct Shape {
        private let shift: Lanes
        private let slope: Lanes
        private let bend: Lanes
        private let exponent: Lanes
        private let ratio: Lanes

        init(_ curve: FitCurve, scale: Double, delayPS: Double) {
            shift = Lanes(repeating: Float(delayPS - curve.corrections[0]))
            slope = Lanes(repeating: Float(-curve.corrections[1] * scale))
            bend = Lanes(repeating: Float(-0.5 * curve.corrections[2] * scale * scale))
            exponent = Lanes(repeating: Float(-0.5 * M_LOG2E / (curve.sigmaPS * curve.sigmaPS)))
            let background = (1 - curve.share) / (2 * curve.halfWidthPS)
            ratio = Lanes(repeating: Float(background * curve.sigmaPS * 2.506_628_274_631 / curve.share))
        }

        @inline(__always)
        func residual(_ r: Lanes, _ x: Lanes) -> Lanes { r + shift + x * (slope + x * bend) }

        /// exp(−r²/2σ²)/(exp(−r²/2σ²) + background over height).
        @inline(__always)
        func membership(_ r: Lanes) -> Lanes {
            let e = FastExp.exp2(r * r * exponent)
            return e / (e + ratio)
        }
    }
}

/// 2^x of several numbers at once, for x ≤ 0.
enum FastExp {
    /// To 3e-7 of the value; below 2^−64 it is zero.
    @inline(__always)
    static func exp2(_ x: SIMD8<Float>) -> SIMD8<Float> {
        // Adding 3·2^22 leaves the nearest whole number in the last bits.
        let magic = SIMD8<Float>(repeating: 12_582_912)
        let bounded = x.replacing(with: -64, where: x .< -64)
        let shifted = bounded + magic
        let f = bounded - (shifted - magic)
        var value = SIMD8<Float>(repeating: 1.535_336_2e-4)
        value = value * f + 1.339_887_4e-3
        value = value * f + 9.618_437e-3
        value = value * f + 5.550_332_8e-2
        value = value * f + 0.240_226_48
        value = value * f + 0.693_147_2
        value = value * f + 1
        let bits = unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &<< 23 &+ 0x3F80_0000
        let result = value * unsafeBitCast(bits, to: SIMD8<Float>.self)
        return result.replacing(with: 0, where: x .< -64)
    }
}
