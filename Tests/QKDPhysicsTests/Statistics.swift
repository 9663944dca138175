#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Sample sizes, moments and tests of plausibility for the statistical tests.
enum Statistics {
    /// 1 by default, 20 when the environment has `QKD_ACCEPTANCE=1`.
    static let scale: Int = {
        guard let value = getenv("QKD_ACCEPTANCE") else { return 1 }
        return String(cString: value) == "1" ? 20 : 1
    }()

    /// Mean and unbiased variance.
    static func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, squares / (count - 1))
    }

    /// Standard deviation of a count of `trials` trials of probability `probability`.
    static func binomialSigma(trials: Double, probability: Double) -> Double {
        (trials * probability * (1 - probability)).squareRoot()
    }

    /// Whether a Poisson count is within what 4 σ of a normal number leaves (3.2e-5 on each side).
    ///
    /// Below a mean of 400 by the exact tails, since a small count is not normal.
    static func isPlausible(_ observed: Int, mean: Double) -> Bool {
        guard mean < 400 else { return abs(Double(observed) - mean) <= 4 * mean.squareRoot() }
        guard mean > 0 else { return observed == 0 }
        var term = exp(-mean)
        var below = 0.0
        for count in 0..<observed {
            below += term
            term *= mean / Double(count + 1)
        }
        return below + term > 3.2e-5 && 1 - below > 3.2e-5
    }
}
