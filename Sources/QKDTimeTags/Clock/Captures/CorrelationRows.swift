#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// The correlations of a block's segments, one row of lags each, and the highest lines through them.
struct CorrelationRows {
    /// A place on a line: lag at the block's middle, lags moved over the block.
    struct Peak {
        var lag: Int
        var drift: Int
        /// Over the neighbourhood's mean, in its standard deviations and in units of the rows.
        var height: Float
        var excess: Float
    }

    /// Number of rows, and values of each.
    let rows: Int
    let lags: Int
    /// Row by row.
    private(set) var values: [Float]

    /// Starts with zeros.
    init(rows: Int, lags: Int) {
        self.rows = rows
        self.lags = lags
        values = Array(repeating: 0, count: rows * lags)
    }

    /// Takes rows as they are.
    init(_ values: [Float], lags: Int) {
        self.lags = lags
        self.values = values
        rows = values.count / lags
    }

    /// Correlates each run of `segmentBins` counts of Alice's with Bob's from the run's start on: less its mean.
    ///
    /// Alice's counts ride on the real part and Bob's on the imaginary one; two segments share the way back.
    mutating func correlate(_ alice: [Float], _ bob: [Float], segmentBins: Int, _ fft: borrowing ForwardFFT) throws {
        let points = fft.count
        var signal = [Phasor](repeating: Phasor(), count: points)
        var spectrum = signal
        var product = signal
        for first in stride(from: 0, to: rows, by: 2) {
            try Cancellation.check()
            for row in first..<min(first + 2, rows) {
                let start = row * segmentBins
                signal.withUnsafeMutableBufferPointer { signal in
                    for index in 0..<min(points, bob.count - start) { signal[index] = Phasor(0, bob[start &+ index]) }
                    for index in max(0, min(points, bob.count - start))..<points { signal[index] = Phasor() }
                    // What lies beyond the lags would come round as if it lay before them.
                    for index in min(points, segmentBins + lags)..<points { signal[index] = Phasor() }
                    for index in 0..<segmentBins { signal[index].x = alice[start &+ index] }
                }
                Self.transform(fft, signal, into: &spectrum)
                Self.multiply(spectrum, into: &product, isSecond: row > first)
            }
            Self.transform(fft, product, into: &spectrum)
            take(spectrum, row: first, scale: 0.25 / Float(points))
        }
    }

    /// The same for sums of vectors; a pair counts as their scalar product.
    mutating func correlate(_ alice: [Phasor], _ bob: [Phasor], segmentBins: Int, _ fft: borrowing ForwardFFT) throws {
        let points = fft.count
        var signal = [Phasor](repeating: Phasor(), count: points)
        var (spectrum, other) = (signal, signal)
        for row in 0..<rows {
            try Cancellation.check()
            let start = row * segmentBins
            for index in 0..<points {
                signal[index] = index < segmentBins + lags && start + index < bob.count ? bob[start + index] : Phasor()
            }
            Self.transform(fft, signal, into: &other)
            for index in 0..<points { signal[index] = index < segmentBins ? alice[start + index] : Phasor() }
            Self.transform(fft, signal, into: &spectrum)
            for index in 0..<points {
                let (p, q) = (spectrum[index], other[index])
                signal[index] = Phasor(p.x * q.x + p.y * q.y, p.y * q.x - p.x * q.y)
            }
            Self.transform(fft, signal, into: &spectrum)
            take(spectrum, row: row, scale: 1 / Float(points), only: true)
        }
    }

    private static func transform(_ fft: borrowing ForwardFFT, _ input: [Phasor], into output: inout [Phasor]) {
        output.withUnsafeMutableBufferPointer { output in
            input.withUnsafeBufferPointer { fft.transform($0, into: output) }
        }
    }

    /// 4 FA conj(FB) of z = a + i b from its transform Z: i P conj(Q) with P, Q = Z(k) ± conj Z(−k). Its forward
    /// transform is the correlation at rising lag t_B − t_A; the second one is put on the imaginary part.
    private static func multiply(_ spectrum: [Phasor], into product: inout [Phasor], isSecond: Bool) {
        let points = spectrum.count
        product.withUnsafeMutableBufferPointer { product in
            spectrum.withUnsafeBufferPointer { z in
                for k in 0..<points {
                    let (u, v) = (z[k], z[k == 0 ? 0 : points &- k])
                    let (px, py, qx, qy) = (u.x + v.x, u.y - v.y, u.x - v.x, u.y + v.y)
                    // i P conj Q = i (px qx + py qy) − (py qx − px qy).
                    let (x, y) = (px * qy - py * qx, px * qx + py * qy)
                    if isSecond { product[k] += Phasor(-y, x) } else { product[k] = Phasor(x, y) }
                }
                // Without the mean, single precision goes to the scatter.
                product[0] = Phasor()
            }
        }
    }

    private mutating func take(_ spectrum: [Phasor], row: Int, scale: Float, only: Bool = false) {
        let lags = lags
        let isPair = !only && row + 1 < rows
        values.withUnsafeMutableBufferPointer { values in
            spectrum.withUnsafeBufferPointer { spectrum in
                for lag in 0..<lags { values[row &* lags &+ lag] = spectrum[lag].x * scale }
                guard isPair else { return }
                for lag in 0..<lags { values[(row &+ 1) &* lags &+ lag] = spectrum[lag].y * scale }
            }
        }
    }

    /// Lags that share one mean and one standard deviation; slow changes of rate drop out.
    private static let tile = 512

    /// The highest places of all lines that move by up to `reach` lags over the block, best first; places on lines
    /// near a higher one are left out.
    func peaks(reach: Int, count: Int) throws -> [Peak] {
        var best: [Peak] = []
        let margin = reach / 2 + 1
        let places = lags - 2 * margin
        let shifts = (-reach...reach).map { drift in
            (0..<rows).map { row in
                let phase = (Double(row) + 0.5) / Double(rows) - 0.5
                return row * lags + margin + Int((Double(drift) * phase).rounded())
            }
        }
        var sums = [Float](repeating: 0, count: Self.tile)
        for start in stride(from: 0, to: places, by: Self.tile) {
            try Cancellation.check()
            // The last tile is a whole one as well, where there is one.
            let size = min(Self.tile, places)
            let from = min(start, places - size)
            addUp(shifts[reach], from: from, size: size, into: &sums)
            let (mean, deviation) = Self.moments(sums, size)
            for (line, shifts) in shifts.enumerated() {
                let drift = line - reach
                addUp(shifts, from: from, size: size, into: &sums)
                var limit = best.count == count ? mean + deviation * best[count - 1].height : -.infinity
                sums.withUnsafeBufferPointer { sums in
                    for place in (start - from)..<size where sums[place] > limit {
                        let excess = sums[place] - mean
                        Self.insert(
                            Peak(
                                lag: from + place + margin, drift: drift, height: excess / deviation, excess: excess),
                            into: &best, count: count, reach: reach)
                        if best.count == count { limit = mean + deviation * best[count - 1].height }
                    }
                }
            }
        }
        return best
    }

    private func addUp(_ shifts: [Int], from: Int, size: Int, into sums: inout [Float]) {
        sums.withUnsafeMutableBufferPointer { sums in
            values.withUnsafeBufferPointer { values in
                for place in 0..<size { sums[place] = 0 }
                var row = 0
                while row &+ 4 <= rows {
                    let (i, j) = (from &+ shifts[row], from &+ shifts[row &+ 1])
                    let (k, l) = (from &+ shifts[row &+ 2], from &+ shifts[row &+ 3])
                    for place in 0..<size {
                        sums[place] +=
                            (values[i &+ place] + values[j &+ place]) + (values[k &+ place] + values[l &+ place])
                    }
                    row &+= 4
                }
                while row < rows {
                    let i = from &+ shifts[row]
                    for place in 0..<size { sums[place] += values[i &+ place] }
                    row &+= 1
                }
            }
        }
    }

    private static func moments(_ sums: [Float], _ size: Int) -> (mean: Float, deviation: Float) {
        var (total, squares) = (0.0, 0.0)
        for place in 0..<size {
            let value = Double(sums[place])
            total += value
            squares += value * value
        }
        let mean = total / Double(size)
        return (Float(mean), Float(max(squares / Double(size) - mean * mean, 0.01).squareRoot()))
    }

    private static func insert(_ peak: Peak, into best: inout [Peak], count: Int, reach: Int) {
        if let near = best.firstIndex(where: {
            abs($0.lag - peak.lag) <= reach + 2 && abs($0.drift - peak.drift) <= reach
        }
        ) {
            guard best[near].height < peak.height else { return }
            best.remove(at: near)
        }
        best.insert(peak, at: best.firstIndex { $0.height < peak.height } ?? best.count)
        if best.count > count { best.removeLast() }
    }
}
