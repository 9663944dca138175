#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore
import QKDPhysics
import Testing

@Suite struct DetectorSimulatorTests {
    private static func clicks(_ model: DetectorModel, seed: UInt64, seconds: Double) -> [Int64] {
        var detector = SinglePhotonDetectorSimulator(model: model, seed: seed, name: "test")
        var clicks: [Int64] = []
        detector.advance(toPS: Picoseconds.from(seconds: seconds), into: &clicks)
        return clicks
    }

    @Test func darksArePoisson() {
        let rate = 50_000.0
        let seconds = 0.4 * Double(Statistics.scale)
        let model = DetectorModel(efficiency: 0, darkCountRateHz: rate, deadTimePS: 0)
        let times = Self.clicks(model, seed: 1, seconds: seconds)
        let mean = rate * seconds
        #expect(abs(Double(times.count) - mean) < 4 * mean.squareRoot())
        #expect(zip(times, times.dropFirst()).allSatisfy(<=))
        // Counts in windows of 40 µs: mean 2; variance and zero class as Poisson's.
        let windows = Int(seconds / 40e-6)
        var counts = [Double](repeating: 0, count: windows)
        for time in times { counts[min(windows - 1, Int(time / 40_000_000))] += 1 }
        let moments = Statistics.moments(counts)
        #expect(abs(moments.variance - 2) < 4 * ((2 * 4.0 + 2) / Double(windows)).squareRoot())
        let sigma = Statistics.binomialSigma(trials: Double(windows), probability: exp(-2))
        #expect(abs(Double(counts.count { $0 == 0 }) - Double(windows) * exp(-2)) < 4 * sigma)
    }

    @Test(arguments: DetectorModel.DeadTimeKind.allCases)
    func deadTimeSaturatesAsItsKindSays(kind: DetectorModel.DeadTimeKind) {
        let seconds = 0.05 * Double(Statistics.scale)
        for rate in [20_000.0, 200_000, 600_000] {
            let model = DetectorModel(
                efficiency: 0, darkCountRateHz: rate, deadTimePS: 5_000_000, deadTimeKind: kind)
            let times = Self.clicks(model, seed: 11, seconds: seconds)
            let load = rate * 5e-6
            let formula = kind == .nonParalysable ? rate / (1 + load) : rate * exp(-load)
            #expect(abs(model.clickRate(rateHz: rate) - formula) < 1e-9 * formula)
            // Dead time makes counts more regular than Poisson's, whose σ is therefore the upper bound.
            let expected = formula * seconds
            #expect(abs(Double(times.count) - expected) < 4 * expected.squareRoot(), "\(kind) at \(rate)")
            let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
            #expect(gaps.allSatisfy { $0 >= 5_000_000 })
            #expect((gaps.min() ?? 0) < 5_000_000 + Int64(20e12 / rate / Double(times.count)))
        }
    }

    @Test func eventInADeadTimeActsAsItsKindSays() {
        func clicks(_ kind: DetectorModel.DeadTimeKind) -> [Int64] {
            let model = DetectorModel(efficiency: 1, darkCountRateHz: 0, deadTimePS: 100, deadTimeKind: kind)
            var detector = SinglePhotonDetectorSimulator(model: model, seed: 1, name: "test")
            for time: Int64 in [0, 99, 150, 198, 297, 397] { detector.addPhoton(timePS: time) }
            var clicks: [Int64] = []
            detector.advance(toPS: 1_000, into: &clicks)
            return clicks
        }
        #expect(clicks(.nonParalysable) == [0, 150, 297, 397])
        #expect(clicks(.paralysable) == [0, 397])
    }

    @Test func candidatesOutOfOrderAreBroughtIntoOrder() {
        let model = DetectorModel(efficiency: 1, darkCountRateHz: 0, deadTimePS: 0)
        var detector = SinglePhotonDetectorSimulator(model: model, seed: 1, name: "test")
        for time: Int64 in [50, 20, 30, 10, 40] { detector.addPhoton(timePS: time) }
        var clicks: [Int64] = []
        detector.advance(toPS: 30, into: &clicks)
        #expect(clicks == [10, 20])
        detector.addPhoton(timePS: 5)
        detector.addPhoton(timePS: 35)
        detector.advance(toPS: 100, into: &clicks)
        #expect(clicks == [10, 20, 30, 30, 35, 40, 50], "what is too early counts as now")
        #expect(detector.counters.clicks.photons == 7)
    }

    /// Photons so far apart that every chain of afterpulses ends before the next one.
    private static func afterpulseRun(probability: Double, count: Int) -> (
        photons: [Int64], clicks: [Int64], counters: DetectorCounters
    ) {
        let model = DetectorModel(
            efficiency: 1, darkCountRateHz: 0, deadTimePS: 5_000_000, afterpulseProbability: probability,
            afterpulseTimePS: 2_000_000)
        var detector = SinglePhotonDetectorSimulator(model: model, seed: 21, name: "test")
        let photons = (0..<Int64(count)).map { $0 * 1_000_000_000 }
        var clicks: [Int64] = []
        for photon in photons {
            detector.addPhoton(timePS: photon)
            detector.advance(toPS: photon + 1_000_000_000, into: &clicks)
        }
        return (photons, clicks, detector.counters)
    }

    @Test func afterpulsesComeWithTheirProbability() {
        let count = 20_000 * Statistics.scale
        let run = Self.afterpulseRun(probability: 0.2, count: count)
        // Every click, an afterpulse too, is a trial of 0.2.
        let trials = Double(run.clicks.count)
        #expect(run.counters.clicks.photons == count && run.counters.lost.total == 0)
        #expect(run.counters.clicks.total == run.clicks.count)
        let sigma = Statistics.binomialSigma(trials: trials, probability: 0.2)
        #expect(abs(Double(run.counters.clicks.afterpulses) - 0.2 * trials) < 4 * sigma)
        // Total = primary/(1 − p); each chain's length is geometric with variance p/(1 − p)².
        let total = Double(count) / 0.8
        #expect(abs(trials - total) < 4 * (Double(count) * 0.2).squareRoot() / 0.8)
    }

    @Test func afterpulsesFollowTheTrapsTimeConstant() {
        let run = Self.afterpulseRun(probability: 0.5, count: 8_000 * Statistics.scale)
        let delays = zip(run.clicks.dropFirst(), run.clicks)
            .map { Double($0 - $1) - 5e6 }.filter { $0 < 300e6 }
        #expect(delays.allSatisfy { $0 >= 0 })
        let count = Double(delays.count)
        let moments = Statistics.moments(delays)
        #expect(abs(moments.mean - 2e6) < 4 * 2e6 / count.squareRoot())
        #expect(abs(moments.variance / 4e12 - 1) < 4 * (8 / count).squareRoot())
        let late = Double(delays.count { $0 > 6e6 })
        #expect(abs(late - count * exp(-3)) < 4 * Statistics.binomialSigma(trials: count, probability: exp(-3)))
    }

    /// p_eff = p/(1 + λτ(1 − e^(−t_d/τ))): what later dead times swallow.
    @Test func loadSwallowsAfterpulses() {
        let model = DetectorModel(
            efficiency: 0, darkCountRateHz: 150_000, deadTimePS: 3_000_000, afterpulseProbability: 0.05,
            afterpulseTimePS: 2_000_000)
        var detector = SinglePhotonDetectorSimulator(model: model, seed: 31, name: "test")
        var clicks: [Int64] = []
        let seconds = 0.4 * Double(Statistics.scale)
        detector.advance(toPS: Picoseconds.from(seconds: seconds), into: &clicks)
        let total = Double(clicks.count)
        let live = seconds - total * 3e-6
        let load = total / live * 2e-6
        let effective = 0.05 / (1 + load * (1 - exp(-1.5)))
        #expect(effective < 0.042, "the test must be able to tell it from 0.05")
        let sigma = Statistics.binomialSigma(trials: total, probability: effective)
        #expect(abs(Double(detector.counters.clicks.afterpulses) - effective * total) < 4 * sigma)
        let released = detector.counters.clicks.afterpulses + detector.counters.lost.afterpulses
        #expect(abs(Double(released) - 0.05 * total) < 4 * Statistics.binomialSigma(trials: total, probability: 0.05))
    }

    @Test func carriersSurviveTheCutBetweenCalls() {
        let model = DetectorModel(
            efficiency: 1, darkCountRateHz: 30_000, deadTimePS: 2_000_000, deadTimeKind: .paralysable,
            afterpulseProbability: 0.6, afterpulseTimePS: 20_000_000)
        var whole = SinglePhotonDetectorSimulator(model: model, seed: 41, name: "test")
        var cut = whole
        var generator = SeededGenerator(seed: 5)
        var expected: [Int64] = []
        whole.advance(toPS: 100_000_000_000, into: &expected)
        var got: [Int64] = []
        var now: Int64 = 0
        while now < 100_000_000_000 {
            now = min(100_000_000_000, now + Int64(generator.exponential() * 30e6))
            cut.advance(toPS: now, into: &got)
            #expect((got.last ?? 0) < now)
        }
        #expect(got == expected && whole.counters == cut.counters)
        #expect(whole.counters.clicks.afterpulses > 500 && whole.counters.lost.afterpulses > 10)
    }

    @Test func changedDarkRateHoldsFromThen() {
        var model = DetectorModel(efficiency: 0, darkCountRateHz: 0, deadTimePS: 0)
        var detector = SinglePhotonDetectorSimulator(model: model, seed: 51, name: "test")
        func count(_ rate: Double, seconds: Double) -> Int {
            model.darkCountRateHz = rate
            detector.setModel(model)
            var clicks: [Int64] = []
            detector.advance(toPS: detector.decidedPS + Picoseconds.from(seconds: seconds), into: &clicks)
            return clicks.count
        }
        let seconds = 0.1 * Double(Statistics.scale)
        #expect(count(0, seconds: 10) == 0)
        #expect(Statistics.isPlausible(count(40_000, seconds: seconds), mean: 40_000 * seconds))
        #expect(Statistics.isPlausible(count(1_000, seconds: seconds), mean: 1_000 * seconds))
        #expect(count(0, seconds: 10) == 0)
        #expect(Statistics.isPlausible(count(100, seconds: seconds), mean: 100 * seconds))
    }
}
