import QKDCore
import Testing

@testable import QKDDistillation

struct DistillerTests {
    /// Raw keys with errors at `rate`, the other basis compared at the same rate.
    private func pairs(_ count: Int, rate: Double, seed: UInt64 = 1) -> DistillationInput {
        let (alice, bob) = NoisyFrame.pair(count, rate: rate, seed: seed)
        return DistillationInput(
            alice: alice, bob: bob, evidence: .comparison(bits: count, errors: Int(rate * Double(count))))
    }

    private func distil(_ input: DistillationInput, _ options: DistillationOptions = .init(), seed: UInt64 = 7)
        async throws
        -> Distiller.Result
    {
        var random = PublicGenerator(seed: seed)
        return try await Distiller(options).run(input, random: &random)
    }

    @Test func bothKeysAreEqualAndNoLongerThanTheBound() async throws {
        let input = pairs(400_000, rate: 0.02)
        var options = DistillationOptions()
        options.workers = 2
        let result = try await distil(input, options)
        let report = result.report
        #expect(result.alice == result.bob && result.alice.count == report.secretBits && report.abort == nil)
        #expect(report.frames.total == 3 && report.frames.verified == 3 && report.frames.discardedBits == 0)
        #expect(report.frames.errors == input.alice.distance(to: input.bob))
        #expect(report.revealed.verification % 3 == 0 && report.revealed.verification > 150)
        let length = try #require(report.length)
        #expect(length.proof == "tomamichel2012" && length.leaked == Double(report.revealed.total))
        #expect(Double(report.secretBits) <= length.bound && Double(report.secretBits) > length.bound - 1)
        #expect(report.secretBits > 200_000)
        let factor = try #require(report.revealed.factor)
        #expect(factor > 1 && factor < 1.06)
        // Another seed: another key of much the same length.
        let other = try await distil(input, seed: 8)
        #expect(abs(other.report.secretBits - report.secretBits) < 4000)
        #expect(other.alice.slice(0..<200_000).distance(to: result.alice.slice(0..<200_000)) > 99_000)
    }

    @Test func oneMessageAFrame() async throws {
        var options = DistillationOptions()
        options.method = .ldpc
        let input = pairs(700_000, rate: 0.03)
        let result = try await distil(input, options)
        let report = result.report
        #expect(result.alice == result.bob && report.secretBits > 0)
        #expect(report.frames.byLDPC >= 3 && report.frames.verified == report.frames.total)
        #expect(report.frames.errors == input.alice.distance(to: input.bob))
        let factor = try #require(report.revealed.factor)
        #expect(factor > 1.04 && factor < 1.3, "\(factor)")
        // Far rates have no code: Cascade takes them.
        let rare = try await distil(pairs(300_000, rate: 0.002), options)
        #expect(rare.report.frames.byLDPC == 0 && rare.report.secretBits > 0)
    }

    @Test func theMethodIsChosenByWhatHoldsUpTheKey() {
        func chosen(_ errorRate: Double, _ roundTripS: Double, _ rate: Double) -> ReconciliationMethod {
            ReconciliationMethod.auto.chosen(
                errorRate: errorRate, frameBits: 1 << 17, roundTripS: roundTripS, rawBitsPerSecond: rate,
                framesInFlight: 64)
        }
        #expect(chosen(0.02, 0, 1e9) == .cascade && chosen(0.02, 0.01, 1e5) == .cascade)
        #expect(chosen(0.02, 0.1, 1e6) == .ldpc && chosen(0.001, 0.1, 1e6) == .cascade)
        #expect(chosen(0.2, 0.1, 1e6) == .cascade)
    }

    @Test func manyErrorsDeliverNothing() async throws {
        let result = try await distil(pairs(200_000, rate: 0.12))
        #expect(result.alice.count == 0 && result.bob.count == 0 && result.report.secretBits == 0)
        #expect(result.report.abort?.contains("12.0 %") == true && result.report.revealed.total == 0)
        // Below the threshold, but nothing left when all is counted.
        let poor = try await distil(pairs(50_000, rate: 0.1))
        #expect(poor.alice.count == 0 && poor.report.abort?.contains("too few") == true)
        #expect(poor.report.revealed.total > 0)
    }

    /// What counts is the f in use: at 10 % of errors one message reveals too much, and is not sent.
    @Test func theThresholdGoesByWhatReconciliationReveals() async throws {
        var options = DistillationOptions()
        #expect(abs(ErrorThreshold(options, errorRate: 0.1).errorRate - 0.10680) < 1e-4)
        options.method = .ldpc
        let threshold = ErrorThreshold(options, errorRate: 0.1).errorRate
        #expect(threshold > 0.094 && threshold < 0.1, "\(threshold)")
        let result = try await distil(pairs(200_000, rate: 0.1), options)
        #expect(result.report.secretBits == 0 && result.report.revealed.total == 0)
        #expect(result.report.abort?.contains("where f is 1.") == true)
    }

    @Test func framesThatFailAreDiscardedAndCounted() async throws {
        let input = pairs(600_000, rate: 0.02)
        var options = DistillationOptions()
        let good = try await distil(input, options)
        options.failing = [1, 3]
        let bad = try await distil(input, options)
        #expect(bad.report.frames.total == 4 && bad.report.frames.verified == 2 && bad.report.frames.unequal == 2)
        #expect(bad.report.frames.discardedBits == 300_000)
        #expect(bad.alice == bad.bob && bad.report.abort == nil)
        // What was revealed of them stays revealed, and all their bits are lost.
        #expect(bad.report.revealed == good.report.revealed || bad.report.revealed.total == good.report.revealed.total)
        #expect(abs(good.report.secretBits - 300_000 - bad.report.secretBits) <= 1)
        options.failing = [0, 1, 2, 3]
        let none = try await distil(input, options)
        #expect(none.report.secretBits == 0 && none.report.abort == "no frame was verified")
    }

    /// Keys that have nothing in common: reconciliation breaks off, nothing is delivered, all is counted.
    @Test func keysThatAreNone() async throws {
        let (alice, _) = NoisyFrame.pair(100_000, rate: 0, seed: 1)
        let (bob, _) = NoisyFrame.pair(100_000, rate: 0, seed: 2)
        let input = DistillationInput(alice: alice, bob: bob, evidence: .comparison(bits: 100_000, errors: 1000))
        let report = try await distil(input).report
        #expect(report.secretBits == 0 && report.frames.unreconciled == 1 && report.revealed.reconciliation > 0)
    }

    @Test func nothingToGoBy() async throws {
        let nothing = DistillationInput(
            alice: BitString(), bob: BitString(), evidence: .comparison(bits: 1000, errors: 1))
        #expect(try await distil(nothing).report.abort == "there are no raw bits")
        let (alice, bob) = NoisyFrame.pair(1000, rate: 0.01, seed: 1)
        let blind = DistillationInput(alice: alice, bob: bob, evidence: .comparison(bits: 0, errors: 0))
        #expect(try await distil(blind).report.abort?.contains("nothing of the other basis") == true)
        var options = DistillationOptions()
        options.proof = .rusca
        await #expect(throws: QKDError.self) { try await distil(blind, options) }
    }

    @Test func slicesAndTheirJoin() {
        let (whole, _) = NoisyFrame.pair(1000, rate: 0, seed: 1)
        for cuts in [[0, 1, 65, 128, 1000], [0, 63, 64, 500, 501, 1000], [0, 1000]] {
            let parts = zip(cuts, cuts.dropFirst()).map { whole.slice($0..<$1) }
            #expect(BitString.joined(parts) == whole)
            #expect((0..<parts[0].count).allSatisfy { parts[0][$0] == whole[$0] })
        }
        #expect(whole.slice(700..<765).words.count == 2)
    }
}
