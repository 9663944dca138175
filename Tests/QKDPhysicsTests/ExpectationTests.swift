#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore
import Testing

@testable import QKDPhysics

/// The closed forms against their own limits.
@Suite struct ExpectationTests {
    private static func bare(_ change: (inout DetectorModel) -> Void = { _ in }) -> BB84LinkModel {
        var experiment = LinkExperiment()
        experiment.detector = DetectorModel(efficiency: 0.1, darkCountRateHz: 0, deadTimePS: 0)
        experiment.pulse = PulseShape(fwhmPS: 0)
        change(&experiment.detector)
        return experiment.link
    }

    @Test func idealLinkIsThePapersFormula() throws {
        let link = Self.bare { $0.darkCountRateHz = 600 }
        let expectation = try BB84Expectation(link)
        let y0 = 1 - exp(-4 * 600 * 4e-9)
        for intensity in Intensity.allCases {
            let mean = link.settings[Int(intensity.rawValue)].meanPhotons * link.channelTransmittance * 0.1
            let q = 1 - (1 - y0) * exp(-mean)
            // 1 − (1 − Y₀)e^(−m) cancels down to 1e-5, which leaves eleven digits.
            #expect(abs(expectation.gainIdeal(intensity) / q - 1) < 1e-10)
            #expect(abs(expectation.gainLive(intensity) / q - 1) < 1e-10)
            #expect(abs(expectation.gain(intensity) / q - 1) < 1e-9)
        }
    }

    @Test func errorsOfAQuietLinkAreTheMisalignment() throws {
        var link = Self.bare()
        link.settings[0].meanPhotons = 1e-6
        let expectation = try BB84Expectation(link)
        for basis in Basis.allCases {
            #expect(abs(expectation.qber(basis, .signal) - link.receiver.misalignment) < 1e-6)
        }
        // Sifted in Z: both choose it, 0.9² of the slots' clicks.
        let share = expectation.sifted(.z, .signal).sifted / (0.7 * expectation.gain(.signal))
        #expect(abs(share - 0.81) < 1e-6)
    }

    @Test func darkVacuumErrsInHalf() throws {
        var link = Self.bare { $0.darkCountRateHz = 600 }
        link.settings[2].meanPhotons = 0
        let expectation = try BB84Expectation(link)
        for basis in Basis.allCases { #expect(abs(expectation.qber(basis, .vacuum) - 0.5) < 1e-12) }
        let total = expectation.sifted(.z)
        let sum = Intensity.allCases.reduce(0) { $0 + expectation.sifted(.z, $1).sifted }
        #expect(abs(total.sifted - sum) < 1e-18 && total.qber > expectation.qber(.z, .signal))
    }

    /// Afterpulses raise the error rate by about p/2 (each is an uncorrelated click in a random slot's window).
    @Test func afterpulsesRaiseTheErrorRateByTheWindowsShare() throws {
        let quiet = try BB84Expectation(Self.bare { $0.deadTimePS = 5_050_000 })
        var noisy = Self.bare {
            $0.deadTimePS = 5_050_000
            $0.afterpulseProbability = 0.02
            $0.afterpulseTimePS = 2_000_000
        }
        noisy.windowPS = 99_999
        let expectation = try BB84Expectation(noisy)
        let rise = expectation.qber(.z) - quiet.qber(.z)
        #expect(rise > 0.008 && rise < 0.0105, "p/2 = 0.01 of an open window, a little less under load")
        #expect(expectation.balances[0].effectiveAfterpulse < 0.02)
    }

    @Test func deadTimeReducesTheRateAsDarksWould() throws {
        // Darks alone: the balance must be r/(1 + rτ), and r e^(−rτ) for the other kind.
        for kind in DetectorModel.DeadTimeKind.allCases {
            let detector = DetectorModel(
                efficiency: 0.1, darkCountRateHz: 80_000, deadTimePS: 5_000_000, deadTimeKind: kind)
            let arrival = ArrivalDistribution(pulse: PulseShape(fwhmPS: 0), jitter: detector.jitter)
            let balance = DeadTimeBalance(detector, arrival: arrival, candidate: 0, slotPS: 100_000)
            let rate = balance.darkClicks / 100e-9
            #expect(abs(rate / detector.clickRate(rateHz: 80_000) - 1) < 1e-9)
            #expect(abs(balance.liveFraction * 80_000 / rate - 1) < 1e-9)
        }
    }

    @Test func pulsedBalanceIsTheRenewalOfWholeSlots() {
        // Only pulses: after a click K pulses are blind, so a click comes every K + 1/p slots.
        func balance(_ deadTimePS: Int64, jitterPS: Double, _ kind: DetectorModel.DeadTimeKind) -> DeadTimeBalance {
            let detector = DetectorModel(
                efficiency: 0.1, darkCountRateHz: 0, deadTimePS: deadTimePS, deadTimeKind: kind,
                jitterFWHMPS: jitterPS)
            let arrival = ArrivalDistribution(pulse: PulseShape(fwhmPS: 0), jitter: detector.jitter)
            return DeadTimeBalance(detector, arrival: arrival, candidate: 0.03, slotPS: 100_000)
        }
        let whole = balance(5_050_000, jitterPS: 200, .nonParalysable)
        #expect(whole.pulsesBlockedBySignal == 50)
        #expect(abs(whole.signalClicks - 1 / (50 + 1 / 0.03)) < 1e-12)
        let paralysed = balance(5_050_000, jitterPS: 200, .paralysable)
        #expect(abs(paralysed.signalClicks - 0.03 * pow(0.97, 50)) < 1e-12)
        // On the edge the jitter decides for half of the 50th pulse.
        let edge = balance(5_000_000, jitterPS: 200, .nonParalysable)
        #expect(abs(edge.pulsesBlockedBySignal - 49.5) < 1e-3)
        #expect(balance(50_000, jitterPS: 0, .nonParalysable).liveFraction == 1)
    }

    @Test func outcomesOfDoubleClicks() {
        let random = SlotOutcomes.outcomes([0.5, 0.5, 0, 0], rule: .random)
        #expect(random == [0.375, 0.375, 0, 0])
        #expect(SlotOutcomes.outcomes([0.5, 0.5, 0, 0], rule: .discard) == [0.25, 0.25, 0, 0])
        let all = SlotOutcomes.outcomes([0.3, 0.1, 0.7, 0.2], rule: .random)
        let silent: Double = 0.7 * 0.9 * 0.3 * 0.8
        #expect(abs(all.reduce(0, +) + silent - 1) < 1e-15)
    }

    @Test func lateClicksLeakIntoTheNextSlot() throws {
        var link = Self.bare {
            $0.jitterTailFraction = 0.5
            $0.jitterTailPS = 100_000
        }
        link.windowPS = 100_000
        let leaky = try BB84Expectation(link)
        // Half the tail starts in its own half slot, the rest lands later: windows cover everything.
        let acceptance = 1 - 0.5 * exp(-0.5)
        #expect(abs(leaky.windowAcceptance[0] - acceptance) < 1e-3)
        let kept = leaky.backgroundPerWindow[0] / leaky.balances[0].signalClicks
        #expect(abs(kept + leaky.windowAcceptance[0] - 1) < 2e-3)
        #expect(leaky.qber(.z) > 0.1)
    }

    @Test func impossibleLinksAreRefused() {
        let changes: [(String, (inout BB84LinkModel) -> Void)] = [
            ("settings", { $0.settings.removeLast() }), ("probability", { $0.settings[0].probability = 0.9 }),
            ("meanPhotons", { $0.settings[1].meanPhotons = -1 }), ("windowPS", { $0.windowPS = 2e5 }),
            ("slotPS", { $0.slotPS = 0 }), ("channelTransmittance", { $0.channelTransmittance = .nan }),
            ("aliceZProbability", { $0.aliceZProbability = 1.2 }),
            ("efficiency", { $0.detectors[2].efficiency = -0.1 }),
        ]
        for (field, change) in changes {
            var link = Self.bare()
            change(&link)
            let error = #expect(throws: QKDError.self) { try BB84Expectation(link) }
            #expect(error?.place?.field == field)
        }
    }
}

/// The simulator against the closed forms.
@Suite struct SimulatorAgainstExpectationTests {
    private static let cases: [(name: String, experiment: LinkExperiment, frames: Int)] = {
        let base = LinkExperiment(seed: 101)
        var quiet = LinkExperiment(seed: 102)
        quiet.detector.afterpulseProbability = 0
        var loaded = LinkExperiment(fibreKM: 0, rule: .discard, seed: 103)
        loaded.detector.afterpulseProbability = 0.08
        loaded.receiverLossDB = 0
        var paralysable = LinkExperiment(fibreKM: 0, seed: 104)
        paralysable.detector.deadTimeKind = .paralysable
        var edge = LinkExperiment(fibreKM: 0, seed: 105)
        edge.detector.deadTimePS = 5_000_000
        edge.windowPS = 200
        var fast = LinkExperiment(fibreKM: 0, seed: 106, receiverLossDB: 0)
        fast.detector.efficiency = 0.9
        fast.detector.deadTimePS = 40_000
        fast.detector.darkCountRateHz = 100_000
        fast.detector.afterpulseProbability = 0
        return [
            ("25 km", base, 12), ("25 km, no afterpulses", quiet, 12), ("loaded", loaded, 6),
            ("paralysable", paralysable, 6), ("dead time of whole slots", edge, 6), ("fast and bright", fast, 3),
        ]
    }()

    @Test(arguments: 0..<6)
    func countsAreWhatTheFormulasSay(index: Int) throws {
        let (name, experiment, frames) = Self.cases[index]
        let expected = try BB84Expectation(experiment.link)
        let counts = try experiment.run(frames: frames * Statistics.scale)
        #expect(counts.slots == frames * Statistics.scale * experiment.frameSlots)
        let slots = Double(counts.slots)
        for intensity in Intensity.allCases {
            let k = Int(intensity.rawValue)
            let sent = Double(counts.sent[k])
            let note = Comment(rawValue: "\(name), \(intensity)")
            #expect(Self.agree(counts.clicked[k], sent, expected.gain(intensity)), note)
            if experiment.detector.deadTimeKind == .nonParalysable {
                // Clicks tell when such a detector is live; a paralysable one's blind time they do not show.
                let live = Double(counts.sentLive[k])
                #expect(Self.agree(counts.clickedLive[k], live, expected.gainLive(intensity)), note)
            }
            for basis in Basis.allCases {
                let b = Int(basis.rawValue)
                let sifted = expected.sifted(basis, intensity)
                #expect(Self.agree(counts.sifted[b][k], slots, sifted.sifted), note)
                #expect(Self.agree(counts.errors[b][k], Double(counts.sifted[b][k]), sifted.qber), note)
            }
        }
        for basis in Basis.allCases {
            let b = Int(basis.rawValue)
            let sifted = counts.sifted[b].reduce(0, +)
            #expect(Self.agree(counts.errors[b].reduce(0, +), Double(sifted), expected.qber(basis)))
        }
    }

    /// Within 4 σ of a binomial count; small means by Poisson's exact tails.
    private static func agree(_ observed: Int, _ trials: Double, _ probability: Double) -> Bool {
        let mean = trials * probability
        if mean < 400 { return Statistics.isPlausible(observed, mean: mean) }
        let sigma = Statistics.binomialSigma(trials: trials, probability: probability)
        return abs(Double(observed) - mean) < 4 * sigma
    }

    /// The dead time, the afterpulses and the windows are each large enough to be seen in these runs.
    @Test func formulasWithoutAnEffectWouldFail() throws {
        let experiment = LinkExperiment(fibreKM: 0, seed: 107)
        let full = try BB84Expectation(experiment.link)
        let counts = try experiment.run(frames: 6 * Statistics.scale)
        let sent = Double(counts.sent[0])
        #expect(Self.agree(counts.clicked[0], sent, full.gain(.signal)))
        #expect(!Self.agree(counts.clicked[0], sent, full.gainIdeal(.signal)), "dead time")
        var quiet = experiment
        quiet.detector.afterpulseProbability = 0
        var narrow = experiment
        narrow.windowPS = 150
        #expect(!Self.agree(counts.clicked[0], sent, try BB84Expectation(narrow.link).gain(.signal)), "window")
        let vacuumRise = full.gain(.vacuum) / (try BB84Expectation(quiet.link).gain(.vacuum))
        #expect(vacuumRise > 1.2)
    }
}
