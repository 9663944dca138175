#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension SeededGenerator {
    /// A Poisson number of the given mean; 0 for a mean that is not positive.
    ///
    /// Below 10 the arrivals of a unit-rate process are counted; from 10 on it is Hörmann's
    /// transformed rejection PTRS ("The transformed rejection method for generating Poisson random
    /// variables", Insurance: Mathematics and Economics 12, 1993), exact and of constant cost.
    public mutating func poisson(mean: Double) -> Int {
        guard mean > 0 else { return 0 }
        if mean < 10 {
            var count = 0
            var sum = exponential()
            while sum < mean {
                count += 1
                sum += exponential()
            }
            return count
        }
        let b = 0.931 + 2.53 * mean.squareRoot()
        let a = -0.059 + 0.02483 * b
        let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
        let squeeze = 0.9277 - 3.6224 / (b - 2)
        let logMean = log(mean)
        while true {
            let u = uniform() - 0.5
            let v = uniform()
            let us = 0.5 - abs(u)
            guard us > 0 else { continue }
            let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
            if us >= 0.07, v <= squeeze { return Int(k) }
            if k < 0 || (us < 0.013 && v > us) { continue }
            let left = log(v) + log(inverseAlpha) - log(a / (us * us) + b)
            if left <= k * logMean - mean - Self.logFactorial(k) { return Int(k) }
        }
    }

    /// ln k! : the product below 10, Stirling's series above (its first neglected term is under 1e-10).
    static func logFactorial(_ k: Double) -> Double {
        if k < 10 {
            var product = 1.0
            var factor = 2.0
            while factor <= k {
                product *= factor
                factor += 1
            }
            return log(product)
        }
        let n = k + 1
        let inverse = 1 / n
        let square = inverse * inverse
        let series = inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)))
        return (n - 0.5) * log(n) - n + 0.5 * log(2 * Double.pi) + series
    }
}
