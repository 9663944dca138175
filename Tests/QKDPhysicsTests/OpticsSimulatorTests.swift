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

/// A link in which nothing is lost: what goes in can be counted at the detectors.
private func brightParameters(photons: Double, delayPS: Int64 = 1_000) -> BB84OpticsParameters {
    BB84OpticsParameters(
        seed: 3, sourcePhotonsPerPulse: photons,
        modulator: MachZehnderModulator(vPiVolts: 5, extinctionRatioDB: 40),
        fibre: FibreChannel(lengthKM: 0, attenuationDBPerKM: 0.2), receiverLossDB: 0,
        receiver: DecoyStateOptics(zProbability: 1, misalignment: 0), pulseDelayPS: delayPS,
        detectors: Array(
            repeating: DetectorModel(efficiency: 1, darkCountRateHz: 0, deadTimePS: 1_000), count: 4))
}

/// Steps of one tick of 10 ns, full drive.
private func steps(_ lines: [UInt8], ticks: [UInt32]? = nil, analog: Int16 = 5_000) -> DriveWaveform {
    DriveWaveform(
        ticks: ticks ?? Array(repeating: 1, count: lines.count), lines: lines,
        analog: Array(repeating: analog, count: lines.count), tickPS: 10_000, analogUnitVolts: 0.001)
}

@Suite struct OpticsSimulatorTests {
    /// 60 photons a pulse: a pulse that makes no click is rarer than 1e-26.
    private static let certain = 60.0

    @Test func eachRisingEdgeOfAMappedLineIsAPulse() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        // Line 0 rises twice, holds one step, line 1 rises while line 0 is high, line 7 has no laser.
        optics.apply(.play(steps([1, 1, 0, 1, 3, 0, 128, 0]), runs: 1, final: .zero, atPS: 500_000))
        let clicks = optics.advance(toPS: 2_000_000)
        #expect(clicks.times == [501_000, 531_000, 541_000])
        #expect(clicks.channels == [0, 0, 1])
        #expect(optics.counters.pulses == 3)
        #expect(optics.isDark)
    }

    @Test func stepsKeepTheirLengthsAndRepeats() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        // A step of no ticks never stands at the outputs; the waveform lasts 70 ns and is played three times.
        let waveform = steps([2, 0, 1, 0], ticks: [2, 5, 0, 0])
        optics.apply(.play(waveform, runs: 3, final: .zero, atPS: 0))
        #expect(optics.advance(toPS: 1_000_000).times == [1_000, 71_000, 141_000])
        #expect(optics.isDark)
    }

    @Test func lineHighOverTheEndOfARunRisesOnce() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        optics.apply(.play(steps([1, 0, 0, 1]), runs: 2, final: .init(lines: 1, analogVolts: 5), atPS: 0))
        #expect(optics.advance(toPS: 1_000_000).times == [1_000, 31_000, 71_000])
        // The held line falls and rises again with a hold; the laser fires at the rise.
        optics.apply(.hold(.zero, atPS: 2_000_000))
        optics.apply(.hold(.init(lines: 5, analogVolts: 5), atPS: 3_000_000))
        let clicks = optics.advance(toPS: 4_000_000)
        #expect(Set(clicks.times) == [3_001_000])
        #expect(optics.counters.pulses == 4, "lines 0 and 2 together are one pulse of two lasers")
    }

    @Test func lineHeldHighRisesFirstInTheSecondRun() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        optics.apply(.hold(.init(lines: 1, analogVolts: 5), atPS: 100_000))
        optics.apply(.play(steps([1, 0]), runs: 3, final: .zero, atPS: 200_000))
        #expect(optics.advance(toPS: 1_000_000).times == [101_000, 221_000, 241_000])
    }

    @Test func playsWithoutEndUntilHeld() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        #expect(optics.isDark)
        optics.apply(.play(steps([1, 0]), runs: nil, final: .zero, atPS: 0))
        #expect(optics.advance(toPS: 1_000_000).count == 50)
        #expect(!optics.isDark)
        #expect(abs(optics.outputPhotonsPerPulse - 60) < 1e-9)
        #expect(abs(optics.outputPhotonsPerSecond / (50e6 * 60) - 1) < 1e-9)
        optics.apply(.hold(.zero, atPS: 1_100_000))
        #expect(optics.advance(toPS: 3_000_000).count == 5)
        #expect(optics.isDark)
        #expect(optics.advance(toPS: 4_000_000).isEmpty)
        #expect(optics.outputPhotonsPerPulse == 0 && optics.outputPhotonsPerSecond == 0)
        #expect(optics.counters.pulses == 55)
    }

    @Test func lateWaveformKeepsItsPhase() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        _ = optics.advance(toPS: 1_005_000)
        optics.apply(.play(steps([1, 0, 0, 2, 0]), runs: 21, final: .zero, atPS: 0))
        // 50 ns a run: the last run starts at 1 µs; its first edge is past, its second at 1.03 µs.
        let clicks = optics.advance(toPS: 3_000_000)
        #expect(clicks.times == [1_031_000] && clicks.channels == [1])
        #expect(optics.counters.pulses == 1 && optics.counters.pulsesMissed == 1)
    }

    @Test func changesActInTheOrderOfTheirTimes() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        optics.apply(.play(steps([4, 0]), runs: 1, final: .zero, atPS: 200_000))
        optics.apply(.play(steps([1, 0]), runs: nil, final: .zero, atPS: 100_000))
        optics.apply(.hold(.zero, atPS: 130_000))
        let clicks = optics.advance(toPS: 1_000_000)
        #expect(clicks.times == [101_000, 121_000, 201_000, 201_000])
        // Line 2 fires X0, which in a receiver of Z alone falls on both detectors.
        #expect(clicks.channels == [0, 0, 0, 1])
    }

    @Test func waveformOfNoLengthIsItsFinalLevels() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        let final = PulserLevels(lines: 2, analogVolts: 5)
        optics.apply(.play(steps([1, 0], ticks: [0, 0]), runs: nil, final: final, atPS: 100_000))
        optics.apply(.play(steps([]), runs: 3, final: .zero, atPS: 200_000))
        optics.apply(.play(steps([1]), runs: 0, final: final, atPS: 300_000))
        let clicks = optics.advance(toPS: 1_000_000)
        #expect(clicks.times == [101_000, 301_000] && clicks.channels == [1, 1])
    }

    @Test func modulatorAndAttenuatorsSetTheMean() throws {
        var parameters = brightParameters(photons: 1e4)
        parameters.fixedAttenuationDB = 20
        parameters.variableAttenuationDB = 10
        parameters.biasErrorVolts = 0.4
        var optics = try BB84OpticsSimulator(parameters)
        optics.apply(.play(steps([1, 0], analog: 2_000), runs: nil, final: .zero, atPS: 0))
        _ = optics.advance(toPS: 1_000_000)
        let transmittance = parameters.modulator.transmittance(driveVolts: 2, biasErrorVolts: 0.4)
        #expect(abs(optics.outputPhotonsPerPulse / (10 * transmittance) - 1) < 1e-12)
        optics.variableAttenuationDB = 13
        optics.biasErrorVolts = 0
        _ = optics.advance(toPS: 2_000_000)
        let changed = 10 * pow(10, -0.3) * parameters.modulator.transmittance(driveVolts: 2)
        #expect(abs(optics.outputPhotonsPerPulse / changed - 1) < 1e-12)
        optics.variableAttenuationDB = -1
        optics.biasErrorVolts = .nan
        #expect(optics.variableAttenuationDB == 13 && optics.biasErrorVolts == 0)
        optics.variableAttenuationDB = .infinity
        #expect(optics.advance(toPS: 3_000_000).isEmpty && optics.outputPhotonsPerPulse == 0)
        #expect(!optics.isDark, "a blocked beam is not a dark laser")
    }

    @Test func lineMapDecidesWhichLaserFires() throws {
        var parameters = brightParameters(photons: Self.certain)
        parameters.lineMap = try LaserLineMap([5: BB84State(.z, 1), 2: BB84State(.z, 0)])
        var optics = try BB84OpticsSimulator(parameters)
        optics.apply(.play(steps([1, 0, 32, 0, 4, 0]), runs: 1, final: .zero, atPS: 0))
        let clicks = optics.advance(toPS: 1_000_000)
        #expect(clicks.channels == [1, 0] && clicks.times == [21_000, 41_000])
        #expect(throws: QKDError.self) { try LaserLineMap([8: BB84State(.z, 0)]) }
        #expect(LaserLineMap.inOrder.mask == 15)
    }

    @Test func detectorsMayChangeUnderway() throws {
        var optics = try BB84OpticsSimulator(brightParameters(photons: Self.certain))
        optics.apply(.play(steps([1, 0]), runs: nil, final: .zero, atPS: 0))
        #expect(optics.advance(toPS: 1_000_000).count == 50)
        var blind = optics.detectorModels[0]
        blind.efficiency = 0
        try optics.setDetector(0, blind)
        #expect(optics.detectorModels[0] == blind)
        #expect(optics.advance(toPS: 2_000_000).isEmpty)
        #expect(throws: QKDError.self) { try optics.setDetector(4, blind) }
        blind.efficiency = 2
        #expect(throws: QKDError.self) { try optics.setDetector(0, blind) }
        #expect(optics.detectorCounters[0].clicks.photons == 50)
    }

    @Test func impossibleLinksAreRefused() {
        var few = brightParameters(photons: 1)
        few.detectors.removeLast()
        var negative = brightParameters(photons: -1)
        negative.receiverLossDB = 0
        var lossy = brightParameters(photons: 1)
        lossy.receiverLossDB = .nan
        var flat = brightParameters(photons: 1)
        flat.modulator.vPiVolts = 0
        for (parameters, field) in [
            (few, "detectors"), (negative, "sourcePhotonsPerPulse"), (lossy, "receiverLossDB"),
            (flat, "modulator.vPiVolts"),
        ] {
            let error = #expect(throws: QKDError.self) { try BB84OpticsSimulator(parameters) }
            #expect(error?.place?.field == field)
        }
    }
}

@Suite struct PhotonStatisticsTests {
    /// Means add before the exponential: two lasers of means a and b fire with 1 − e^(−(a+b)).
    @Test(arguments: [UInt8(1), 3])
    func clickProbabilityIsOneMinusTheVacuum(lines: UInt8) throws {
        var parameters = brightParameters(photons: 0.8)
        parameters.lineMap = try LaserLineMap([0: BB84State(.z, 0), 1: BB84State(.z, 0)])
        var optics = try BB84OpticsSimulator(parameters)
        let pulses = 20_000 * Statistics.scale
        optics.apply(.play(steps([lines, 0]), runs: pulses, final: .zero, atPS: 0))
        let clicks = optics.advance(toPS: Int64(pulses) * 20_000 + 10_000)
        let mean = 0.8 * Double(lines.nonzeroBitCount)
        let probability = 1 - exp(-mean)
        let sigma = Statistics.binomialSigma(trials: Double(pulses), probability: probability)
        #expect(abs(Double(clicks.count) - Double(pulses) * probability) < 4 * sigma)
        #expect(Statistics.isPlausible(optics.counters.photonCandidates, mean: mean * Double(pulses)))
        #expect(abs(optics.counters.photonsEmitted / (mean * Double(pulses)) - 1) < 1e-9)
    }

    /// Without dead time every photon clicks, so that photon numbers themselves can be counted.
    @Test func photonNumbersArePoisson() throws {
        var parameters = brightParameters(photons: 1.3)
        for index in 0..<4 { parameters.detectors[index].deadTimePS = 0 }
        var optics = try BB84OpticsSimulator(parameters)
        let pulses = 20_000 * Statistics.scale
        optics.apply(.play(steps([1, 0]), runs: pulses, final: .zero, atPS: 0))
        var numbers = [Double](repeating: 0, count: pulses)
        for time in optics.advance(toPS: Int64(pulses) * 20_000 + 10_000).times {
            numbers[Int(time / 20_000)] += 1
        }
        let moments = Statistics.moments(numbers)
        let count = Double(pulses)
        #expect(abs(moments.mean - 1.3) < 4 * (1.3 / count).squareRoot())
        #expect(abs(moments.variance - 1.3) < 4 * ((2 * 1.69 + 1.3) / count).squareRoot())
        for number in 0...4 {
            let factorial: Double = [1, 1, 2, 6, 24][number]
            let probability = pow(1.3, Double(number)) * exp(-1.3) / factorial
            let sigma = Statistics.binomialSigma(trials: count, probability: probability)
            #expect(abs(Double(numbers.count { Int($0) == number }) - count * probability) < 4 * sigma)
        }
    }

    @Test func photonsSplitByWeightTimesEfficiency() throws {
        var parameters = brightParameters(photons: 0.5)
        parameters.receiver = DecoyStateOptics(zProbability: 0.7, misalignment: 0.1)
        let efficiencies = [0.8, 0.4, 0.6, 0.9]
        for (index, efficiency) in efficiencies.enumerated() {
            parameters.detectors[index].efficiency = efficiency
            parameters.detectors[index].deadTimePS = 0
        }
        for state in BB84State.all {
            var optics = try BB84OpticsSimulator(parameters)
            let pulses = 10_000 * Statistics.scale
            optics.apply(.play(steps([1 << UInt8(state.index), 0]), runs: pulses, final: .zero, atPS: 0))
            let clicks = optics.advance(toPS: Int64(pulses) * 20_000 + 10_000)
            let weights = parameters.receiver.weights(state)
            for detector in 0..<4 {
                let mean = 0.5 * weights[detector] * efficiencies[detector] * Double(pulses)
                #expect(Statistics.isPlausible(clicks.channels.count { $0 == detector }, mean: mean))
            }
        }
    }

    @Test func arrivalTimesFollowPulseAndJitter() throws {
        var parameters = brightParameters(photons: 0.3, delayPS: 0)
        parameters.pulse = PulseShape(fwhmPS: 150)
        parameters.detectors[0].jitterFWHMPS = 250
        parameters.detectors[0].jitterTailFraction = 0.2
        parameters.detectors[0].jitterTailPS = 300
        parameters.detectors[0].deadTimePS = 0
        var optics = try BB84OpticsSimulator(parameters)
        let pulses = 40_000 * Statistics.scale
        optics.apply(.play(steps([1, 0]), runs: pulses, final: .zero, atPS: 1_000_000))
        let delays = optics.advance(toPS: Int64(pulses) * 20_000 + 2_000_000).times.map { time in
            Double((time + 10_000) % 20_000 - 10_000)
        }
        let arrival = ArrivalDistribution(pulse: parameters.pulse, jitter: parameters.detectors[0].jitter)
        let count = Double(delays.count)
        #expect(count > Double(pulses) / 4)
        for edge in [-250.5, -100.5, -0.5, 99.5, 299.5, 799.5] {
            let probability = arrival.cumulative(edge)
            let sigma = Statistics.binomialSigma(trials: count, probability: probability)
            #expect(abs(Double(delays.count { $0 < edge }) - count * probability) < 4 * sigma)
        }
    }
}
