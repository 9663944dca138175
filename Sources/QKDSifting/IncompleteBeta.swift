#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The regularised incomplete beta function and its inverse.
enum IncompleteBeta {
    /// I_x(a, b) and 1 - I_x(a, b) for positive a and b and 0 <= x <= 1, by the continued fraction of DLMF 8.17.22.
    ///
    /// The smaller of the two keeps all its digits.
    static func tails(_ x: Double, a: Double, b: Double) -> (lower: Double, upper: Double) {
        if x <= 0 { return (0, 1) }
        if x >= 1 { return (1, 0) }
        let y = 1 - x
        // The fraction converges fast below the mean; the rest follows from I_x(a, b) = 1 - I_{1-x}(b, a).
        if x > (a + 1) / (a + b + 2) {
            let upper = density(y, x, a: b, b: a) / b * fraction(y, a: b, b: a)
            return (1 - upper, upper)
        }
        let lower = density(x, y, a: a, b: b) / a * fraction(x, a: a, b: b)
        return (lower, 1 - lower)
    }

    /// x^a (1-x)^b / B(a, b) in the saddle-point form of Loader (2000), which keeps its digits at large a and b.
    static func density(_ x: Double, _ y: Double, a: Double, b: Double) -> Double {
        let n = a + b
        let exponent =
            stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * y)
        return exp(exponent) * (a * b / (2 * Double.pi * n)).squareRoot()
    }

    /// The continued fraction, by the modified Lentz method.
    private static func fraction(_ x: Double, a: Double, b: Double) -> Double {
        let tiny = 1e-300
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        d = 1 / (abs(d) < tiny ? tiny : d)
        var result = d
        // About √max(a, b) terms are needed near the mean.
        for step in 1...2_000_000 {
            let m = Double(step)
            for term in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 + term * d
                d = 1 / (abs(d) < tiny ? tiny : d)
                c = 1 + term / c
                if abs(c) < tiny { c = tiny }
                result *= c * d
            }
            if abs(c * d - 1) < 1e-15 { break }
        }
        return result
    }

    /// The x with I_x(a, b) = `lower`.
    static func inverse(lower: Double, a: Double, b: Double) -> Double {
        solve(a: a, b: b) { tails in (tails.lower, tails.lower < lower, log(tails.lower / lower)) }
    }

    /// The x with 1 - I_x(a, b) = `upper`.
    static func inverse(upper: Double, a: Double, b: Double) -> Double {
        solve(a: a, b: b) { tails in (-tails.upper, tails.upper > upper, log(tails.upper / upper)) }
    }

    /// Newton's method in the logarithm of a tail, where the far tail is all but straight, inside a bracket.
    ///
    /// `judge` gives the tail (with the sign of its slope), whether x must rise, and the logarithm to bring to 0.
    private static func solve(
        a: Double, b: Double, _ judge: ((lower: Double, upper: Double)) -> (tail: Double, rise: Bool, log: Double)
    ) -> Double {
        var (low, high) = (0.0, 1.0)
        var x = a / (a + b)
        for _ in 0..<400 {
            let (tail, rise, logarithm) = judge(tails(x, a: a, b: b))
            if rise { low = x } else { high = x }
            let slope = density(x, 1 - x, a: a, b: b) / (x * (1 - x))
            var next = x - tail / slope * logarithm
            if !(next > low && next < high) { next = 0.5 * (low + high) }
            if abs(next - x) <= 1e-15 * x || next == low || next == high { return next }
            x = next
        }
        return x
    }

    /// ln Γ(n+1) - ((n+½) ln n - n + ½ ln 2π).
    private static func stirlingError(_ n: Double) -> Double {
        if n < 16 {
            return logGamma(n + 1) - (n + 0.5) * log(n) + n - 0.5 * log(2 * Double.pi)
        }
        let square = 1 / (n * n)
        return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - square / 1188) * square) * square) * square) / n
    }

    /// ln Γ by moving the argument above 16 and Stirling's series there.
    private static func logGamma(_ value: Double) -> Double {
        var (x, product) = (value, 1.0)
        while x < 17 {
            product *= x
            x += 1
        }
        let n = x - 1
        return (n + 0.5) * log(n) - n + 0.5 * log(2 * Double.pi) + stirlingError(n) - log(product)
    }

    /// x ln(x/m) + m - x without cancellation near x = m.
    private static func deviance(_ x: Double, _ m: Double) -> Double {
        let difference = x - m
        guard abs(difference) < 0.1 * (x + m) else { return x * log(x / m) - difference }
        let v = difference / (x + m)
        var sum = difference * v
        var power = 2 * x * v
        let square = v * v
        for j in 1...1000 {
            power *= square
            let next = sum + power / Double(2 * j + 1)
            if next == sum { return next }
            sum = next
        }
        return sum
    }
}
