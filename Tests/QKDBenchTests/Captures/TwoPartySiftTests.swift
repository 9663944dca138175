import Foundation
import QKDBench
import QKDCore
import QKDPhysics
import QKDSifting
import QKDTimeTags
import Testing

@Suite("Sift of two captures")
struct TwoPartySiftTests {
    static func source(seed: UInt64) -> PairSourceParameters {
        var alice = PairParty(transmittance: 0.25)
        var bob = PairParty(transmittance: 0.06)
        for index in 0..<4 {
            alice.detectors[index].delayPS = 130 * Double(index)
            bob.detectors[index].delayPS = 400 - 100 * Double(index)
        }
        return PairSourceParameters(
            pairRateHz: 40_000, alice: alice, bob: bob,
            bobClock: ClockModel(offsetPS: 36_500_000_000, skew: 7.3e-6, driftPerSecond: 2e-9), seed: seed)
    }

    static func options(_ map: DetectorMap = .standard) -> TwoPartySift {
        var options = TwoPartySift(setting: .bbm92, map: map)
        options.searchRangePS = 50 * Picoseconds.perMillisecond
        options.confidence = 0.999
        return options
    }

    @Test("Entangled pairs: figures, keys and a report that survives JSON")
    func entangled() throws {
        var simulator = try PairSourceSimulator(Self.source(seed: 1))
        var tags = simulator.run(seconds: 5)
        // Inputs that the map does not name take no part.
        tags.alice.append(timePS: 6 * Picoseconds.perSecond, channel: 9)
        let (report, sift) = try Self.options().run(alice: tags.alice, bob: tags.bob)
        let clock = Self.source(seed: 1).bobClock
        let offset = Double(clock.reading(atPS: report.referencePS) - report.referencePS) * 1e-12
        // Mean delays of 195 and 250 ps belong to the offset.
        #expect(abs(report.offsetSeconds.value - offset - 55e-12) < 15e-12)
        #expect(abs(report.skewPPM.value * 1e-6 - clock.skew(atPS: report.referencePS)) < 1e-11)
        #expect(abs(report.driftPerSecond.value - 2e-9) < 1e-11)
        #expect(report.aliceDelays.map(\.channel) == [1, 2, 3, 4])
        #expect(zip(report.aliceDelays, [-195.0, -65, 65, 195]).allSatisfy { abs($0.delayPS - $1) < 30 })
        #expect(report.windowPS == 1_000)
        #expect(report.gaps.isEmpty && !report.hasWander)
        let truth = simulator.truth
        #expect(abs(report.coincidences - truth.detectedPairs) <= 5 + truth.detectedPairs / 1_000)
        #expect(report.keyBits == sift.alice.count && sift.alice.count == sift.bob.count)
        #expect(report.bases.map(\.errors).reduce(0, +) == sift.alice.distance(to: sift.bob))
        for (basis, expected) in zip(report.bases, [0.015, 0.02]) {
            let qber = try #require(basis.qber)
            let sigma = (expected * (1 - expected) / Double(basis.sifted)).squareRoot()
            #expect(abs(qber - expected) < 4 * sigma + 0.001)
            #expect(basis.qberInterval[0] < qber && qber < basis.qberInterval[1])
            #expect(basis.correlation == .correlated && basis.correlationIsDetected)
        }
        #expect(report.aliceTags == tags.alice.count)
        #expect(report.correlatedTags[0] <= tags.alice.count - 1)
        #expect(report.chsh == nil)
        let copy = try JSONDecoder().decode(TwoPartyReport.self, from: JSONEncoder().encode(report))
        #expect(copy == report)
    }

    @Test("The singlet, CHSH angles, ghosts removed, an automatic window")
    func chsh() throws {
        var source = Self.source(seed: 2)
        source.state = .opposite
        source.bob.anglesDegrees = [22.5, 67.5]
        source.bob.ghost = GhostModel(probability: 0.1, delayPS: 40_000)
        var simulator = try PairSourceSimulator(source)
        let tags = simulator.run(seconds: 5)
        let map = try DetectorMap("alice:1=H,2=V,3=D,4=A;bob:1=22.5deg,2=112.5deg,3=67.5deg,4=157.5deg")
        var options = Self.options(map)
        options.dedup = .automatic
        options.window = .automatic
        options.resolutionPS = 4
        let (report, sift) = try options.run(alice: tags.alice, bob: tags.bob)
        let chsh = try #require(report.chsh)
        // V is 0.97 and 0.96 by Alice's setting.
        #expect(abs(chsh.s.value - 0.965 * 2 * 2.0.squareRoot()) < 4 * chsh.s.standardError + 0.01)
        #expect(sift.alice.count == 0 && report.keyBits == 0)
        #expect(report.bases.allSatisfy { $0.qber == nil && $0.qberInterval == [0, 1] })
        #expect(abs(report.bobGhosts - simulator.truth.ghosts[1]) < 20)
        #expect(report.aliceGhosts == 0)
        #expect(abs(Double(report.windowPS) / (2 * report.peakWidthPS) - 1) < 0.01)
    }

    @Test("Prepare and measure: Alice's triggers against Bob's clicks")
    func bb84() throws {
        var generator = SeededGenerator(seed: 3)
        let clock = ClockModel(offsetPS: 1_234_567_890, skew: -3e-6)
        var (alice, bob) = (TagBatch(), TagBatch())
        for pulse in 0..<400_000 {
            let state = UInt8(generator.next() & 3)
            alice.append(timePS: Int64(pulse) * 1_000_000, channel: state + 1)
            guard generator.uniform() < 0.05 else { continue }
            var seen = generator.uniform() < 0.5 ? state : (state & 2 ^ 2) | UInt8(generator.next() & 1)
            if generator.uniform() < 0.03 { seen ^= 1 }
            let time = Int64(pulse) * 1_000_000 + Int64((generator.gaussian() * 80).rounded())
            bob.append(timePS: clock.reading(atPS: time), channel: seen + 1)
        }
        var options = TwoPartySift(setting: .bb84, map: .standard)
        options.searchRangePS = 5 * Picoseconds.perMillisecond
        options.dedup = .automatic
        let (report, _) = try options.run(alice: alice, bob: bob)
        #expect(report.coincidences > bob.count - 20)
        #expect(report.bases.allSatisfy { $0.correlation == .correlated && !$0.correlationIsDetected })
        let kept = Double(report.keyBits)
        #expect(abs(kept - 0.5 * Double(bob.count)) < 4 * (0.25 * Double(bob.count)).squareRoot() + 20)
        let errors = Double(report.bases.map(\.errors).reduce(0, +))
        #expect(abs(errors - 0.03 * kept) < 4 * (0.03 * kept).squareRoot())
    }

    @Test("Unrelated captures and impossible options are refused")
    func refusals() throws {
        var one = try PairSourceSimulator(Self.source(seed: 4))
        var other = try PairSourceSimulator(Self.source(seed: 5))
        let (alice, bob) = (one.run(seconds: 1).alice, other.run(seconds: 1).bob)
        var options = Self.options()
        options.searchRangePS = Picoseconds.perMillisecond
        #expect { _ = try options.run(alice: alice, bob: bob) } throws: { ($0 as? QKDError)?.kind == .noLock }
        options.dedup = .withinPS(-1)
        #expect { _ = try options.run(alice: alice, bob: bob) } throws: { ($0 as? QKDError)?.kind == .outOfRange }
        options.dedup = .off
        options.confidence = 1
        #expect { _ = try options.run(alice: alice, bob: bob) } throws: { ($0 as? QKDError)?.kind == .outOfRange }
    }
}
