import Testing

@testable import QKDSifting

@Suite("Incomplete beta")
struct IncompleteBetaTests {
    /// `scipy.special.betainc(a, b, x)`, scipy 1.17.1.
    static let known: [(Double, Double, Double, Double)] = [
        (0.1, 2, 3, 0.05230000000000001),
        (0.5, 0.5, 0.5, 0.5000000000000001),
        (0.3, 1, 10, 0.9717524751),
        (0.99, 50, 2, 0.9075091007063049),
        (0.25, 1000, 3000, 0.5024279808921001),
        (0.2505, 1e6, 3e6, 0.9895162319428791),
        (1e-06, 3, 1e6, 0.08030167298125858),
        (0.02, 30.5, 1200.25, 0.13648502101380267),
    ]

    @Test("Agrees with scipy", arguments: known)
    func values(x: Double, a: Double, b: Double, expected: Double) {
        #expect(abs(IncompleteBeta.tails(x, a: a, b: b).lower - expected) < 1e-10 * expected)
        #expect(abs(IncompleteBeta.tails(x, a: a, b: b).upper - (1 - expected)) < 1e-9 * (1 - expected))
        #expect(abs(IncompleteBeta.inverse(upper: 1 - expected, a: a, b: b) - x) < 1e-9 * x)
        #expect(abs(IncompleteBeta.inverse(lower: expected, a: a, b: b) - x) < 1e-9 * x)
    }

    @Test("Agrees with the binomial sum for small whole parameters")
    func binomialSum() {
        // I_x(k, n-k+1) is the chance of k or more successes in n trials.
        for n in 1...12 {
            for k in 1...n {
                for x in [0.01, 0.3, 0.77] {
                    var choose = 1.0
                    var sum = 0.0
                    for j in 0...n {
                        var term = choose
                        for _ in 0..<j { term *= x }
                        for _ in j..<n { term *= 1 - x }
                        if j >= k { sum += term }
                        choose = choose * Double(n - j) / Double(j + 1)
                    }
                    let value = IncompleteBeta.tails(x, a: Double(k), b: Double(n - k + 1)).lower
                    #expect(abs(value - sum) < 1e-12 * sum + 1e-15)
                }
            }
        }
    }

    @Test("The ends")
    func ends() {
        #expect(IncompleteBeta.tails(0, a: 2, b: 3) == (0, 1))
        #expect(IncompleteBeta.tails(1, a: 2, b: 3) == (1, 0))
        #expect(IncompleteBeta.tails(-1, a: 2, b: 3) == (0, 1))
    }
}
