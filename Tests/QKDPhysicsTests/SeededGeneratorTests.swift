#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Testing

@testable import QKDPhysics

@Suite struct SeededGeneratorTests {
    @Test func splitMixFollowsItsReferenceSequence() {
        var generator = SplitMix64(seed: 1_234_567)
        let words = (0..<5).map { _ in generator.next() }
        #expect(
            words == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func xoshiroFollowsItsReferenceSequence() {
        var generator = SeededGenerator(state: (1, 2, 3, 4))
        let words = (0..<6).map { _ in generator.next() }
        #expect(
            words == [
                11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360,
                607_988_272_756_665_600,
            ])
    }

    @Test func zeroStateIsReplaced() {
        var zero = SeededGenerator(state: (0, 0, 0, 0))
        var seeded = SeededGenerator(seed: 0)
        #expect((0..<8).map { _ in zero.next() } == (0..<8).map { _ in seeded.next() })
    }

    @Test func streamsRepeatAndDifferByNameAndBySeed() {
        func words(_ seed: UInt64, _ stream: String) -> [UInt64] {
            var generator = SeededGenerator(seed: seed, stream: stream)
            return (0..<16).map { _ in generator.next() }
        }
        #expect(words(1, "dark 0") == words(1, "dark 0"))
        let sequences = [words(1, "dark 0"), words(1, "dark 1"), words(2, "dark 0"), words(1, ""), words(0, "")]
        #expect(Set(sequences.flatMap { $0 }).count == 5 * 16)
    }

    @Test func streamsOfOneSeedAreUncorrelated() {
        let count = 20_000 * Statistics.scale
        var first = SeededGenerator(seed: 9, stream: "a")
        var second = SeededGenerator(seed: 9, stream: "b")
        var sum = 0.0
        for _ in 0..<count { sum += (first.uniform() - 0.5) * (second.uniform() - 0.5) }
        // Var(U − ½) = 1/12, so each product has σ = 1/12.
        #expect(abs(sum) < 4 / 12.0 * Double(count).squareRoot())
    }

    @Test func uniformIsInHalfOpenIntervalAndFlat() {
        let count = 40_000 * Statistics.scale
        var generator = SeededGenerator(seed: 2, stream: "uniform")
        var bins = [Int](repeating: 0, count: 16)
        for _ in 0..<count {
            let value = generator.uniform()
            #expect(value > 0 && value <= 1)
            bins[min(15, Int(value * 16))] += 1
        }
        let sigma = Statistics.binomialSigma(trials: Double(count), probability: 1.0 / 16)
        for bin in bins { #expect(abs(Double(bin) - Double(count) / 16) < 4 * sigma) }
    }

    @Test func exponentialAndGaussianHaveTheirMoments() {
        let count = 40_000 * Statistics.scale
        let root = Double(count).squareRoot()
        var generator = SeededGenerator(seed: 3, stream: "moments")
        let waits = Statistics.moments((0..<count).map { _ in generator.exponential() })
        #expect(abs(waits.mean - 1) < 4 / root)
        // Fourth central moment 9, so the variance's σ is √((9 − 1)/n).
        #expect(abs(waits.variance - 1) < 4 * 8.0.squareRoot() / root)
        let values = (0..<count).map { _ in generator.gaussian() }
        let normal = Statistics.moments(values)
        #expect(abs(normal.mean) < 4 / root)
        #expect(abs(normal.variance - 1) < 4 * 2.0.squareRoot() / root)
        let beyond = Double(values.count { abs($0) > 1 })
        let probability = erfc(1 / 2.0.squareRoot())
        let sigma = Statistics.binomialSigma(trials: Double(count), probability: probability)
        #expect(abs(beyond - Double(count) * probability) < 4 * sigma)
        #expect(values.allSatisfy { abs($0) <= SeededGenerator.largestGaussian })
    }

    @Test(arguments: [0.1, 3.0, 9.9, 10.0, 47.3, 1_000.0])
    func poissonHasItsMeanVarianceAndZeroClass(mean: Double) {
        let count = 10_000 * Statistics.scale
        var generator = SeededGenerator(seed: 4, stream: "poisson \(mean)")
        let values = (0..<count).map { _ in Double(generator.poisson(mean: mean)) }
        let moments = Statistics.moments(values)
        #expect(abs(moments.mean - mean) < 4 * (mean / Double(count)).squareRoot())
        // μ₄ = 3m² + m, so the sample variance has σ² = (2m² + m)/n.
        #expect(abs(moments.variance - mean) < 4 * ((2 * mean * mean + mean) / Double(count)).squareRoot())
        #expect(Statistics.isPlausible(values.count { $0 == 0 }, mean: Double(count) * exp(-mean)))
        let atMode = mean.rounded(.down)
        let probability = exp(atMode * log(mean) - mean - SeededGenerator.logFactorial(atMode))
        let sigma = Statistics.binomialSigma(trials: Double(count), probability: probability)
        #expect(abs(Double(values.count { $0 == atMode }) - Double(count) * probability) < 4 * sigma)
    }

    @Test func poissonOfNothingIsZero() {
        var generator = SeededGenerator(seed: 5)
        #expect(generator.poisson(mean: 0) == 0)
        #expect(generator.poisson(mean: -1) == 0)
    }

    @Test func logFactorialIsTheSumOfLogarithms() {
        var sum = 0.0
        for k in 0...2_000 {
            if k > 1 { sum += log(Double(k)) }
            #expect(abs(SeededGenerator.logFactorial(Double(k)) - sum) <= 1e-10)
        }
    }
}
