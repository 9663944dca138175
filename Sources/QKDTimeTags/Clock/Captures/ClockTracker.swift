#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// Follows the correlation peak from the block where it was found to both ends of the captures.
struct ClockTracker {
    private let tags: TagPair
    private let weights: TagWeights
    private var lock: OffsetLock
    /// Bins of a slice's histogram, ps.
    private let binPS = 2_000.0
    /// The slices, in order of time; residuals are against the lock's relation.
    private(set) var slices: [ClockSlice] = []
    /// The pairs that were looked at.
    private(set) var near = SlicePairs()

    /// Most slices that a capture is cut into.
    static let mostSlices = 400

    /// Tracks the whole overlap of the captures.
    init(_ tags: TagPair, weights: TagWeights, lock: OffsetLock) {
        self.tags = tags
        self.weights = weights
        self.lock = lock
        // A slice longer than the block would smear the peak by what the block left open of the skew.
        for _ in 0..<8 {
            guard let first = grid().first, first.endPS - first.startPS > self.lock.blockPS,
                let longer = self.lock.extended(tags, weights: weights)
            else { break }
            self.lock = longer
        }
        slices = grid()
        guard !slices.isEmpty else { return }
        let centre = lock.relation.referencePS
        let home = slices.firstIndex { $0.endPS > centre } ?? slices.count - 1
        near.parts = Array(repeating: nil, count: slices.count)
        follow(Array(home..<slices.count), from: [])
        let first = (home..<slices.count).filter { slices[$0].isCorrelated }.prefix(SliceForecast.most)
        follow(Array((0..<home).reversed()), from: first.reversed())
    }

    /// Slices long enough that a peak in 4 ns stands ten deviations above the background.
    private func grid() -> [ClockSlice] {
        let relation = lock.relation
        let firstPS = max(tags.aliceSpan.lowerBound, tags.bobSpan.lowerBound - relation.offsetPS)
        let lastPS = min(tags.aliceSpan.upperBound, tags.bobSpan.upperBound - relation.offsetPS) + 1
        guard lastPS > firstPS else { return [] }
        let seconds = Double(lock.blockPS) * 1e-12
        // Half of the pairs, for a peak as wide as the box itself.
        let signal = 0.5 * max(1e-9, lock.peakPairs - lock.backgroundPairs) / seconds
        let background = lock.backgroundPairs / seconds * 2 * binPS / (lock.offsetUncertaintyPS / 1.5 * 2)
        let needed = max(40 / signal, 100 * background / (signal * signal)) * 1e12
        let span = Double(lastPS - firstPS)
        let count = max(1, min(Self.mostSlices, Int(span / needed)))
        return (0..<count).map { index in
            ClockSlice(
                startPS: firstPS + Int64(span * Double(index) / Double(count)),
                endPS: index + 1 == count ? lastPS : firstPS + Int64(span * Double(index + 1) / Double(count)),
                isCorrelated: false, residualPS: .nan, residualErrorPS: .nan, pairs: 0)
        }
    }

    /// `found` are the nearest slices with a peak, the nearest last.
    private mutating func follow(_ indices: [Int], from found: [Int]) {
        var found = found
        for index in indices {
            // The caller tells a cancelled task from a capture without correlation.
            guard !Task.isCancelled else { return }
            let forecast = SliceForecast(
                lock, found.suffix(SliceForecast.most).map { slices[$0] }, atPS: slices[index].centrePS)
            var relation = forecast.relation
            let bins = 2 * Int((min(20_000 + 4 * forecast.errorPS, 2e7) / binPS).rounded(.up)) + 16
            let length = slices[index].endPS - slices[index].startPS
            // Where what is open of the slope could smear the peak over the slice, it is looked for as well.
            let drifts = min(400, Int((2 * forecast.slopeErrorPS * Double(length) * 1e-12 / binPS).rounded()))
            if drifts > 1 {
                let plane = DifferencePlane(
                    tags, weights: weights, startPS: slices[index].startPS, durationPS: length, relation: relation,
                    segments: 32, bins: bins + 2 * drifts, binPS: binPS)
                if let line = LinePeak(in: plane, reach: drifts) {
                    relation.add(
                        offsetPS: 0, skew: Double(line.driftBins) * binPS / Double(length), driftPerSecond: 0)
                }
            }
            let first = near.pairs.count
            let half = 0.5 * Double(bins) * binPS
            near.pairs.add(
                tags, relation, fromPS: slices[index].startPS, toPS: slices[index].endPS, halfWidthPS: half)
            let range = first..<near.pairs.count
            near.parts[index] = SlicePairs.Part(range: range, relation: relation, halfWidthPS: half)
            let plane = DifferencePlane(
                tags, weights: weights, near.pairs, range, slice: slices[index], relation: relation, bins: bins,
                binPS: binPS)
            guard let peak = SlicePeak(plane) else { continue }
            slices[index].isCorrelated = true
            slices[index].residualPS = forecast.valuePS + peak.positionPS
            slices[index].residualErrorPS = peak.errorPS
            slices[index].pairs = peak.pairs
            found.append(index)
        }
    }

    /// The relation that the slices give: a parabola, a line or a shift, as their number allows; outliers are left
    /// out. Where the slices wander from it by more than 3 ns they become the knots of a polygon.
    func relation() -> ClockRelation {
        var relation = lock.relation
        let found = slices.filter(\.isCorrelated)
        guard let first = found.first, let last = found.last else { return relation }
        relation = relation.stated(atPS: first.centrePS + (last.centrePS - first.centrePS) / 2)
        let shift = relation.referencePS
        func x(_ slice: ClockSlice) -> Double { Double(slice.centrePS - shift) * 1e-12 }
        let order = found.count >= 5 ? 3 : min(found.count, 2)
        var kept = found
        var values = [0.0, 0, 0]
        for _ in 0..<4 {
            var equations = NormalEquations(order)
            for slice in kept {
                let powers = [1, x(slice), 0.5 * x(slice) * x(slice)]
                equations.add(
                    Array(powers[..<order]), slice.residualPS, 1 / square(slice.residualErrorPS + 100))
            }
            guard let solution = equations.solve() else { break }
            values = solution.values + Array(repeating: 0, count: 3 - order)
            let residuals = found.map { $0.residualPS - value(values, x($0)) }
            let limit = max(2_000, 6 * median(residuals.map(abs)))
            kept = zip(found, residuals).filter { abs($0.1) <= limit }.map(\.0)
            if kept.count < max(order, found.count / 2) { kept = found }
        }
        relation.add(offsetPS: values[0], skew: values[1] * 1e-12, driftPerSecond: values[2] * 1e-12)
        let rest = kept.map { $0.residualPS - value(values, x($0)) }
        let scatter = (rest.reduce(0) { $0 + $1 * $1 } / Double(max(1, rest.count))).squareRoot()
        if scatter > 3_000, found.count >= 5 {
            relation.setWander(
                found.map { (x($0), $0.residualPS - value(values, x($0))) },
                from: Double(first.startPS - shift) * 1e-12,
                to: Double(last.endPS - shift) * 1e-12)
        }
        return relation
    }

    private func value(_ values: [Double], _ x: Double) -> Double {
        values[0] + values[1] * x + 0.5 * values[2] * x * x
    }
}

/// x².
@inline(__always)
func square(_ x: Double) -> Double { x * x }

/// The middle value; 0 of nothing.
func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    return values.sorted()[values.count / 2]
}
