#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Testing

@testable import QKDPhysics

@Suite struct JitterTests {
    private static let jitter = JitterModel(fwhmPS: 200, tailFraction: 0.3, tailPS: 400)

    @Test func drawnJitterHasTheMixturesMomentsAndQuantiles() {
        let count = 40_000 * Statistics.scale
        var generator = SeededGenerator(seed: 1, stream: "jitter")
        let values = (0..<count).map { _ in Self.jitter.draw(&generator) }
        let moments = Statistics.moments(values)
        let root = Double(count).squareRoot()
        #expect(abs(moments.mean - 120) < 4 * Self.jitter.variancePS2.squareRoot() / root)
        // E[(u − m)⁴] of the mixture from its raw moments, for the σ of the sample variance.
        let s = 200 / 2.354_820_045_030_949_3
        let raw2 = 0.7 * s * s + 0.3 * 2 * 400 * 400
        let raw3 = 0.3 * 6 * pow(400.0, 3)
        let raw4 = 0.7 * 3 * pow(s, 4) + 0.3 * 24 * pow(400.0, 4)
        let fourth = raw4 - 4 * 120 * raw3 + 6 * 120 * 120 * raw2 - 3 * pow(120.0, 4)
        let variance = raw2 - 120 * 120
        #expect(abs(variance - Self.jitter.variancePS2) < 1e-9 * variance)
        #expect(abs(moments.variance - variance) < 4 * (fourth - variance * variance).squareRoot() / root)
        for edge in [-100.0, 0, 50, 200, 600, 1_500] {
            let core = 0.5 * erfc(-edge / s / 2.0.squareRoot())
            let tail = edge > 0 ? 1 - exp(-edge / 400) : 0
            let probability = 0.7 * core + 0.3 * tail
            let below = Double(values.count { $0 <= edge })
            let sigma = Statistics.binomialSigma(trials: Double(count), probability: probability)
            #expect(abs(below - Double(count) * probability) < 4 * sigma, "below \(edge) ps")
        }
    }

    @Test func noJitterIsNone() {
        var generator = SeededGenerator(seed: 2)
        #expect((0..<100).allSatisfy { _ in JitterModel(fwhmPS: 0).draw(&generator) == 0 })
    }

    @Test func laserPulseSpreadsTheTail() {
        let count = 40_000 * Statistics.scale
        let pulse = PulseShape(fwhmPS: 300)
        let arrival = ArrivalDistribution(pulse: pulse, jitter: Self.jitter)
        var generator = SeededGenerator(seed: 3, stream: "arrival")
        var values: [Double] = []
        for _ in 0..<count {
            values.append(pulse.sigmaPS * generator.gaussian() + Self.jitter.draw(&generator))
        }
        for edge in [-300.0, -50, 0, 100, 400, 1_200] {
            let probability = arrival.cumulative(edge)
            let below = Double(values.count { $0 <= edge })
            let sigma = Statistics.binomialSigma(trials: Double(count), probability: probability)
            #expect(abs(below - Double(count) * probability) < 4 * sigma, "below \(edge) ps")
        }
    }

    @Test func cumulativeIsSmoothWhereItsFormulaChanges() {
        // σ/τ = 40: the product would overflow if it were not taken by its asymptote.
        let sharp = ArrivalDistribution(
            pulse: PulseShape(fwhmPS: 400 * PulseShape.fwhmPerSigma),
            jitter: JitterModel(fwhmPS: 0, tailFraction: 1, tailPS: 10))
        var previous = 0.0
        for step in -400...400 {
            let value = sharp.cumulative(Double(step) * 10)
            #expect(value >= previous && value <= 1)
            previous = value
        }
        // A short exponential is a shift by τ.
        #expect(abs(sharp.cumulative(10) - 0.5) < 1e-3)
    }

    @Test func acceptanceOfAWindow() {
        let gaussian = ArrivalDistribution(pulse: PulseShape(fwhmPS: 0), jitter: JitterModel(fwhmPS: 200))
        let s = gaussian.jitter.sigmaPS
        #expect(abs(gaussian.acceptance(windowPS: 2 * s) - erf(1 / 2.0.squareRoot())) < 1e-12)
        #expect(abs(gaussian.acceptance(windowPS: 1e6) - 1) < 1e-12)
        let tailed = ArrivalDistribution(
            pulse: PulseShape(fwhmPS: 0), jitter: JitterModel(fwhmPS: 200, tailFraction: 0.05, tailPS: 200))
        // Outside ±2 ns only the tail is: 5 % of e^(−10).
        #expect(abs(1 - tailed.acceptance(windowPS: 4_000) - 0.05 * exp(-10)) < 1e-12)
        // No jitter: a window of w seen through a resolution of q ≥ w keeps w/q.
        let sharp = ArrivalDistribution(pulse: PulseShape(fwhmPS: 1e-3), jitter: JitterModel(fwhmPS: 0))
        #expect(abs(sharp.acceptance(windowPS: 500, resolutionPS: 1_000) - 0.5) < 1.0 / 64)
        let coarse = gaussian.acceptance(windowPS: 400, resolutionPS: 156)
        var generator = SeededGenerator(seed: 4)
        let count = 20_000 * Statistics.scale
        let inside = (0..<count).count { _ in
            abs(gaussian.jitter.draw(&generator) + 156 * (generator.uniform() - 0.5)) <= 200
        }
        let sigma = Statistics.binomialSigma(trials: Double(count), probability: coarse)
        #expect(abs(Double(inside) - Double(count) * coarse) < 4 * sigma)
    }

    @Test func differenceOfTwoArrivals() {
        let gaussian = ArrivalDistribution(pulse: PulseShape(fwhmPS: 0), jitter: JitterModel(fwhmPS: 235.482))
        #expect(abs(gaussian.differenceCumulative(0) - 0.5) < 1e-6)
        // σ of the difference is √2 · 100.
        let expected = 0.5 * erfc(-100 / 141.421_356 / 2.0.squareRoot())
        #expect(abs(gaussian.differenceCumulative(100) - expected) < 1e-5)
        let exponential = ArrivalDistribution(
            pulse: PulseShape(fwhmPS: 0), jitter: JitterModel(fwhmPS: 0, tailFraction: 1, tailPS: 100))
        #expect(abs(exponential.differenceCumulative(100) - (1 - 0.5 * exp(-1))) < 1e-3)
        #expect(exponential.differenceCumulative(1e6) == 1 && exponential.differenceCumulative(-1e6) == 0)
        let sharp = ArrivalDistribution(pulse: PulseShape(fwhmPS: 0), jitter: JitterModel(fwhmPS: 0))
        #expect(sharp.differenceCumulative(1) == 1 && sharp.differenceCumulative(-1) == 0)
    }
}
