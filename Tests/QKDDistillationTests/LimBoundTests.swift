import QKDDistillation
import Testing

/// Lim et al. 2014 on their own link; figures computed independently, for each of the readings.
struct LimBoundTests {
    /// Secret bits a pulse at 100 km with 1e4 … 1e9 detections, best settings.
    private static let figures: [(reading: KeyProof, rates: [Double])] = [
        (.limLiteral, [9.913e-7, 1.040e-5, 2.755e-5, 4.766e-5, 6.747e-5, 8.537e-5]),
        (.limClipped, [1.067e-6, 1.192e-5, 3.068e-5, 5.157e-5, 7.099e-5, 8.801e-5]),
    ]

    @Test(arguments: [0, 1]) func ratesAt100Kilometres(row: Int) throws {
        let (proof, rates) = Self.figures[row]
        var near: FiniteDecoyPlan.Outcome?
        for (power, rate) in zip([1e4, 1e5, 1e6, 1e7, 1e8, 1e9], rates) {
            let best = try #require(FiniteDecoyPlan(proof: proof, blockSize: power).best(lossDB: 20, near: near))
            #expect(abs(best.bitsPerPulse / rate - 1) < 1e-3, "\(proof) \(power): \(best.bitsPerPulse)")
            #expect(best.key.proof == proof)
            near = best
        }
    }

    /// How far the readings differ without fibre: 12 % of 1e7 detections, 62 % of 1e4.
    @Test(arguments: [(KeyProof.limLiteral, 2.08e-4), (.limClipped, 2.65e-4), (.limClippedErrors, 3.38e-4)])
    func readingsOfSmallBlocks(proof: KeyProof, rate: Double) throws {
        let best = try #require(FiniteDecoyPlan(proof: proof, blockSize: 1e4).best(lossDB: 0))
        #expect(abs(best.bitsPerPulse / rate - 1) < 5e-3, "\(best.bitsPerPulse)")
    }

    @Test func smallBlocksReach130Kilometres() throws {
        let plan = FiniteDecoyPlan(proof: .limClipped, blockSize: 1e4)
        let at100 = try #require(plan.best(lossDB: 20))
        // Far from where a search for large blocks would look.
        #expect(at100.settings.keyBasisProbability < 0.6 && at100.settings.intensities.probabilities[0] < 0.1)
        // Without a hint from nearby, too.
        #expect(try #require(plan.best(lossDB: 26)).bitsPerPulse > 0)
        #expect(try #require(plan.best(lossDB: 26.2)).bitsPerPulse <= 0)
    }

    /// How far blocks of 1e4 … 1e9 detections reach, to a key of one bit, within 0.2 km.
    @Test(arguments: zip([1e4, 1e5, 1e6, 1e7, 1e8, 1e9], [130.3, 160.5, 172.5, 178.6, 182.0, 184.1]))
    func reaches(blockSize: Double, km: Double) throws {
        let plan = FiniteDecoyPlan(proof: .limClipped, blockSize: blockSize)
        let near = try #require(plan.best(lossDB: 0.2 * (km - 5)))
        #expect(try #require(plan.best(lossDB: 0.2 * (km - 0.2), near: near)).key.bits > 0)
        #expect(try #require(plan.best(lossDB: 0.2 * (km + 0.2), near: near)).key.bits == 0)
    }

    private static let intensities = DecoyIntensities(means: [0.5, 0.1, 2e-4], probabilities: [0.6, 0.3, 0.1])

    private func keyLength(errors: Double, reading: LimBound.Reading = .clipped) throws -> KeyLength {
        let bound = try #require(LimBound(Self.intensities, reading: reading))
        let detections = [3e6, 3e5, 700]
        let counts = DecoyCounts(detections: detections, errors: detections.map { $0 * errors })
        return bound.keyLength(
            key: counts, test: counts, leaked: 1.16 * counts.detected * binaryEntropy(errors),
            security: .init())
    }

    @Test func fixedCost() throws { #expect(abs(try keyLength(errors: 0.01).fixed - 256.6) < 0.05) }

    @Test func errorsTakeTheKey() throws {
        let few = try keyLength(errors: 0.005)
        let more = try keyLength(errors: 0.03)
        #expect(few.bits > more.bits && more.bits > 0)
        #expect(few.phaseError < more.phaseError && few.single == more.single)
        #expect(try keyLength(errors: 0.12).bits == 0)
        // Errors everywhere, none at all, nothing counted.
        #expect(try keyLength(errors: 0.5).bits == 0)
        #expect(try keyLength(errors: 0).bits > few.bits)
        let nothing = DecoyCounts(detections: [0, 0, 0], errors: [0, 0, 0])
        let none = try #require(LimBound(Self.intensities)).keyLength(
            key: nothing, test: nothing, leaked: 0, security: .init())
        #expect(none.bits == 0 && none.phaseError == 0.5 && none.single == 0)
    }

    @Test func intensitiesThatTheProofDoesNotCover() {
        for means in [[0.5, 0.1], [0.2, 0.15, 0.1], [0.1, 0.5, 0.0], [0.5, 0.1, -0.1], [0.5, 0.1, 0.1]] {
            let even = [Double](repeating: 1 / Double(means.count), count: means.count)
            #expect(LimBound(DecoyIntensities(means: means, probabilities: even)) == nil, "\(means)")
        }
        let unsent = DecoyIntensities(means: [0.5, 0.1, 0], probabilities: [0.9, 0.1, 0])
        #expect(LimBound(unsent) == nil)
    }
}
