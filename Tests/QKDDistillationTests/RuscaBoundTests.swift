import QKDDistillation
import Testing

/// One decoy; figures computed independently for a 1 GHz source, detectors of 50 % with 1e-8 dark counts and 100 ns dead time.
struct RuscaBoundTests {
    private static var link: DecoyPlanLink {
        var link = DecoyPlanLink()
        link.receiverEfficiency = 0.5
        // 1e-8 of the two detectors together.
        link.darkProbability = 5e-9
        link.afterpulseProbability = 0
        link.misalignment = 0.01
        link.deadTimeS = 100e-9
        return link
    }

    private func plan(_ blockSize: Double) -> FiniteDecoyPlan {
        var plan = FiniteDecoyPlan(link: Self.link, proof: .rusca, blockSize: blockSize)
        plan.secrecy = .ofTheKey(1e-9)
        return plan
    }

    /// Secret bits a second at 26 dB; the figures have three or four digits.
    @Test(arguments: [
        (1e5, 3.98e4), (1e6, 8.33e4), (1e7, 1.245e5), (1e8, 1.585e5), (1e9, 1.851e5), (1e11, 2.20e5),
    ])
    func ratesAt26Decibel(blockSize: Double, rate: Double) throws {
        let best = try #require(plan(blockSize).best(lossDB: 26))
        #expect(abs(best.bitsPerPulse * 1e9 / rate - 1) < 1.5e-3, "\(best.bitsPerPulse * 1e9)")
        #expect(best.key.proof == .rusca && best.settings.intensities.means.count == 2)
    }

    @Test func intensitiesThatTheProofDoesNotCover() {
        for means in [[0.5], [0.1, 0.5], [0.5, 0], [0.5, 0.1, 0.0]] {
            let even = [Double](repeating: 1 / Double(means.count), count: means.count)
            #expect(RuscaBound(DecoyIntensities(means: means, probabilities: even)) == nil, "\(means)")
        }
    }

    /// How far blocks reach; the figures have a tenth of a decibel.
    @Test(arguments: zip([1e5, 1e6, 1e7, 1e8, 1e9, 1e11], [61.2, 62.5, 63.5, 64.2, 64.6, 65.1]))
    func reaches(blockSize: Double, lossDB: Double) throws {
        let near = try #require(plan(blockSize).best(lossDB: lossDB - 2))
        #expect(try #require(plan(blockSize).best(lossDB: lossDB - 0.15, near: near)).bitsPerPulse > 0)
        #expect(try #require(plan(blockSize).best(lossDB: lossDB + 0.15, near: near)).bitsPerPulse <= 0)
    }
}
