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
        let clock = try ClockRecovery().recover(alice: scene.tags.alice, bob: scene.tags.bob)
        check(scene, clock)
        // Two detectors of 150 ps.
        #expect(abs(clock.peakFWHMPS - 212) < 8)
    }

    @Test("The same with 2 ns tags", arguments: seeds)
    func coarse(seed: UInt64) throws {
        let source = CaptureScene.source(seed: seed, tickPS: 2_000)
        let scene = try CaptureScene(source, seconds: Statistics.isAcceptance ? 60 : 15)
        let clock = try ClockRecovery().recover(alice: scene.tags.alice, bob: scene.tags.bob)
        check(scene, clock)
        #expect(abs(clock.peakFWHMPS - 1_940) < 60)
    }

    @Test("Pairs are 2 % of Bob's tags", arguments: seeds)
    func background(seed: UInt64) throws {
        let source = CaptureScene.source(
            seed: seed, backgroundBobHz: 25_600, clock: ClockModel(offsetPS: -712_345_678_000, skew: -5e-6))
        let scene = try CaptureScene(source, seconds: Statistics.isAcceptance ? 10 : 4)
        #expect(abs(Double(scene.truth.detectedPairs) / Double(scene.tags.bob.count) - 0.02) < 0.002)
        check(scene, try ClockRecovery().recover(alice: scene.tags.alice, bob: scene.tags.bob))
    }

    @Test("The corners of the searched range", arguments: [(0.99, 49e-6), (-0.99, -49e-6), (0.0, 0.0)])
    func corners(offset: Double, skew: Double) throws {
        let clock = ClockModel(offsetPS: Picoseconds.from(seconds: offset), skew: skew)
        let scene = try CaptureScene(CaptureScene.source(seed: 5, clock: clock), seconds: 4)
        check(scene, try ClockRecovery().recover(alice: scene.tags.alice, bob: scene.tags.bob))
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
        #expect {
            _ = try ClockRecovery().recover(alice: one.tags.alice, bob: other.tags.bob)
        } throws: { ($0 as? QKDError)?.kind == .noLock }
    }

    @Test("A related pair outside the searched range does not lock either")
    func outside() throws {
        let scene = try CaptureScene(CaptureScene.source(seed: 9), seconds: 3)
        var search = OffsetSearch()
        search.rangePS = 500 * Picoseconds.perMillisecond
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
        let clock = try ClockRecovery().recover(alice: scene.tags.alice, bob: bob)
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
            let u = (Double(bob.times[index]) * 1e-12 - 5.73) / 5
            bob.times[index] += Int64((20_000 * u * u * u).rounded())
        }
        let clock = try ClockRecovery().recover(alice: scene.tags.alice, bob: bob)
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
