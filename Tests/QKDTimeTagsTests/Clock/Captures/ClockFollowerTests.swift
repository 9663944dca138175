import QKDCore
import Testing

@testable import QKDTimeTags

@Suite("A clock followed while tags come in")
struct ClockFollowerTests {
    private func scene(
        seed: UInt64, pairsHz: Double, _ course: @escaping (Double) -> Double
    ) -> FollowerScene {
        FollowerScene(random: SceneRandom(seed: seed), pairsHz: pairsHz, course: course)
    }

    @Test(
        "A satellite's drift from a search's lock on, ten accidental pairs to one",
        arguments: [(1e4, 0.1, 1.5), (1e5, 0.02, 0.2), (1e6, 0.002, 0.024)])
    func satellite(pairsHz: Double, length: Double, seconds: Double) {
        // At the middle the drift is greatest, at 150 s before it the skew is 22.6 ppm.
        for start in [-seconds / 2, -150] {
            var scene = scene(seed: 1, pairsHz: pairsHz, FollowerScene.satellite(middleSeconds: 0))
            var follower = scene.follower(atSeconds: start)
            let results = scene.follow(&follower, from: start, to: start + seconds, stretch: length)
            #expect(results.allSatisfy { $0.state == .locked })
            let settled = results.dropFirst(results.count / 3)
            // The course is smoother than the walk that the filter expects: pulls are not wider than one.
            #expect(settled.allSatisfy { abs($0.pull) < 5 })
            let squares = settled.reduce(0) { $0 + $1.pull * $1.pull }
            #expect(squares < Double(settled.count) + 4 * (2 * Double(settled.count)).squareRoot())
            let expected = pairsHz * length
            #expect(settled.allSatisfy { abs($0.pairs - expected) < 6 * (2 * expected).squareRoot() })
            #expect(abs(follower.peakSigmaPS - 150) < 20)
            let end = start + seconds
            let error = follower.predictionErrorPS(atPS: Int64(end * 1e12))
            #expect(abs(scene.errorPS(follower, atSeconds: end)) < 4 * error)
            #expect(error < 50)
        }
    }

    @Test("A whole pass of 400 s, ± 23 ppm, in stretches of half a second", .enabled(if: Statistics.isAcceptance))
    func wholePass() {
        var scene = scene(seed: 2, pairsHz: 1e3, FollowerScene.satellite(middleSeconds: 200))
        var follower = scene.follower(atSeconds: 0)
        let results = scene.follow(&follower, from: 0, to: 400, stretch: 0.5)
        #expect(results.allSatisfy { $0.state == .locked })
        #expect(results.dropFirst(20).allSatisfy { abs($0.pull) < 5 })
        #expect(
            abs(scene.errorPS(follower, atSeconds: 400)) < 4 * follower.predictionErrorPS(atPS: 400_000_000_000_000))
    }

    @Test("The residual scatters as the errors say", arguments: [1, 2, 3] as [UInt64])
    func statistics(seed: UInt64) {
        // A quiet clock and a filter that expects one: pulls are normal numbers.
        var scene = scene(seed: seed, pairsHz: 3e4) { 5e6 * $0 + 500 * $0 * $0 }
        var follower = scene.follower(atSeconds: 0, offsetErrorPS: 500, skewError: 1e-9)
        follower.driftWalkPerSecond = 1e-12
        let stretches = 60 * Statistics.scale
        let results = scene.follow(&follower, from: 0, to: 0.01 * Double(stretches), stretch: 0.01).dropFirst(5)
        let count = Double(results.count)
        let mean = results.reduce(0) { $0 + $1.pull } / count
        let squares = results.reduce(0) { $0 + $1.pull * $1.pull } / count
        #expect(abs(mean) < 4 / count.squareRoot())
        #expect(abs(squares - 1) < 4 * (2 / count).squareRoot())
        // 300 pairs of 150 ps and, within 2.5 deviations, 375 accidental ones of 375/√3 ps: 18 ps. The excess of
        // 300 itself is known to 29.
        let typical = results.reduce(0) { $0 + $1.residualErrorPS } / count
        #expect(abs(typical - 18) < 3)
        let end = 0.01 * Double(stretches)
        let error = follower.predictionErrorPS(atPS: Int64(end * 1e12))
        #expect(abs(scene.errorPS(follower, atSeconds: end)) < 4 * error && error < 10)
    }

    @Test("A step of 100 ns is a loss, and is met again", arguments: [100_000.0, -100_000])
    func step(stepPS: Double) throws {
        let smooth = FollowerScene.satellite(middleSeconds: 1)
        var scene = scene(seed: 3, pairsHz: 2e4) { smooth($0) + ($0 >= 1 ? stepPS : 0) }
        var follower = scene.follower(atSeconds: 0)
        let before = scene.follow(&follower, from: 0, to: 1, stretch: 0.05)
        #expect(before.allSatisfy { $0.state == .locked })
        let skew = follower.relation.skew
        let width = follower.halfWidthPS(untilPS: 1_050_000_000_000)
        #expect(width < 10_000)
        let after = scene.follow(&follower, from: 1, to: 1.6, stretch: 0.05)
        #expect(after[0].state == .lost && after[0].pairs < 50)
        let regained = try #require(after.firstIndex { $0.state == .locked })
        #expect((2...7).contains(regained))
        #expect(after[regained...].allSatisfy { $0.state == .locked })
        #expect(abs(after[regained].residualPS - stepPS) < 500)
        #expect(abs(scene.errorPS(follower, atSeconds: 1.6)) < 60)
        #expect(abs(follower.relation.skew - skew) < 3e-7)
        #expect(follower.halfWidthPS(untilPS: 1_650_000_000_000) < 10_000)
        #expect(!follower.needsSearch)
    }

    @Test("A step within the collected window is believed the second time only")
    func smallStep() {
        var scene = scene(seed: 4, pairsHz: 2e4) { $0 >= 0.5 ? 2_000 : 0 }
        var follower = scene.follower(atSeconds: 0, offsetErrorPS: 100, skewError: 1e-10)
        _ = scene.follow(&follower, from: 0, to: 0.5, stretch: 0.05)
        let after = scene.follow(&follower, from: 0.5, to: 0.7, stretch: 0.05)
        #expect(after.map(\.state) == [.lost, .locked, .locked, .locked])
        #expect(abs(after[0].residualPS - 2_000) < 50 && abs(after[0].pull) > 8)
        #expect(abs(scene.errorPS(follower, atSeconds: 0.7)) < 40)
    }

    @Test("Two seconds without light: lost, and met again at once")
    func dark() throws {
        var scene = scene(seed: 5, pairsHz: 1e4, FollowerScene.satellite(middleSeconds: 2))
        scene.isLit = { $0 < 1 || $0 >= 3 }
        scene.accidentals = 1
        var follower = scene.follower(atSeconds: 0)
        #expect(scene.follow(&follower, from: 0, to: 1, stretch: 0.1).allSatisfy { $0.state == .locked })
        let dark = scene.follow(&follower, from: 1, to: 3, stretch: 0.1)
        #expect(dark.allSatisfy { $0.state == .lost && $0.residualPS.isNaN })
        #expect(follower.state == .lost && !follower.needsSearch)
        let half = follower.halfWidthPS(untilPS: 3_100_000_000_000)
        #expect(half == follower.mostHalfWidthPS)
        #expect(abs(scene.errorPS(follower, atSeconds: 3)) < 4 * follower.predictionErrorPS(atPS: 3_000_000_000_000))
        let after = scene.follow(&follower, from: 3, to: 3.5, stretch: 0.1)
        #expect(after.allSatisfy { $0.state == .locked })
        #expect(abs(scene.errorPS(follower, atSeconds: 3.5)) < 60)
        // No stretch at all for two seconds does no harm either.
        scene.isLit = { _ in true }
        #expect(scene.follow(&follower, from: 5.5, to: 6, stretch: 0.1).allSatisfy { $0.state == .locked })
    }

    @Test("Noise alone never locks, and a search is asked for after the stated time")
    func noise() {
        var scene = scene(seed: 6, pairsHz: 1e4) { _ in 0 }
        scene.isLit = { _ in false }
        var follower = scene.follower(atSeconds: 0, offsetErrorPS: 1_000, skewError: 1e-9)
        follower.searchAfterSeconds = 0.5
        follower.mostHalfWidthPS = 400_000
        let results = scene.follow(&follower, from: 0, to: 0.45, stretch: 0.05)
        #expect(results.allSatisfy { $0.state == .lost } && !follower.needsSearch)
        #expect(follower.halfWidthPS(untilPS: 450_000_000_000) == 400_000)
        _ = scene.follow(&follower, from: 0.45, to: 0.5, stretch: 0.05)
        #expect(follower.needsSearch)
        // Nor does an empty stretch.
        let empty = follower.update(stretchPS: 0..<1_000_000, halfWidthPS: 400_000, timesPS: [], residualsPS: [])
        #expect(empty.state == .lost && empty.pairs == 0 && empty.backgroundPerPS == 0)
    }

    @Test("From a recovered clock the follower takes over at the captures' end")
    func handOver() throws {
        let pass = SatellitePass(seed: 7, seconds: 6, middleSeconds: 4, pairsHz: 2_000, aloneHz: 1_000)
        func part(_ tags: TagBatch, _ isIn: (Int64) -> Bool) -> TagBatch {
            let kept = tags.times.indices.filter { isIn(tags.times[$0]) }
            return TagBatch(times: kept.map { tags.times[$0] }, channels: kept.map { tags.channels[$0] })
        }
        let end = 4 * Picoseconds.perSecond
        var search = OffsetSearch()
        search.rangePS = 10 * Picoseconds.perMillisecond
        let clock = try ClockRecovery(search: search).recover(
            alice: part(pass.alice) { $0 < end }, bob: part(pass.bob) { $0 < pass.bobPS(end) })
        var follower = ClockFollower(clock)
        for step in 0..<10 {
            let stretch = end + Int64(step) * 200_000_000_000..<end + Int64(step + 1) * 200_000_000_000
            let half = follower.halfWidthPS(untilPS: stretch.upperBound)
            var near = NearPairs()
            let tags = try TagPair(alice: pass.alice, bob: pass.bob)
            near.add(
                tags, follower.relation, fromPS: stretch.lowerBound, toPS: stretch.upperBound,
                halfWidthPS: Double(half))
            let result = follower.update(
                stretchPS: stretch, halfWidthPS: half, timesPS: near.aliceIndices.map { pass.alice.times[Int($0)] },
                residualsPS: near.residuals.map { Int64($0.rounded()) })
            #expect(result.state == .locked)
        }
        let time = 6 * Picoseconds.perSecond
        let error = abs(Double(follower.relation.bobPS(ofAlicePS: time) - pass.bobPS(time)))
        #expect(error < 4 * follower.predictionErrorPS(atPS: time) && error < 200)
    }
}
