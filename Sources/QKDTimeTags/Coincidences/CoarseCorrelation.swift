#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// A place at which the coarse correlation is high.
struct CoarsePeak {
    /// Offset at the block's middle, ps.
    var offsetPS: Int64
    /// Skew, dimensionless.
    var skew: Double
    /// Height over the neighbourhood's mean in its standard deviations.
    var height: Float
    fileprivate var lag: Int
    fileprivate var drift: Int
}

/// Cross-correlation of binned tags by FFT, over all offsets and skews of the search at once.
///
/// A block of Alice's tags is cut into segments so short that no skew of the search moves the peak by more than a
/// bin within one. Each is correlated with all of Bob's tags that it may meet, and the correlations are added
/// along the straight lines that the skews make. The significance of a true peak is c √(T/(a b w)) for c
/// coincidences a second, rates a and b, bin w and block T.
struct CoarseCorrelation {
    /// Width of a bin, ps.
    let binPS: Double
    /// Bins of a segment, and segments of the block.
    let segmentBins: Int
    let segments: Int
    /// Points of the transform.
    let points: Int
    private let lags: Int
    private let margin: Int
    private let reach: Int
    private let search: OffsetSearch

    /// Length of the block, ps.
    var blockPS: Int64 { Int64(Double(segments * segmentBins) * binPS) }
    /// Change of skew from one line to the next.
    var skewStep: Double { 1 / Double(segments * segmentBins) }

    private static let largest = 1 << 21

    /// Plans for bins of at least `binPS`, wider where the range needs it; the block is at most `longestPS` long.
    init(_ search: OffsetSearch, binPS: Double, segments: Int, longestPS: Int64) {
        self.segments = segments
        var bin = binPS
        while true {
            let perSkew = max(4, Int(1 / max(search.maximumSkew, 1e-7)))
            let perBlock = max(4, Int(Double(longestPS) / bin) / segments)
            let length = min(perSkew, perBlock)
            let drift = Int((search.maximumSkew * Double(length * segments)).rounded(.up)) + 1
            let lags = 2 * Int((Double(search.rangePS) / bin).rounded(.up)) + 1 + drift + 2
            let points = Self.smoothLength(from: lags + segments * length)
            if points <= Self.largest {
                self.binPS = bin
                segmentBins = length
                reach = drift
                margin = drift / 2 + 1
                self.lags = lags
                self.points = points
                break
            }
            bin *= 2
        }
        self.search = search
    }

    /// The least length of at least `least` points that has no prime factor above 5.
    private static func smoothLength(from least: Int) -> Int {
        var length = max(1024, least)
        while true {
            var rest = length
            for prime in [2, 3, 5] { while rest % prime == 0 { rest /= prime } }
            if rest == 1 { return length }
            length += 1
        }
    }

    /// The highest places of the block that starts at `startPS` of Alice's clock, best first.
    func peaks(_ tags: TagPair, startPS: Int64, count: Int) throws -> [CoarsePeak] {
        guard let fft = ForwardFFT.planned(count: points) else {
            throw QKDError(.unsupported, "no Fourier transform of \(points) points")
        }
        let bobStart = startPS + search.centrePS - Int64(Double(lags / 2) * binPS)
        let length = segments * segmentBins
        let bob = fft.transform(
            binned(tags.bob, search.weights.bob, fromPS: bobStart, bins: 0..<(lags + length), scale: Phasor(1, 0)))
        var rows: [[Float]] = []
        let step = search.weights.isPlain ? 2 : 1
        for first in stride(from: 0, to: segments, by: step) {
            try Cancellation.check()
            var signal = binned(
                tags.alice, search.weights.alice, fromPS: startPS,
                bins: first * segmentBins..<(first + 1) * segmentBins, scale: Phasor(1, 0))
            if step == 2 {
                // Plain tags are real: a second segment rides on the imaginary part.
                let second = binned(
                    tags.alice, search.weights.alice, fromPS: startPS,
                    bins: (first + 1) * segmentBins..<(first + 2) * segmentBins, scale: Phasor(0, 1))
                signal += repeatElement(Phasor(), count: second.count - signal.count)
                for index in second.indices { signal[index] += second[index] }
            }
            var product = fft.transform(signal)
            // The forward transform of FA conj(FB) is the correlation at rising lag t_B − t_A.
            product.withUnsafeMutableBufferPointer { product in
                bob.withUnsafeBufferPointer { bob in
                    for index in product.indices {
                        let (p, q) = (product[index], bob[index])
                        product[index] = Phasor(p.x * q.x + p.y * q.y, p.y * q.x - p.x * q.y)
                    }
                }
            }
            let correlation = fft.transform(product)
            let norm = 1 / Float(points)
            rows.append(correlation[..<lags].map { $0.x * norm })
            if step == 2 { rows.append(correlation[..<lags].map { $0.y * norm }) }
        }
        return try lineUp(rows, count: count)
    }

    /// Sums of weights in bins from `fromPS` on; bins outside `bins` stay empty.
    private func binned(
        _ tags: TagBatch, _ weights: [Phasor], fromPS: Int64, bins: Range<Int>, scale: Phasor
    ) -> [Phasor] {
        var result = [Phasor](repeating: Phasor(), count: bins.upperBound)
        let first = fromPS + Int64((Double(bins.lowerBound) * binPS).rounded(.up))
        let last = fromPS + Int64((Double(bins.upperBound) * binPS).rounded(.up))
        let perBin = 1 / binPS
        let plain = search.weights.isPlain
        result.withUnsafeMutableBufferPointer { result in
            tags.times.withUnsafeBufferPointer { times in
                tags.channels.withUnsafeBufferPointer { channels in
                    weights.withUnsafeBufferPointer { weights in
                        for index in tags.range(fromPS: first, toPS: last) {
                            let bin = min(bins.upperBound &- 1, Int(Double(times[index] &- fromPS) * perBin))
                            result[bin] += plain ? scale : weights[Int(channels[index])]
                        }
                    }
                }
            }
        }
        return result
    }

    /// Adds the rows along every line and keeps the highest places.
    private func lineUp(_ rows: [[Float]], count: Int) throws -> [CoarsePeak] {
        var best: [CoarsePeak] = []
        let places = lags - 2 * margin
        var sums = [Float](repeating: 0, count: places)
        var heights = [Float](repeating: 0, count: places)
        for drift in -reach...reach {
            try Cancellation.check()
            sums.withUnsafeMutableBufferPointer { sums in
                for place in sums.indices { sums[place] = 0 }
                for segment in 0..<segments {
                    let phase = (Double(segment) + 0.5) / Double(segments) - 0.5
                    let from = margin + Int((Double(drift) * phase).rounded())
                    rows[segment].withUnsafeBufferPointer { row in
                        for place in sums.indices { sums[place] += row[from &+ place] }
                    }
                }
            }
            LocalContrast.heights(of: sums, into: &heights)
            heights.withUnsafeBufferPointer { heights in
                for place in heights.indices {
                    let height = heights[place]
                    if best.count == count, height <= best[count - 1].height { continue }
                    insert(height, lag: place + margin, drift: drift, into: &best, count: count)
                }
            }
        }
        return best
    }

    private func insert(_ height: Float, lag: Int, drift: Int, into best: inout [CoarsePeak], count: Int) {
        if let near = best.firstIndex(where: { abs($0.lag - lag) <= reach + 2 && abs($0.drift - drift) <= reach }) {
            guard best[near].height < height else { return }
            best.remove(at: near)
        }
        let offset = search.centrePS + Int64((Double(lag - lags / 2) * binPS).rounded())
        let peak = CoarsePeak(
            offsetPS: offset, skew: Double(drift) * skewStep, height: height, lag: lag, drift: drift)
        best.insert(peak, at: best.firstIndex { $0.height < height } ?? best.count)
        if best.count > count { best.removeLast() }
    }
}

/// Heights over the mean of the neighbourhood in units of its standard deviation.
enum LocalContrast {
    private static let reach = 256

    /// Takes 256 values to each side, fewer at the ends; slow changes of rate thereby drop out.
    static func heights(of values: [Float], into heights: inout [Float]) {
        let count = values.count
        var (low, high) = (0, 0)
        var (sum, squares) = (0.0, 0.0)
        values.withUnsafeBufferPointer { values in
            heights.withUnsafeMutableBufferPointer { heights in
                for place in 0..<count {
                    while high < count, high <= place + reach {
                        let value = Double(values[high])
                        sum += value
                        squares += value * value
                        high += 1
                    }
                    while low < place - reach {
                        let value = Double(values[low])
                        sum -= value
                        squares -= value * value
                        low += 1
                    }
                    let number = Double(high - low)
                    let mean = sum / number
                    let variance = max(squares / number - mean * mean, 0.01)
                    heights[place] = Float((Double(values[place]) - mean) / variance.squareRoot())
                }
            }
        }
    }
}
