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

@Suite struct ModelTests {
    @Test func fibreLosesItsDecibels() {
        let fibre = FibreChannel(lengthKM: 25, attenuationDBPerKM: 0.2)
        #expect(fibre.lossDB == 5)
        #expect(abs(fibre.transmittance - 0.316_227_766_016_838) < 1e-15)
        #expect(FibreChannel(lengthKM: 0, attenuationDBPerKM: 0.2).transmittance == 1)
        // 4.8967 µs/km at n = 1.468.
        #expect(abs(Double(fibre.delayPS) - 25 * 4.8967e6) < 25 * 50)
        #expect(abs(Decibel.loss(transmittance: Decibel.transmittance(lossDB: 17.3)) - 17.3) < 1e-12)
    }

    @Test func modulatorGoesFromFloorToFull() {
        let modulator = MachZehnderModulator(vPiVolts: 5, extinctionRatioDB: 25)
        #expect(abs(modulator.transmittance(driveVolts: 0) - pow(10, -2.5)) < 1e-15)
        #expect(abs(modulator.transmittance(driveVolts: 5) - 1) < 1e-15)
        let half = modulator.transmittance(driveVolts: 2.5)
        #expect(abs(half - (1 + modulator.floor) / 2) < 1e-15)
        #expect(modulator.transmittance(driveVolts: -1.3) == modulator.transmittance(driveVolts: 1.3))
        #expect(
            modulator.transmittance(driveVolts: 1.3, biasErrorVolts: 0.2)
                == modulator.transmittance(driveVolts: 1.5))
        let ratio = 10 * log10(modulator.transmittance(driveVolts: 5) / modulator.transmittance(driveVolts: 0))
        #expect(abs(ratio - 25) < 1e-12)
    }

    @Test func modulatorInverts() throws {
        let modulator = MachZehnderModulator(vPiVolts: 4.2, extinctionRatioDB: 30)
        for target in [0.0011, 0.01, 0.2, 0.5, 0.99, 1] {
            let volts = try modulator.driveVolts(forTransmittance: target)
            #expect(volts >= 0 && volts <= 4.2 + 1e-12)
            #expect(abs(modulator.transmittance(driveVolts: volts) - target) < 1e-12)
        }
        #expect(try modulator.driveVolts(forTransmittance: 0) == 0)
        for target in [-0.1, 1.01, .nan] {
            let error = #expect(throws: QKDError.self) { try modulator.driveVolts(forTransmittance: target) }
            #expect(error?.kind == .outOfRange)
        }
    }

    @Test(arguments: zip([0.9, 0.5, 0.731_2, 1, 0, 1.0 / 3], [0.015, 0, 0.123_4, 1, 0.5, 1.0 / 7]))
    func splitIsWholeAndAsStated(zProbability: Double, misalignment: Double) {
        let optics = DecoyStateOptics(zProbability: zProbability, misalignment: misalignment)
        for state in BB84State.all {
            let weights = optics.weights(state)
            #expect(weights.sum() == 1, "the sum is exact, not near")
            let matched = state.basis == .z ? zProbability : 1 - zProbability
            #expect(abs(weights[state.index] - matched * (1 - misalignment)) < 1e-7)
            #expect(abs(weights[state.index ^ 1] - matched * misalignment) < 1e-7)
            #expect(weights[state.index ^ 2] == weights[state.index ^ 3])
            #expect(abs(weights[state.index ^ 2] - (1 - matched) / 2) < 1e-7)
        }
    }

    @Test func receiverRefusesWhatIsNoShare() {
        for (z, e) in [(1.1, 0.0), (-0.1, 0), (0.5, 2), (.nan, 0)] {
            let error = #expect(throws: QKDError.self) {
                try DecoyStateOptics(zProbability: z, misalignment: e).validate()
            }
            #expect(error?.kind == .outOfRange)
        }
    }

    private static let row = DetectorModel(
        efficiency: 0.1, darkCountRateHz: 600, deadTimePS: 5_050_000, afterpulseProbability: 0.02,
        afterpulseTimePS: 2_000_000, jitterFWHMPS: 200)

    @Test func biasModelIsAnchoredAtItsReference() throws {
        let bias = SyntheticBiasModel(breakdownVolts: 65, referenceVolts: 68, referenceCelsius: -50)
        try bias.validate()
        #expect(bias.detector(Self.row, biasVolts: 68, celsius: -50) == Self.row)
        for volts in [0, 64.9, 65] {
            let off = bias.detector(Self.row, biasVolts: volts, celsius: 20)
            #expect(off.efficiency == 0 && off.darkCountRateHz == 0)
        }
        let high = bias.detector(Self.row, biasVolts: 70, celsius: -50)
        let low = bias.detector(Self.row, biasVolts: 66, celsius: -50)
        #expect(low.efficiency < 0.1 && high.efficiency > 0.1)
        #expect(low.darkCountRateHz < 600 && high.darkCountRateHz > 600)
        #expect(bias.detector(Self.row, biasVolts: 1e3, celsius: -50).efficiency <= 1)
        let warm = bias.detector(Self.row, biasVolts: 68, celsius: -30)
        #expect(warm.efficiency == 0.1)
        #expect(abs(warm.darkCountRateHz - 2400) < 1e-9)
        #expect(throws: QKDError.self) {
            try SyntheticBiasModel(breakdownVolts: 68, referenceVolts: 68).validate()
        }
    }

    @Test func deadTimeMovesTheAfterpulseProbability() {
        let longer = Self.row.withDeadTime(7_050_000)
        #expect(longer.deadTimePS == 7_050_000)
        #expect(abs(longer.afterpulseProbability - 0.02 * exp(-1)) < 1e-15)
        #expect(longer.withDeadTime(5_050_000).afterpulseProbability - 0.02 < 1e-15)
        #expect(Self.row.withDeadTime(0).afterpulseProbability < 0.02 * exp(2.526))
    }

    @Test func detectorRefusesImpossibleFigures() {
        let spoilt: [(WritableKeyPath<DetectorModel, Double>, Double, String)] = [
            (\.efficiency, 1.1, "efficiency"), (\.darkCountRateHz, -1, "darkCountRateHz"),
            (\.afterpulseProbability, .nan, "afterpulseProbability"), (\.jitterFWHMPS, -3, "jitterFWHMPS"),
            (\.jitterTailFraction, 2, "jitterTailFraction"),
        ]
        for (path, value, field) in spoilt {
            var model = Self.row
            model[keyPath: path] = value
            let error = #expect(throws: QKDError.self) { try model.validate("bob") }
            #expect(error?.place?.field == field && error?.place?.source == "bob")
        }
        var endless = Self.row
        endless.deadTimePS = 0
        endless.afterpulseTimePS = 0
        #expect(throws: QKDError.self) { try endless.validate() }
    }
}
