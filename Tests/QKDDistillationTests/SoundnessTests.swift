import Foundation
import QKDPhysics
import Testing

@testable import QKDDistillation

/// Blocks whose truth is known: how many detections came from empty pulses and single photons, and how many of the latter
/// would have been wrong in the other basis. No bound may fail, and bounds on large blocks may not be idle.
struct SoundnessTests {
    /// A channel by photon number: what a pulse of n photons makes of a click and of an error, in each basis. An eavesdropper
    /// may choose them as she likes, but knows no intensity.
    struct Channel {
        var yields: [Double]
        var keyErrors: [Double]
        var testErrors: [Double]

        static let photons = 12

        static func honest(transmittance: Double, dark: Double, misalignment: Double) -> Channel {
            let yields = (0..<photons).map { photons in
                var lost = 1.0
                for _ in 0..<photons { lost *= 1 - transmittance }
                return 1 - (1 - dark) * lost
            }
            let errors = yields.map { (misalignment * max(0, $0 - dark) + 0.5 * dark) / $0 }
            return Channel(yields: yields, keyErrors: errors, testErrors: errors)
        }

        /// Single photons are held back and multi-photon pulses let through, with errors of their own kind.
        static func hostile(_ random: inout SeededGenerator) -> Channel {
            let scale = 1e-3 + 0.02 * Double.random(in: 0..<1, using: &random)
            let yields = (0..<photons).map { photons in
                photons == 0 ? 1e-6 : scale * Double.random(in: photons == 1 ? 0.2..<1 : 0.5..<3, using: &random)
            }
            return Channel(
                yields: yields.map { min(1, $0) },
                keyErrors: yields.indices.map { $0 == 0 ? 0.5 : .random(in: 0..<0.1, using: &random) },
                testErrors: yields.indices.map { $0 == 0 ? 0.5 : .random(in: 0..<0.1, using: &random) })
        }
    }

    /// Counts of a block, and the truth behind them.
    struct Block {
        var key: DecoyCounts
        var test: DecoyCounts
        var vacuum = 0
        var single = 0
        var phaseErrors = 0

        /// Independent Poisson counts of every kind of event: a random number of pulses makes them so.
        init(
            _ channel: Channel, _ intensities: DecoyIntensities, pulses: Double, keyBasis: Double,
            _ random: inout SeededGenerator
        ) {
            let kinds = intensities.means.count
            key = DecoyCounts(detections: .init(repeating: 0, count: kinds), errors: .init(repeating: 0, count: kinds))
            test = key
            for (kind, mean) in intensities.means.enumerated() {
                var chance = intensities.probabilities[kind] * exp(-mean)
                for photons in 0..<Channel.photons {
                    if photons > 0 { chance *= mean / Double(photons) }
                    let clicks = pulses * chance * channel.yields[photons]
                    let (inKey, inTest) = (clicks * keyBasis * keyBasis, clicks * (1 - keyBasis) * (1 - keyBasis))
                    let (wrong, phase) = (channel.keyErrors[photons], channel.testErrors[photons])
                    for (isWrong, bit) in [(true, wrong), (false, 1 - wrong)] {
                        for (isPhase, other) in [(true, phase), (false, 1 - phase)] {
                            let count = random.poisson(mean: inKey * bit * other)
                            key.detections[kind] += Double(count)
                            if isWrong { key.errors[kind] += Double(count) }
                            if photons == 0 { vacuum += count }
                            if photons == 1 { single += count }
                            if photons == 1, isPhase { phaseErrors += count }
                        }
                    }
                    let testWrong = random.poisson(mean: inTest * phase)
                    test.detections[kind] += Double(testWrong + random.poisson(mean: inTest * (1 - phase)))
                    test.errors[kind] += Double(testWrong)
                }
            }
        }
    }

    private static let three = DecoyIntensities(means: [0.5, 0.2, 2e-4], probabilities: [0.5, 0.3, 0.2])
    private static let two = DecoyIntensities(means: [0.5, 0.15], probabilities: [0.7, 0.3])

    private func check(_ proof: KeyProof, _ block: Block, _ intensities: DecoyIntensities) throws -> KeyLength {
        let bound = try #require(proof.bound(intensities))
        let key = bound.keyLength(key: block.key, test: block.test, leaked: 0, security: SecurityParameters())
        #expect(key.vacuum <= Double(block.vacuum), "\(proof): vacuum \(key.vacuum) of \(block.vacuum)")
        #expect(key.single <= Double(block.single), "\(proof): single \(key.single) of \(block.single)")
        if block.single > 0 {
            let truth = Double(block.phaseErrors) / Double(block.single)
            #expect(key.phaseError >= truth, "\(proof): phase errors \(key.phaseError), truth \(truth)")
        }
        return key
    }

    /// 1000 blocks for each of the proofs, from 1e4 to 1e7 detections, half of them with an eavesdropper.
    @Test(arguments: [KeyProof.limLiteral, .limClipped, .limClippedErrors, .rusca])
    func noBoundFails(proof: KeyProof) throws {
        var random = SeededGenerator(seed: 6, stream: "soundness")
        let intensities = proof.intensityCount == 2 ? Self.two : Self.three
        var keys = 0
        for block in 0..<1000 {
            let channel =
                block % 2 == 0
                ? Channel.honest(
                    transmittance: .random(in: 1e-3..<0.1, using: &random), dark: 2e-6,
                    misalignment: .random(in: 0..<0.04, using: &random)) : .hostile(&random)
            let clicks = zip(intensities.means, intensities.probabilities).reduce(0) { sum, next in
                sum + next.1 * next.0 * channel.yields[1]
            }
            let size = exp(.random(in: 9.2..<16.1, using: &random))
            let made = Block(channel, intensities, pulses: size / clicks, keyBasis: 0.7, &random)
            keys += try check(proof, made, intensities).formula > 0 ? 1 : 0
        }
        #expect(keys > 300, "\(keys) of 1000 blocks have a key")
    }

    /// s₁ ≥ 0.8 of the truth at 1e7 detections.
    @Test(arguments: [KeyProof.limLiteral, .limClipped, .limClippedErrors, .rusca])
    func boundsAreNotIdle(proof: KeyProof) throws {
        var random = SeededGenerator(seed: 7, stream: "idle")
        let intensities = proof.intensityCount == 2 ? Self.two : Self.three
        let channel = Channel.honest(transmittance: 0.02, dark: 2e-6, misalignment: 0.015)
        for _ in 0..<10 {
            let clicks = zip(intensities.means, intensities.probabilities).reduce(0) { $0 + $1.0 * $1.1 * 0.02 }
            let block = Block(channel, intensities, pulses: 1e7 / clicks / 0.64, keyBasis: 0.8, &random)
            let key = try check(proof, block, intensities)
            #expect(key.single >= 0.8 * Double(block.single), "\(key.single / Double(block.single))")
            #expect(key.phaseError < 0.05)
        }
    }
}
