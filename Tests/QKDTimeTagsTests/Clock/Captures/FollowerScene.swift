#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

@testable import QKDTimeTags

/// Differences that a live link would hand to a follower, drawn around a true course of Bob's clock.
struct FollowerScene {
    var random: SceneRandom
    /// Pairs a second, accidental differences for each pair in the window, jitter.
    var pairsHz: Double
    var accidentals = 10.0
    var sigmaPS = 150.0
    /// Bob's reading less Alice's at a time of hers, seconds and ps.
    var course: (Double) -> Double
    /// Whether there is light.
    var isLit: (Double) -> Bool = { _ in true }

    /// A satellite's course: ± 23 ppm, 3.6e-7 a second in the middle.
    static func satellite(middleSeconds: Double) -> (Double) -> Double {
        let scale = SatellitePass.skew / SatellitePass.driftPerSecond
        return { -SatellitePass.skew * scale * 1e12 * log(cosh(($0 - middleSeconds) / scale)) }
    }

    /// A stretch's times and residuals against a relation; as many accidental ones as the pairs' own rate would give
    /// in the window that the first stretch has.
    mutating func stretch(
        _ follower: ClockFollower, from: Double, to: Double, accidentalsPerPS: Double
    ) -> (stretch: Range<Int64>, half: Int64, times: [Int64], residuals: [Int64]) {
        let stretch = Int64((from * 1e12).rounded())..<Int64((to * 1e12).rounded())
        let half = follower.halfWidthPS(untilPS: stretch.upperBound)
        let relation = follower.relation
        var (times, residuals): ([Int64], [Int64]) = ([], [])
        var x = from + random.exponential(mean: 1 / pairsHz)
        while x < to {
            let time = Int64(x * 1e12)
            let exact = Double(time) * 1e-12
            let departure = relation.departurePS(atSeconds: Double(time - relation.referencePS) * 1e-12)
            let residual = course(exact) - Double(relation.offsetPS) - departure + random.gaussian(sigma: sigmaPS)
            if isLit(x), abs(residual) <= Double(half) {
                times.append(time)
                residuals.append(Int64(residual.rounded()))
            }
            x += random.exponential(mean: 1 / pairsHz)
        }
        let rate = accidentalsPerPS * Double(2 * half)
        x = from + random.exponential(mean: 1 / rate)
        while x < to {
            times.append(Int64(x * 1e12))
            residuals.append(Int64(random.below(Int(2 * half + 1))) - half)
            x += random.exponential(mean: 1 / rate)
        }
        return (stretch, half, times, residuals)
    }

    /// A follower that starts at a time with what a search would leave open.
    func follower(atSeconds x: Double, offsetErrorPS: Double = 30_000, skewError: Double = 3e-8) -> ClockFollower {
        let skew = (course(x + 1e-3) - course(x - 1e-3)) / 2e-3 * 1e-12
        var relation = ClockRelation(referencePS: Int64(x * 1e12), offsetPS: 0, skew: skew + 0.7 * skewError)
        relation.add(offsetPS: course(x) + 0.8 * offsetErrorPS, skew: 0, driftPerSecond: 0)
        return ClockFollower(relation: relation, offsetErrorPS: offsetErrorPS, skewError: skewError)
    }

    /// Follows stretch after stretch.
    mutating func follow(
        _ follower: inout ClockFollower, from: Double, to: Double, stretch length: Double
    ) -> [FollowedStretch] {
        // Ten accidental differences a pair in the narrow window of 20 deviations.
        let perPS = accidentals * pairsHz / (40 * sigmaPS)
        var results: [FollowedStretch] = []
        let count = Int(((to - from) / length).rounded())
        for index in 0..<count {
            let start = from + Double(index) * length
            let (range, half, times, residuals) = self.stretch(
                follower, from: start, to: start + length, accidentalsPerPS: perPS)
            results.append(
                follower.update(stretchPS: range, halfWidthPS: half, timesPS: times, residualsPS: residuals))
        }
        return results
    }

    /// How far the follower's relation is off at a time, ps.
    func errorPS(_ follower: ClockFollower, atSeconds x: Double) -> Double {
        let relation = follower.relation
        let departure = relation.departurePS(atSeconds: Double(Int64(x * 1e12) - relation.referencePS) * 1e-12)
        return Double(relation.offsetPS) + departure - course(x)
    }
}
