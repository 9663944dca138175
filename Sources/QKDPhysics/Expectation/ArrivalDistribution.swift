#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The distribution of a signal click's time about the pulse's centre: laser pulse and detector jitter together.
///
/// The core is N(0, σ_J² + σ_L²); the tail is an exponential spread by the laser's Gaussian (an
/// exponentially modified Gaussian; Grushka, Anal. Chem. 44, 1733, 1972).
public struct ArrivalDistribution: Sendable, Equatable {
    /// The laser's pulse.
    public var pulse: PulseShape
    /// The detector's jitter.
    public var jitter: JitterModel

    /// Joins a pulse and a jitter.
    public init(pulse: PulseShape, jitter: JitterModel) {
        self.pulse = pulse
        self.jitter = jitter
    }

    /// Probability of a time at or before `timePS` after the pulse's centre.
    public func cumulative(_ timePS: Double) -> Double {
        let laser = pulse.sigmaPS
        let sigma = (laser * laser + jitter.sigmaPS * jitter.sigmaPS).squareRoot()
        let core = sigma > 0 ? Self.normal(timePS / sigma) : (timePS >= 0 ? 1 : 0)
        guard jitter.tailFraction > 0 else { return core }
        let tail = Self.spreadExponential(timePS, sigma: laser, tau: jitter.tailPS)
        return (1 - jitter.tailFraction) * core + jitter.tailFraction * tail
    }

    /// Probability that a click falls inside a window, as a tagger of finite resolution sees it.
    ///
    /// Width and centre (from the pulse's centre) in ps. The tagger moves each time by a uniform amount in
    /// ±`resolutionPS`/2; the mean over that is Simpson's rule on 64 intervals (error below 1e-9 unless
    /// the distribution is a step, where it is below 1/64 of what the edge cuts).
    public func acceptance(windowPS: Double, centrePS: Double = 0, resolutionPS: Double = 0) -> Double {
        func inside(_ shift: Double) -> Double {
            cumulative(centrePS + windowPS / 2 + shift) - cumulative(centrePS - windowPS / 2 + shift)
        }
        guard resolutionPS > 0 else { return inside(0) }
        let intervals = 64
        var sum = 0.0
        for node in 0...intervals {
            let weight = node == 0 || node == intervals ? 1.0 : (node & 1 == 1 ? 4.0 : 2.0)
            sum += weight * inside(resolutionPS * (Double(node) / Double(intervals) - 0.5))
        }
        return sum / Double(3 * intervals)
    }

    /// Probability that the difference of two independent arrivals is less than `timePS`.
    ///
    /// ∫ F(u + t) dF(u) on 2000 cells over the support; used for which pulse a dead time still covers.
    func differenceCumulative(_ timePS: Double) -> Double {
        let (low, high) = support
        guard high > low else { return timePS > 0 ? 1 : 0 }
        if timePS > high - low { return 1 }
        if timePS < low - high { return 0 }
        let cells = 2000
        let width = (high - low) / Double(cells)
        var sum = 0.0
        var previous = 0.0
        for cell in 0..<cells {
            let end = low + width * Double(cell + 1)
            let here = cell == cells - 1 ? 1 : cumulative(end)
            sum += (here - previous) * cumulative(end - width / 2 + timePS)
            previous = here
        }
        return sum
    }

    /// Where all but 1e-13 of the distribution lies, ps.
    var support: (low: Double, high: Double) {
        let reach = 8 * (pulse.sigmaPS * pulse.sigmaPS + jitter.sigmaPS * jitter.sigmaPS).squareRoot()
        return (-reach, reach + (jitter.tailFraction > 0 ? 30 * jitter.tailPS : 0))
    }

    private static func normal(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// Φ(x/σ) − e^(σ²/2τ² − x/τ) Φ(x/σ − σ/τ); for a far left argument the product is taken by its asymptote.
    private static func spreadExponential(_ x: Double, sigma: Double, tau: Double) -> Double {
        guard tau > 0 else { return sigma > 0 ? normal(x / sigma) : (x >= 0 ? 1 : 0) }
        guard sigma > 0 else { return x > 0 ? 1 - exp(-x / tau) : 0 }
        let z = x / sigma - sigma / tau
        let product: Double
        if z > -10 {
            product = exp(sigma * sigma / (2 * tau * tau) - x / tau) * normal(z)
        } else {
            let density = exp(-0.5 * x * x / (sigma * sigma)) / (2 * Double.pi).squareRoot()
            let inverse = 1 / (z * z)
            product = density / -z * (1 - inverse * (1 - 3 * inverse))
        }
        return max(0, normal(x / sigma) - product)
    }
}
