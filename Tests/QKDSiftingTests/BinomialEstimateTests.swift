import QKDSifting
import Testing

@Suite("Binomial estimate")
struct BinomialEstimateTests {
    /// Clopper–Pearson bounds by scipy 1.17.1: `beta.ppf(tail, k, n-k+1)` and `beta.isf(tail, k+1, n-k)`.
    static let known: [(Int, Int, Double, Double, Double)] = [
        (0, 10, 0.95, 0.0, 0.3084971078187607),
        (10, 10, 0.95, 0.6915028921812392, 1.0),
        (3, 20, 0.95, 0.032070937185463715, 0.37892682654531396),
        (1, 1000, 0.99, 5.01252926077751e-06, 0.007406286938352937),
        (250, 8000, 0.95, 0.027546355787987763, 0.03530006707788381),
        (7634, 1_000_000, 0.999, 0.007350812303690481, 0.007924642564624114),
        (123_456_789, 1_000_000_000, 0.999999, 0.12340590860982029, 0.12350768165468413),
        (5, 1_000_000_000, 0.95, 1.62348639204754e-09, 1.1668332001417833e-08),
        (999_999, 1_000_000, 0.9, 0.9999952561443618, 0.9999999487067069),
    ]

    @Test("Clopper–Pearson bounds agree with scipy's", arguments: known)
    func interval(k: Int, n: Int, confidence: Double, low: Double, high: Double) {
        let interval = BinomialEstimate(k, of: n).interval(confidence: confidence)
        #expect(abs(interval.lowerBound - low) <= 1e-9 * low)
        // At a rate of 1e-8 the complement's last bit is 1e-8 of the rate.
        #expect(abs(interval.upperBound - high) <= 1e-8 * high)
        // Near 1 the small thing is the distance from 1.
        #expect(abs((1 - interval.lowerBound) - (1 - low)) <= 1e-6 * (1 - low))
        let mirrored = BinomialEstimate(n - k, of: n).interval(confidence: confidence)
        #expect(abs(mirrored.upperBound - (1 - low)) <= 1e-9 * (1 - low))
    }

    @Test("No successes: the bound has a closed form", arguments: [1, 2, 17, 5_000, 1_000_000])
    func nothing(n: Int) {
        let interval = BinomialEstimate(0, of: n).interval(confidence: 0.95)
        #expect(interval.lowerBound == 0)
        // (1 - high)^n = 0.025.
        var power = 1.0
        for bit in String(n, radix: 2) {
            power *= power
            if bit == "1" { power *= 1 - interval.upperBound }
        }
        #expect(abs(power - 0.025) < 1e-8)
    }

    @Test("The interval covers the truth as often as it says, and not much more")
    func coverage() {
        var random = SiftingRandom(seed: 21)
        let (truth, trials, rounds) = (0.03, 400, 400 * Statistics.scale)
        var covered = 0
        for _ in 0..<rounds {
            var successes = 0
            for _ in 0..<trials where random.chance(truth) { successes += 1 }
            if BinomialEstimate(successes, of: trials).interval(confidence: 0.9).contains(truth) { covered += 1 }
        }
        let share = Double(covered) / Double(rounds)
        #expect(share > 0.9 - 5 * (0.09 / Double(rounds)).squareRoot())
        // Discreteness makes it conservative, at 12 expected successes by a few per cent.
        #expect(share < 0.975)
    }

    @Test("Rate and standard error")
    func rate() {
        let estimate = BinomialEstimate(25, of: 100)
        #expect(estimate.rate == 0.25)
        #expect(abs(estimate.standardError - 0.0433012701892219) < 1e-15)
        #expect(BinomialEstimate(0, of: 0).rate.isNaN)
        #expect(BinomialEstimate(0, of: 0).interval(confidence: 0.95) == 0...1)
        #expect(BinomialEstimate(7, of: 7).standardError == 0)
    }
}
