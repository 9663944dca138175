import QKDCore

/// Where the peak of a slice is expected, by a parabola through the nearest slices that were found.
struct SliceForecast {
    /// The relation expected around the slice's middle, stated there.
    let relation: ClockRelation
    /// Its departure at the middle from the lock's relation, ps, and the error of that.
    let valuePS: Double
    let errorPS: Double
    /// Error of the slope, ps/s.
    let slopeErrorPS: Double

    /// Slices that take part.
    static let most = 6
    /// What clocks and paths do to the skew: a low satellite changes it by 3.6e-7 a second, ps/s².
    private static let driftPS = 4e5
    /// Room for the drift's own change around the lock, ps/s².
    private static let leastDriftPS = 2e4
    /// Room for the drift's change elsewhere: 5e-9 /s² for a low satellite, ps/s³.
    private static let driftChangePS = 5e3
    /// Room for what a parabola does not follow, ps.
    private static let scatterPS = 100.0

    /// Forecasts from the lock and `found` slices, whose residuals are against the lock's relation.
    init(_ lock: OffsetLock, _ found: [ClockSlice], atPS time: Int64) {
        func seconds(_ timePS: Int64) -> Double { Double(timePS - time) * 1e-12 }
        var equations = NormalEquations(3)
        let drift =
            found.count < 3 ? min(Self.driftPS, max(2e12 * lock.driftUncertainty, Self.leastDriftPS)) : Self.driftPS
        equations.addElement(2, 2, 1 / square(drift))
        for slice in found {
            let x = seconds(slice.centrePS)
            let error = slice.residualErrorPS + Self.scatterPS + Self.driftChangePS * abs(x * x * x) / 6
            equations.add([1, x, 0.5 * x * x], slice.residualPS, 1 / square(error))
        }
        if found.count < 3 {
            // The lock's own offset and skew are still the better part of what is known.
            let x = seconds(lock.relation.referencePS)
            equations.add([1, x, 0.5 * x * x], 0, 1 / square(lock.offsetUncertaintyPS))
            equations.add([0, 1, x], 0, 1 / square(lock.skewUncertainty * 1e12))
        }
        var moved = lock.relation.stated(atPS: time)
        if let solution = equations.solve() {
            valuePS = solution.values[0]
            errorPS = solution.covariance[0].squareRoot()
            slopeErrorPS = solution.covariance[1].squareRoot()
            moved.add(
                offsetPS: valuePS, skew: solution.values[1] * 1e-12, driftPerSecond: solution.values[2] * 1e-12)
        } else {
            let gap = seconds(found.last?.centrePS ?? lock.relation.referencePS)
            valuePS = found.last?.residualPS ?? 0
            slopeErrorPS = lock.skewUncertainty * 1e12 + Self.driftPS * abs(gap)
            errorPS = lock.offsetUncertaintyPS + slopeErrorPS * abs(gap)
            moved.add(offsetPS: valuePS, skew: 0, driftPerSecond: 0)
        }
        relation = moved
    }
}
