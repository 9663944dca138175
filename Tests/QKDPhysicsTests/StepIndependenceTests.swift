import QKDCore
import QKDPhysics
import Testing

/// The same clicks must come out however time is cut into calls.
@Suite struct StepIndependenceTests {
    private enum Cut { case whole, fiveMilliseconds, uneven(UInt64), coarseAndFine, atEdges }

    /// 5 ms of a link in which everything happens: two frames, a loop, a hold, jitter wider than the delay.
    private static func link(delayPS: Int64) -> BB84OpticsParameters {
        let detector = DetectorModel(
            efficiency: 0.6, darkCountRateHz: 5_000, deadTimePS: 45_000, deadTimeKind: .paralysable,
            afterpulseProbability: 0.2, afterpulseTimePS: 30_000_000, jitterFWHMPS: 2_000,
            jitterTailFraction: 0.2, jitterTailPS: 20_000)
        return BB84OpticsParameters(
            seed: 77, sourcePhotonsPerPulse: 0.4,
            modulator: MachZehnderModulator(vPiVolts: 5, extinctionRatioDB: 20),
            fibre: FibreChannel(lengthKM: 5, attenuationDBPerKM: 0.2), receiverLossDB: 1,
            receiver: DecoyStateOptics(zProbability: 0.8, misalignment: 0.02), pulse: PulseShape(fwhmPS: 1_000),
            pulseDelayPS: delayPS, detectors: Array(repeating: detector, count: 4))
    }

    /// Advances to `endPS` in the cut's pieces.
    private static func advance(
        _ optics: inout BB84OpticsSimulator, toPS endPS: Int64, _ cut: Cut, _ generator: inout SeededGenerator,
        into batch: inout TagBatch
    ) {
        while optics.nowPS < endPS {
            let step: Int64
            switch cut {
            case .whole: step = endPS - optics.nowPS
            case .fiveMilliseconds: step = 5_000_000_000
            case .uneven: step = 1 + Int64(generator.exponential() * 40_000_000)
            case .coarseAndFine: step = optics.nowPS % 7 == 0 ? 1_234_567_891 : 1
            case .atEdges:
                // At each edge of the first frame: half of the photons that it is about to make come earlier.
                let now = optics.nowPS
                let intoSlot = (now - 123_456) % LinkExperiment.slotPS
                step =
                    now < 123_456 ? 123_456 - now : (now < 250_000_000 ? LinkExperiment.slotPS - intoSlot : endPS - now)
            }
            let before = optics.frontierPS
            let piece = optics.advance(toPS: min(endPS, optics.nowPS + step))
            #expect(piece.times.allSatisfy { $0 >= before && $0 < optics.frontierPS })
            batch.append(piece)
        }
    }

    private static func run(_ cut: Cut, delayPS: Int64) throws -> (TagBatch, [DetectorCounters], OpticsCounters) {
        var optics = try BB84OpticsSimulator(link(delayPS: delayPS))
        var codes = SeededGenerator(seed: 5, stream: "codes")
        var generator = SeededGenerator(seed: 1)
        if case .uneven(let seed) = cut { generator = SeededGenerator(seed: seed) }
        let first = LinkExperiment.waveform(LinkExperiment.codes(2_000, &codes))
        let loop = LinkExperiment.waveform(LinkExperiment.codes(333, &codes))
        var batch = TagBatch()
        optics.apply(.play(first, runs: 1, final: .zero, atPS: 123_456))
        optics.apply(.play(loop, runs: nil, final: .zero, atPS: 400_000_000))
        optics.apply(.hold(.init(lines: 1, analogVolts: 5), atPS: 2_900_050_001))
        optics.apply(.play(loop, runs: 5, final: .zero, atPS: 4_000_000_000))
        // Changes of the bench come at stated times, whatever the pieces.
        advance(&optics, toPS: 700_000_123, cut, &generator, into: &batch)
        optics.variableAttenuationDB = 2
        optics.biasErrorVolts = 0.3
        advance(&optics, toPS: 1_300_000_777, cut, &generator, into: &batch)
        var model = optics.detectorModels[1]
        model.efficiency = 0.2
        model.darkCountRateHz = 50_000
        try optics.setDetector(1, model)
        advance(&optics, toPS: 5_000_000_000, cut, &generator, into: &batch)
        return (batch, optics.detectorCounters, optics.counters)
    }

    @Test(arguments: [Int64(0), 4_000, 25_000_000])
    func clicksDoNotDependOnTheSteps(delayPS: Int64) throws {
        let (whole, detectors, optics) = try Self.run(.whole, delayPS: delayPS)
        #expect(whole.count > 2_000)
        #expect(zip(whole.times, whole.times.dropFirst()).allSatisfy(<=), "in order of time")
        #expect(Set(whole.channels) == [0, 1, 2, 3])
        for cut in [Cut.fiveMilliseconds, .uneven(1), .uneven(2), .coarseAndFine, .atEdges] {
            let (other, otherDetectors, otherOptics) = try Self.run(cut, delayPS: delayPS)
            #expect(other == whole)
            #expect(otherDetectors == detectors)
            #expect(otherOptics.pulses == optics.pulses && otherOptics.photonCandidates == optics.photonCandidates)
            #expect(abs(otherOptics.photonsEmitted / optics.photonsEmitted - 1) < 1e-9)
        }
    }

    @Test func seedsMakeDifferentClicksAndProcessesAreApart() throws {
        func clicks(_ parameters: BB84OpticsParameters) throws -> TagBatch {
            var optics = try BB84OpticsSimulator(parameters)
            var codes = SeededGenerator(seed: 5, stream: "codes")
            let waveform = LinkExperiment.waveform(LinkExperiment.codes(2_000, &codes))
            optics.apply(.play(waveform, runs: nil, final: .zero, atPS: 0))
            return optics.advance(toPS: 1_000_000_000)
        }
        var parameters = Self.link(delayPS: 0)
        for index in 0..<4 { parameters.detectors[index].afterpulseProbability = 0 }
        let base = try clicks(parameters)
        parameters.seed = 78
        #expect(try clicks(parameters) != base)
        parameters.seed = 77
        // More darks at detector 3 leave the other three detectors' clicks as they were.
        parameters.detectors[3].darkCountRateHz = 1e6
        let noisy = try clicks(parameters)
        func without3(_ batch: TagBatch) -> [Int64] {
            zip(batch.times, batch.channels).filter { $0.1 != 3 }.map(\.0)
        }
        #expect(without3(noisy) == without3(base) && noisy.count > base.count)
    }
}
