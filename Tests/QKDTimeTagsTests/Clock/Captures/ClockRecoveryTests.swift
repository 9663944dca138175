import QKDCore
import QKDPhysics
import QKDTimeTags
import Testing

@Suite("Clock recovery from pairs")
struct ClockRecoveryTests {
    /// Two seeds and a shorter capture, or the whole specification with QKD_ACCEPTANCE=1.
    static let seeds: [UInt64] = Statistics.isAcceptance ? Array(1...20) : [1, 2]

    private func check(_ scene: CaptureScene, _ clock: RecoveredClock) {
        #expect(abs(scene.offsetErrorPS(clock.relation)) < 1_000)
        #expect(abs(scene.skewError(clock.relation)) < 1e-9)
        #expect(scene.delayErrorPS(clock) < 50)
        // The errors that the fit states are right: 5 of them, and the specification is far looser.
        #expect(abs(scene.offsetErrorPS(clock.relation)) < 5 * clock.offsetErrorPS)
        #expect(abs(scene.skewError(clock.relation)) < 5 * clock.skewError)
        let drift = clock.relation.driftPerSecond - scene.parameters.bobClock.driftPerSecond
        #expect(abs(drift) < 5 * clock.driftErrorPerSecond)
        #expect(clock.reducedChiSquare < 2)
        #expect(clock.slices.count { !$0.isCorrelated } * 50 <= clock.slices.count)
    }

    @Test("Offset, skew, drift and delays with 1/256 ns tags", arguments: seeds)
    func fine(seed: UInt64) throws {
        let scene = try CaptureScene(CaptureScene.source(seed: seed), seconds: Statistics.isAcceptance ? 10 : 4)
        let clock = try CaptureScene.recovery.recover(alice: scene.tags.alice, bob: scene.tags.bob)
        check(scene, clock)
        // Two detectors of 150 ps.
        #expect(abs(clock.peakFWHMPS - 212) < 8)
    }

    @Test("The same with 2 ns tags", arguments: seeds)
    func coarse(seed: UInt64) throws {
        let source = CaptureScene.source(seed: seed, tickPS: 2_000)
        let scene = try CaptureScene(source, seconds: Statistics.isAcceptance ? 60 : 15)
        let clock = try CaptureScene.recovery.recover(alice: scene.tags.alice, bob: scene.tags.bob)
        check(scene, clock)
        #expect(abs(clock.peakFWHMPS - 1_940) < 60)
    }

    @Test("Pairs are 2 % of Bob's tags", arguments: seeds)
    func background(seed: UInt64) throws {
        let source = CaptureScene.source(
            seed: seed, backgroundBobHz: 25_600,
            clock: ClockModel(offsetPS: CaptureScene.rangePS / 1_000 * -712, skew: -5e-6))
        let scene = try CaptureScene(source, seconds: Statistics.isAcceptance ? 10 : 4)
        #expect(abs(Double(scene.truth.detectedPairs) / Double(scene.tags.bob.count) - 0.02) < 0.002)
        check(scene, try CaptureScene.recovery.recover(alice: scene.tags.alice, bob: scene.tags.bob))
    }

    @Test("The stated range of ± 1 s, once in every run")
    func wholeRange() throws {
        let clock = ClockModel(offsetPS: 730_000_000_000, skew: 7.3e-6, driftPerSecond: 2e-9)
        let scene = try CaptureScene(CaptureScene.source(seed: 3, clock: clock), seconds: 3)
        check(scene, try ClockRecovery().recover(alice: scene.tags.alice, bob: scene.tags.bob))
    }

    @Test("Twenty coincidences a second: slices outlast the first block, and the drift moves the slope within them")
    func faint() throws {
        var source = CaptureScene.source(seed: 1)
        source.pairRateHz = 2_000
        source.alice.transmittance = 0.1
        source.bob.transmittance = 0.1
        let scene = try CaptureScene(source, seconds: 40)
        check(scene, try CaptureScene.recovery.recover(alice: scene.tags.alice, bob: scene.tags.bob))
    }

    @Test("A pulse train has its correlation at every period; the states tell the right one")
    func pulses() throws {
        var generator = SeededGenerator(seed: 17)
        let model = ClockModel(offsetPS: -3_456_789_012, skew: 12e-6, driftPerSecond: 1e-9)
        var (alice, bob) = (TagBatch(), TagBatch())
        for pulse in 0..<600_000 {
            let time = Int64(pulse) * 2_000_000
            let state = UInt8(generator.next() & 3)
            alice.append(timePS: time, channel: state + 1)
            guard generator.uniform() < 0.03 else { continue }
            // Half of the clicks are in the wrong basis and random.
            let other = generator.next()
            let seen = other & 8 == 0 ? state : (state & 2 ^ 2) | UInt8(other & 1)
            let arrival = time + Int64((generator.gaussian() * 100).rounded())
            bob.append(timePS: model.reading(atPS: arrival), channel: seen + 1)
        }
        let states = Dictionary(uniqueKeysWithValues: BB84State.all.map { (UInt8($0.index + 1), $0) })
        var search = OffsetSearch()
        search.rangePS = 5 * Picoseconds.perMillisecond
        search.weights = TagWeights(aliceStates: states, bobStates: states)
        let clock = try ClockRecovery(search: search).recover(alice: alice, bob: bob)
        let reference = clock.relation.referencePS
        #expect(abs(clock.relation.bobPS(ofAlicePS: reference) - model.reading(atPS: reference)) < 20)
        #expect(abs(clock.relation.skew - model.skew(atPS: reference)) < 1e-10)
        let found = try CoincidenceMatcher(windowPS: 1_000).match(
            try AlignedTags(alice: alice, bob: bob, clock: clock))
        #expect(found.count > bob.count - 10)
    }

    @Test("The corners of the searched range", arguments: [(0.99, 49e-6), (-0.99, -49e-6), (0.0, 0.0)])
    func corners(offset: Double, skew: Double) throws {
        let clock = ClockModel(offsetPS: Int64(offset * Double(CaptureScene.rangePS)), skew: skew)
        let scene = try CaptureScene(CaptureScene.source(seed: 5, clock: clock), seconds: 4)
        check(scene, try CaptureScene.recovery.recover(alice: scene.tags.alice, bob: scene.tags.bob))
    }

    @Test("A narrow range around an expected offset")
    func narrow() throws {
        let model = ClockModel(offsetPS: 3_600 * Picoseconds.perSecond + 40_000_000, skew: 1e-6)
        let scene = try CaptureScene(CaptureScene.source(seed: 6, clock: model), seconds: 2)
        var search = OffsetSearch()
        search.centrePS = 3_600 * Picoseconds.perSecond
        search.rangePS = 100 * Picoseconds.perMicrosecond
        search.maximumSkew = 5e-6
        check(scene, try ClockRecovery(search: search).recover(alice: scene.tags.alice, bob: scene.tags.bob))
    }

    @Test("Unrelated captures do not lock", arguments: seeds)
    func unrelated(seed: UInt64) throws {
        let one = try CaptureScene(CaptureScene.source(seed: seed), seconds: 3)
        let other = try CaptureScene(CaptureScene.source(seed: seed + 500, backgroundBobHz: 20_000), seconds: 3)
        var search = CaptureScene.recovery.search
        if !Statistics.isAcceptance {
            search.rangePS = 5 * Picoseconds.perMillisecond
            search.candidatesPerBlock = 4
            // Shorter blocks, which debug builds get through in time.
            search.maximumSkew = 200e-6
        }
        #expect {
            _ = try search.find(alice: one.tags.alice, bob: other.tags.bob)
        } throws: { ($0 as? QKDError)?.kind == .noLock }
    }

    @Test("A related pair outside the searched range does not lock either")
    func outside() throws {
        let scene = try CaptureScene(CaptureScene.source(seed: 9), seconds: 3)
        var search = OffsetSearch()
        search.rangePS = CaptureScene.rangePS / (Statistics.isAcceptance ? 2 : 10)
        search.candidatesPerBlock = 4
        search.maximumSkew = Statistics.isAcceptance ? 50e-6 : 200e-6
        #expect {
            _ = try search.find(alice: scene.tags.alice, bob: scene.tags.bob)
        } throws: { ($0 as? QKDError)?.kind == .noLock }
    }

    @Test("A stretch without pairs is reported and takes no part")
    func hole() throws {
        let scene = try CaptureScene(CaptureScene.source(seed: 11), seconds: 8)
        // Bob's fibre is dark from 3 to 4 s of true time: only noise of the same rate.
        var bob = TagBatch()
        var generator = SeededGenerator(seed: 12)
        let (from, to) = (3 * Picoseconds.perSecond, 4 * Picoseconds.perSecond)
        let model = scene.parameters.bobClock
        for (time, channel) in zip(scene.tags.bob.times, scene.tags.bob.channels) {
            let instant = model.benchTime(ofReadingPS: time)
            let isDark = instant >= from && instant < to
            bob.append(timePS: isDark ? time + Int64(generator.uniform() * 1e9) : time, channel: channel)
        }
        bob.times.sort()
        let clock = try CaptureScene.recovery.recover(alice: scene.tags.alice, bob: bob)
        #expect(abs(scene.offsetErrorPS(clock.relation)) < 1_000)
        #expect(abs(scene.skewError(clock.relation)) < 1e-9)
        for slice in clock.slices {
            if slice.startPS >= from, slice.endPS <= to { #expect(!slice.isCorrelated) }
            if slice.endPS <= from || slice.startPS >= to { #expect(slice.isCorrelated) }
        }
        #expect(clock.slices.contains { !$0.isCorrelated })
        let aligned = try AlignedTags(alice: scene.tags.alice, bob: bob, clock: clock)
        let found = try CoincidenceMatcher(windowPS: 1_000).match(aligned)
        let length = clock.slices[0].endPS - clock.slices[0].startPS
        let inside = found.aliceIndices.filter {
            let time = scene.tags.alice.times[Int($0)]
            return time >= from + length && time < to - length
        }
        #expect(inside.isEmpty)
        #expect(aligned.stretchesPS.count == 2)
    }

    @Test("A clock that wanders is followed by a polygon")
    func wander() throws {
        let scene = try CaptureScene(CaptureScene.source(seed: 13), seconds: 10)
        var bob = scene.tags.bob
        // ± 20 ns of a slow cubic on top of skew and drift: 2e-8 of skew and its change.
        for index in bob.times.indices {
            let u = (Double(bob.times[index]) * 1e-12 - 5) / 5
            bob.times[index] += Int64((20_000 * u * u * u).rounded())
        }
        let clock = try CaptureScene.recovery.recover(alice: scene.tags.alice, bob: bob)
        #expect(!clock.relation.wanderPS.isEmpty)
        let aligned = try AlignedTags(alice: scene.tags.alice, bob: bob, clock: clock)
        let found = try CoincidenceMatcher(windowPS: 1_000).match(aligned)
        #expect(Double(found.count) > 0.99 * Double(scene.truth.detectedPairs))
    }

    @Test("Captures that cannot be used are refused")
    func refusals() throws {
        let good = TagBatch(times: [0, 10, 20], channels: [1, 2, 1])
        let bad: [(TagBatch, QKDError.Kind)] = [
            (TagBatch(), .invalidInput),
            (TagBatch(times: [5, 4], channels: [1, 1]), .invalidInput),
            (TagBatch(times: [1 << 61], channels: [1]), .outOfRange),
        ]
        for (tags, kind) in bad {
            #expect { _ = try OffsetSearch().find(alice: tags, bob: good) } throws: { ($0 as? QKDError)?.kind == kind }
            #expect { _ = try OffsetSearch().find(alice: good, bob: tags) } throws: { ($0 as? QKDError)?.kind == kind }
        }
        var search = OffsetSearch()
        search.maximumSkew = 1
        #expect { _ = try search.find(alice: good, bob: good) } throws: { ($0 as? QKDError)?.kind == .outOfRange }
        let late = TagBatch(times: [9_000_000_000_000], channels: [1])
        #expect { _ = try OffsetSearch().find(alice: good, bob: late) } throws: { ($0 as? QKDError)?.kind == .noLock }
    }
}
