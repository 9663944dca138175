import QKDDistillation
import Testing

/// Gobby, Yuan and Shields' link as Ma et al. 2005 take it; figures computed independently from the same formulas.
struct AsymptoticRateTests {
    private let link = WeakCoherentLink(
        attenuationDBPerKM: 0.21, receiverEfficiency: 0.045, darkYield: 1.7e-6, misalignment: 0.033)

    @Test(arguments: [
        (20.0, 9.6248e-4, 9.0777e-4), (50, 2.2260e-4, 2.0962e-4), (100, 1.7184e-5, 1.6020e-5),
        (120, 4.8145e-6, 4.3686e-6), (130, 1.9557e-6, 1.6788e-6), (140, 2.4645e-7, 7.378e-8),
    ])
    func rates(km: Double, infinite: Double, two: Double) {
        // The figures have four or five digits.
        #expect(abs(link.rateWithInfiniteDecoys(mean: 0.48, km: km) / infinite - 1) < 1e-4)
        #expect(abs(link.rateWithVacuumAndWeakDecoy(mean: 0.48, weak: 0.05, km: km) / two - 1) < 1e-4)
    }

    @Test func reaches() throws {
        let infinite = try #require(WeakCoherentLink.reach { link.rateWithInfiniteDecoys(mean: 0.48, km: $0) })
        #expect(abs(infinite - 142.01) < 0.05)
        let two = try #require(
            WeakCoherentLink.reach { link.rateWithVacuumAndWeakDecoy(mean: 0.48, weak: 0.05, km: $0) })
        #expect(abs(two - 140.62) < 0.05)
        #expect(WeakCoherentLink.reach { _ in -1 } == nil)
    }

    /// The error rate at which 1 - (1 + f) h(E) is zero.
    @Test(arguments: [(1.0, 0.110027864), (1.16, 0.0981060), (1.22, 0.0942352)])
    func thresholds(factor: Double, rate: Double) {
        #expect(abs(1 - (1 + factor) * binaryEntropy(rate)) < 1e-6)
    }

    @Test func entropyEnds() {
        #expect(binaryEntropy(0) == 0 && binaryEntropy(1) == 0 && binaryEntropy(-0.1) == 0)
        #expect(binaryEntropy(0.5) == 1 && abs(binaryEntropy(0.25) - 0.811278) < 1e-6)
    }
}
