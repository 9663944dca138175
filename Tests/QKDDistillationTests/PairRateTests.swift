import QKDDistillation
import Testing

struct PairRateTests {
    private let link = PulsedPairLink(receiverEfficiency: 0.145, darkYield: 6.02e-6, misalignment: 0.015)

    /// Reach by total loss, source in the middle and at Alice's; computed independently.
    @Test func reaches() throws {
        let middle = try #require(
            WeakCoherentLink.reach(beyond: 1, upTo: 90) { link.best(lossDB: ($0 / 2, $0 / 2)).rate })
        #expect(abs(middle - 61.63) < 0.02, "\(middle)")
        let atAlice = try #require(WeakCoherentLink.reach(beyond: 1, upTo: 90) { link.best(lossDB: (0, $0)).rate })
        #expect(abs(atAlice - 36.61) < 0.02, "\(atAlice)")
    }

    @Test func weakPairsAreCountedByTheirEfficiencies() {
        let (gain, errorRate) = PulsedPairLink(receiverEfficiency: 0.1, darkYield: 0, misalignment: 0.02)
            .coincidences(pairs: 1e-6, lossDB: (0, 0))
        // λ is half the mean number of pairs: 2 λ η².
        #expect(abs(gain / (2 * 1e-6 * 0.01) - 1) < 1e-3 && abs(errorRate - 0.02) < 1e-3)
    }

    @Test func finiteKeys() {
        let security = SecurityParameters()
        let bound = PairBound(keyBits: 1_000_000, testBits: 1_000_000, testErrors: 20_000)
        let key = bound.keyLength(leaked: 160_000, security: security)
        // μ² = 2e-6 · 1.000001 · ln 4e9 = 4.4219e-5; n (1 - h(0.0266497)) = 822_746
        #expect(abs(key.phaseError - 0.0266497) < 1e-6)
        #expect(abs(key.fixed - (1 + 2 * 29.897353 + 49.828921)) < 1e-4)
        #expect(abs(Double(key.bits) - (1e6 * (1 - binaryEntropy(0.0266497)) - 160_000 - key.fixed)) < 10)
        #expect(
            PairBound(keyBits: 400, testBits: 400, testErrors: 0).keyLength(leaked: 0, security: security).bits == 0)
        #expect(PairBound(keyBits: 0, testBits: 0, testErrors: 0).keyLength(leaked: 0, security: security).bits == 0)
        #expect(bound.keyLength(leaked: 900_000, security: security).bits == 0)
    }
}
