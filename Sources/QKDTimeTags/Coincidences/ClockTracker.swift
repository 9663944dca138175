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
        follow(Array(home..<slices.count))
        follow(Array((0..<home).reversed()))
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

    private mutating func follow(_ indices: [Int]) {
        for index in indices {
            // The caller tells a cancelled task from a capture without correlation.
            guard !Task.isCancelled else { return }
            let centre = slices[index].centrePS
            let forecast = forecast(atPS: centre)
            // Room for a drift of 2e-8/s since the last slice that was found.
            let reach = 20_000 + forecast.errorPS * 4 + 1e4 * forecast.gapSeconds * forecast.gapSeconds
            var relation = lock.relation
            relation.add(
                offsetPS: forecast.valuePS - forecast.slope * 1e12 * seconds(centre), skew: forecast.slope,
                driftPerSecond: 0)
            let length = slices[index].endPS - slices[index].startPS
            let bins = 2 * Int((min(reach, 2e7) / binPS).rounded(.up)) + 16
            // Where a drift of 1e-8/s could smear the peak over the slice, its slope is looked for as well.
            let seconds = Double(length) * 1e-12
            let slope = lock.skewUncertainty + 1.5e-8 * max(forecast.gapSeconds, 0)
            let drifts = min(400, Int((slope * 1e12 * seconds / binPS).rounded()))
            if drifts > 1 {
                relation = relation.stated(atPS: centre)
                let plane = DifferencePlane(
                    tags, weights: weights, startPS: slices[index].startPS, durationPS: length, relation: relation,
                    segments: 32, bins: bins + 2 * drifts, binPS: binPS)
                if let line = LinePeak(in: plane, reach: drifts) {
                    let skew = Double(line.driftBins) * binPS / Double(length)
                    relation.add(offsetPS: 0, skew: skew, driftPerSecond: 0)
                }
            }
            let plane = DifferencePlane(
                tags, weights: weights, startPS: slices[index].startPS, durationPS: length, relation: relation,
                segments: 1, bins: bins, binPS: binPS)
            guard let peak = SlicePeak(plane) else { continue }
            slices[index].isCorrelated = true
            slices[index].residualPS = forecast.valuePS + peak.positionPS
            slices[index].residualErrorPS = peak.errorPS
            slices[index].pairs = peak.pairs
        }
    }

    private func seconds(_ timePS: Int64) -> Double { Double(timePS - lock.relation.referencePS) * 1e-12 }

    /// Where the peak is expected, by a line through the nearest slices that were found.
    private func forecast(atPS timePS: Int64)
        -> (valuePS: Double, slope: Double, errorPS: Double, gapSeconds: Double)
    {
        let x = seconds(timePS)
        let found = slices.filter(\.isCorrelated)
            .sorted { abs($0.centrePS - timePS) < abs($1.centrePS - timePS) }.prefix(4)
        guard let nearest = found.first else {
            return (0, 0, lock.offsetUncertaintyPS + lock.skewUncertainty * 1e12 * abs(x), 0)
        }
        let gap = abs(x - seconds(nearest.centrePS))
        guard found.count > 1 else {
            let error = nearest.residualErrorPS + lock.skewUncertainty * 1e12 * gap
            return (nearest.residualPS, 0, error, gap)
        }
        var equations = NormalEquations(2)
        for slice in found {
            equations.add([1, seconds(slice.centrePS) - x], slice.residualPS, 1 / square(slice.residualErrorPS + 200))
        }
        guard let solution = equations.solve() else { return (nearest.residualPS, 0, 1e5, gap) }
        return (solution.values[0], solution.values[1] * 1e-12, solution.covariance[0].squareRoot(), gap)
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
            relation.setWander(found.map { (x($0), $0.residualPS - value(values, x($0))) })
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

extension ClockRelation {
    /// Puts knots as far apart as the mean of the points' distances and takes the points' polygon there.
    mutating func setWander(_ points: [(x: Double, y: Double)]) {
        guard let first = points.first, let last = points.last, points.count > 1 else { return }
        let count = points.count
        wanderStartSeconds = first.x
        wanderStepSeconds = (last.x - first.x) / Double(count - 1)
        var next = 0
        wanderPS = (0..<count).map { knot in
            let x = wanderStartSeconds + Double(knot) * wanderStepSeconds
            while next + 2 < count, points[next + 1].x < x { next += 1 }
            let (left, right) = (points[next], points[next + 1])
            let part = max(0, min(1, (x - left.x) / (right.x - left.x)))
            return left.y * (1 - part) + right.y * part
        }
    }
}
