import QKDCore
import QKDSifting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Entangled sifter")
struct EntangledSifterTests {
    /// Coincidences with outcomes at the maps' angles by E = V cos 2(a ∓ b), uniform choice of detectors' settings.
    static func draw(
        _ map: DetectorMap, count: Int, visibility: Double, sign: Double = 1, turn: Double = -1, seed: UInt64
    ) -> (a: [UInt8], b: [UInt8]) {
        var random = SiftingRandom(seed: seed)
        var (a, b): ([UInt8], [UInt8]) = ([], [])
        func pick(_ party: PartyMap, _ setting: Double, _ outcome: UInt8) -> UInt8 {
            party.detectors.first { $0.settingDegrees == setting && $0.outcome == outcome }?.channel ?? 0
        }
        for _ in 0..<count {
            let left = map.alice.settings.randomElement(using: &random) ?? 0
            let right = map.bob.settings.randomElement(using: &random) ?? 0
            let correlation = sign * visibility * cos((left + turn * right) * Double.pi / 90)
            let outcome: UInt8 = random.chance(0.5) ? 1 : 0
            a.append(pick(map.alice, left, outcome))
            b.append(pick(map.bob, right, random.chance(0.5 * (1 + correlation)) ? outcome : 1 - outcome))
        }
        return (a, b)
    }

    static func sift(
        _ map: DetectorMap, _ a: [UInt8], _ b: [UInt8], correlations: [Basis: OutcomeCorrelation] = [:]
    ) throws -> EntangledSift {
        let tags = a.indices.map(UInt32.init)
        return try EntangledSifter(map: map, correlations: correlations).sift(
            aliceTags: tags, bobTags: tags, aliceChannels: a, bobChannels: b)
    }

    @Test("A small table by hand")
    func byHand() throws {
        let map = try DetectorMap("alice:1=Z0,2=Z1,3=X0,4=X1;bob:5=H,6=V,7=D,8=A")
        // ZZ: 0–0, 1–1, 0–1; XX: 0–1, 1–0, 1–1; two of unequal bases; one of an input without a name.
        let a: [UInt8] = [1, 2, 1, 3, 4, 4, 1, 3, 9]
        let b: [UInt8] = [5, 6, 6, 8, 7, 8, 7, 5, 5]
        let sift = try Self.sift(map, a, b)
        #expect(sift.unmapped == 1)
        #expect(sift.matrix == [[1, 1, 1, 0], [0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 1, 1]])
        #expect(sift.z.outcomes == [[1, 1], [0, 1]] && sift.z.correlation == .correlated && sift.z.isDetected)
        #expect(sift.x.outcomes == [[0, 1], [1, 1]] && sift.x.correlation == .anticorrelated)
        #expect(sift.z.errors == 1 && sift.x.errors == 1 && sift.qber == BinomialEstimate(2, of: 6))
        #expect(sift.alice == BitString(bits: [0, 1, 0, 0, 1, 1]))
        #expect(sift.bob == BitString(bits: [0, 1, 1, 0, 1, 0]))
        #expect(sift.bases == [.z, .z, .z, .x, .x, .x])
        #expect(sift.chsh == nil)
        let forced = try Self.sift(map, a, b, correlations: [.x: .correlated])
        #expect(forced.x.errors == 2 && !forced.x.isDetected)
        #expect(forced.bob == BitString(bits: [0, 1, 1, 1, 0, 1]))
    }

    @Test("Keys differ in as many bits as the counts say; the QBER's interval holds the truth", arguments: [1.0, -1.0])
    func statistics(sign: Double) throws {
        let count = 20_000 * Statistics.scale
        let (a, b) = Self.draw(.standard, count: count, visibility: 0.94, sign: sign, seed: 3)
        let sift = try Self.sift(.standard, a, b)
        #expect(sift.alice.distance(to: sift.bob) == sift.qber.successes)
        #expect(sift.alice.count == sift.z.total + sift.x.total)
        for basis in Basis.allCases {
            let counts = sift[basis]
            #expect(counts.correlation == (sign > 0 ? .correlated : .anticorrelated))
            #expect(counts.contrast > 5)
            #expect(counts.qber.interval(confidence: 0.999).contains(0.03))
            #expect(counts.visibilityInterval(confidence: 0.999).contains(0.94))
            #expect(abs(counts.visibility - 1 + 2 * counts.qber.rate) < 1e-12)
        }
    }

    @Test("Accidentals taken off give the source's QBER")
    func accidentals() throws {
        let (a, b) = Self.draw(.standard, count: 100_000, visibility: 0.8, seed: 4)
        let tags = a.indices.map(UInt32.init)
        // A visibility of 0.8 as 1 with a fifth of accidentals: 1250 of each of the 16 pairs of detectors.
        let sift = try EntangledSifter(map: .standard).sift(
            aliceTags: tags, bobTags: tags, aliceChannels: a, bobChannels: b
        ) { _, _ in 1_250 }
        for basis in Basis.allCases {
            let value = try #require(sift[basis].accidentalFreeQBER)
            #expect(value < 4 * (0.1 * 0.9 / 25_000).squareRoot() / 0.8)
            #expect(abs(sift[basis].qber.rate - 0.1) < 4 * (0.1 * 0.9 / 25_000).squareRoot())
        }
        #expect(BasisCounts().accidentalFreeQBER == nil)
        #expect(BasisCounts().contrast == 0)
    }

    @Test(
        "S = 2√2 V for all four Bell states, and the local bound for classical ones",
        arguments: [(1.0, -1.0), (-1, -1), (1, 1), (-1, 1)])
    func chsh(sign: Double, turn: Double) throws {
        let map = try DetectorMap("alice:1=H,2=V,3=D,4=A;bob:1=22.5deg,2=112.5deg,3=67.5deg,4=157.5deg")
        let (a, b) = Self.draw(map, count: 40_000, visibility: 0.9, sign: sign, turn: turn, seed: 5)
        let sift = try Self.sift(map, a, b)
        let chsh = try #require(sift.chsh)
        #expect(abs(chsh.s - 2 * 2.0.squareRoot() * 0.9) < 4 * chsh.standardError)
        #expect((chsh.signedS > 0) == (sign > 0))
        #expect(chsh.violation > 10)
        // σ² = Σ (1 − E²)/N with E = V/√2 and N a quarter.
        let sigma = (4 * (1 - 0.405) / 10_000).squareRoot()
        #expect(abs(chsh.standardError / sigma - 1) < 0.05)
        #expect(sift.alice.count == 0)
        let classical = Self.draw(map, count: 40_000, visibility: 0.5.squareRoot(), sign: sign, turn: turn, seed: 6)
        let bound = try #require(try Self.sift(map, classical.a, classical.b).chsh)
        #expect(abs(bound.s - 2) < 4 * bound.standardError)
    }

    @Test("Angles that cannot violate the bound, or too many settings, give no S")
    func noCHSH() throws {
        let three = try DetectorMap("1=H,2=V,3=D,4=A,5=22.5deg,6=112.5deg")
        for map in [DetectorMap.standard, three] {
            let (a, b) = Self.draw(map, count: 2_000, visibility: 0.9, seed: 7)
            #expect(try Self.sift(map, a, b).chsh == nil)
        }
    }

    @Test("A tag in two coincidences, or none such, is refused")
    func refusals() {
        let sifter = EntangledSifter(map: .standard)
        let cases: [([UInt32], [UInt32])] = [
            ([0, 0], [0, 1]), ([0, 1], [1, 1]), ([0, 7], [0, 1]), ([0], [0, 1]),
        ]
        for (alice, bob) in cases {
            #expect {
                _ = try sifter.sift(aliceTags: alice, bobTags: bob, aliceChannels: [1, 2], bobChannels: [1, 2])
            } throws: { ($0 as? QKDError)?.kind == .invalidInput }
        }
    }
}
