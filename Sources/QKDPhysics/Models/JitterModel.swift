/// A detector's timing jitter: a Gaussian core and a one-sided exponential tail.
///
/// J(u) = (1 − f) N(0, σ²) + f (1/τ) e^(−u/τ) Θ(u): the form with which Diamanti's thesis (Stanford
/// 2006) fits up-conversion detectors, where a pure Gaussian is excluded. Zero is the core's centre.
/// Mean f τ, variance (1 − f)σ² + 2fτ² − f²τ².
public struct JitterModel: Sendable, Equatable {
    /// Full width at half maximum of the Gaussian core, ps.
    public var fwhmPS: Double
    /// Fraction of clicks in the tail, 0…1.
    public var tailFraction: Double
    /// Time constant of the tail, ps.
    public var tailPS: Double

    /// States a jitter.
    public init(fwhmPS: Double, tailFraction: Double = 0, tailPS: Double = 0) {
        self.fwhmPS = fwhmPS
        self.tailFraction = tailFraction
        self.tailPS = tailPS
    }

    /// Standard deviation of the core, ps.
    public var sigmaPS: Double { fwhmPS / PulseShape.fwhmPerSigma }
    /// Mean delay, ps.
    public var meanPS: Double { tailFraction * tailPS }
    /// Variance, ps².
    public var variancePS2: Double {
        (1 - tailFraction) * sigmaPS * sigmaPS + 2 * tailFraction * tailPS * tailPS - meanPS * meanPS
    }

    /// One delay, ps.
    @inlinable
    public func draw(_ generator: inout SeededGenerator) -> Double {
        if tailFraction > 0, generator.uniform() <= tailFraction {
            return tailPS * generator.exponential()
        }
        return fwhmPS > 0 ? sigmaPS * generator.gaussian() : 0
    }
}
