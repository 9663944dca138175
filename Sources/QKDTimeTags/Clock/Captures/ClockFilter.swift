/// Covariance of offset, skew and drift (ps, ps/s, ps/s²), and how a measurement changes the three.
///
/// The Kalman filter of a clock whose drift is a random walk (J. A. Barnes et al., IEEE Trans. Instrum. Meas. IM-20,
/// 105, 1971, for the model; R. E. Kalman, J. Basic Eng. 82, 35, 1960).
struct ClockFilter: Sendable {
    private var p00: Double
    private var p01 = 0.0
    private var p02 = 0.0
    private var p11: Double
    private var p12 = 0.0
    private var p22: Double

    /// Starts from independent standard errors.
    init(offsetPS: Double, skew: Double, drift: Double) {
        p00 = offsetPS * offsetPS
        p11 = skew * skew
        p22 = drift * drift
    }

    var offsetVariance: Double { p00 }
    var skewVariance: Double { p11 }
    var driftVariance: Double { p22 }

    /// Moves on, or back, by a time, in which the drift walks by `walk` ps/s² a square root of a second.
    mutating func move(seconds t: Double, walk: Double) {
        let h = 0.5 * t * t
        let (a0, a1, a2) = (p00 + t * p01 + h * p02, p01 + t * p11 + h * p12, p02 + t * p12 + h * p22)
        let (b1, b2) = (p11 + t * p12, p12 + t * p22)
        let (q, s) = (walk * walk, abs(t))
        let sign = t < 0 ? -1.0 : 1
        p00 = a0 + t * a1 + h * a2 + q * s * s * s * s * s / 20
        p01 = a1 + t * a2 + sign * q * s * s * s * s / 8
        p02 = a2 + q * s * s * s / 6
        p11 = b1 + t * b2 + q * s * s * s / 3
        p12 = b2 + sign * q * s * s / 2
        p22 += q * s
    }

    /// Makes the offset less certain, alone.
    mutating func addOffset(variance: Double) { p00 += variance }

    /// Takes up a measured offset and slope, independent of each other; returns what is to be added to the three.
    mutating func take(
        offsetPS: Double, error: Double, slopePS: Double, slopeError: Double
    ) -> (offsetPS: Double, skew: Double, drift: Double) {
        let total = p00 + error * error
        let gain = (p00 / total, p01 / total, p02 / total)
        var state = (gain.0 * offsetPS, gain.1 * offsetPS, gain.2 * offsetPS)
        (p11, p12, p22) = (p11 - gain.1 * p01, p12 - gain.1 * p02, p22 - gain.2 * p02)
        // The form 1 − gain = error²/total does not lose its digits.
        let left = error * error / total
        (p00, p01, p02) = (p00 * left, p01 * left, p02 * left)
        guard slopeError.isFinite else { return (state.0, state.1, state.2) }
        let sum = p11 + slopeError * slopeError
        let turn = (p01 / sum, p11 / sum, p12 / sum)
        let miss = slopePS - state.1
        state = (state.0 + turn.0 * miss, state.1 + turn.1 * miss, state.2 + turn.2 * miss)
        (p00, p02, p22) = (p00 - turn.0 * p01, p02 - turn.0 * p12, p22 - turn.2 * p12)
        let rest = slopeError * slopeError / sum
        (p01, p11, p12) = (p01 * rest, p11 * rest, p12 * rest)
        return (state.0, state.1, state.2)
    }
}
