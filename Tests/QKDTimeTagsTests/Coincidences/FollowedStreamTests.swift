import QKDCore
import QKDPhysics
import Testing

@testable import QKDTimeTags

@Suite struct FollowedStreamTests {
    /// Two parties' tags, 40,000 pairs and 80,000 tags a second a side; Bob's clock goes as `bob` says.
    private static func scene(
        seconds: Double, stream: String, isLit: (Double) -> Bool = { _ in true }, bob departure: (Double) -> Double
    ) -> (alice: TagBatch, bob: TagBatch, pairs: Int) {
        var random = SeededGenerator(seed: 31, stream: stream)
        var pairs = 0
        var sides: [[(Int64, UInt8)]] = [[], []]
        var x = 0.0
        while x < seconds {
            x += random.exponential() / 120_000
            guard isLit(x) else { continue }
            let kind = random.uniform()
            let state = UInt8.random(in: 0...3, using: &random)
            if kind < 2.0 / 3 { sides[0].append((Int64(x * 1e12), state)) }
            if kind > 1.0 / 3 {
                sides[1].append((Int64(x * 1e12 + departure(x) + random.gaussian() * 100), state))
            }
            if kind > 1.0 / 3, kind < 2.0 / 3 { pairs += 1 }
        }
        let batches = sides.map { side in
            let sorted = side.sorted { $0 < $1 }
            return TagBatch(times: sorted.map { $0.0 }, channels: sorted.map { $0.1 })
        }
        return (batches[0], batches[1], pairs)
    }

    private static func follow(
        _ scene: (alice: TagBatch, bob: TagBatch, pairs: Int), skew: Double
    ) throws -> (stream: FollowedStream, stretches: [FollowedStretch], equal: Int, found: Int) {
        let follower = ClockFollower(
            relation: ClockRelation(referencePS: 0, offsetPS: 300, skew: skew + 2e-9), offsetErrorPS: 1_000,
            skewError: 1e-8)
        var stream = try FollowedStream(
            windowPS: 1_000, follower: follower, stretchPS: 20 * Picoseconds.perMillisecond)
        var stretches: [FollowedStretch] = []
        var (a, b, equal, found) = (0, 0, 0, 0)
        func part(_ batch: TagBatch, _ from: inout Int) -> TagBatch {
            let range = from..<min(from + 2_000, batch.count)
            from = range.upperBound
            return TagBatch(times: Array(batch.times[range]), channels: Array(batch.channels[range]))
        }
        func take(isFinal: Bool) {
            stretches += stream.advance(isFinal: isFinal)
            found += stream.found.count
            equal += zip(stream.found.aliceChannels, stream.found.bobChannels).count { $0 == $1 }
        }
        while a < scene.alice.count || b < scene.bob.count {
            if b < scene.bob.count, stream.bobIsBehind || a == scene.alice.count {
                stream.addBob(part(scene.bob, &b))
            } else {
                stream.addAlice(part(scene.alice, &a))
            }
            take(isFinal: false)
        }
        take(isFinal: true)
        return (stream, stretches, equal, found)
    }

    /// −23 ppm that rise by 0.36 ppm/s: without following, the window would be left after two milliseconds.
    @Test func satelliteDrift() throws {
        let scene = Self.scene(seconds: 1.5, stream: "satellite") { 1e12 * (-23e-6 * $0 + 0.18e-6 * $0 * $0) }
        let done = try Self.follow(scene, skew: -23e-6)
        #expect(done.stretches.allSatisfy { $0.state == .locked })
        #expect(done.stretches.count == 75)
        #expect(done.stretches.allSatisfy { abs($0.pull) < 5 })
        let pulls = done.stretches.reduce(0) { $0 + $1.pull * $1.pull } / Double(done.stretches.count)
        // χ² a degree of freedom, 4 σ of 75 of them.
        #expect(abs(pulls - 1) < 4 * (2.0 / 75).squareRoot())
        // The window holds all but a millionth of the pairs, and one accidental in 160 of them.
        #expect(done.stream.coincidences == done.found)
        #expect(abs(Double(done.found) / Double(scene.pairs) - 1) < 0.01)
        #expect(Double(done.equal) > 0.985 * Double(done.found))
        let skew = done.stream.follower.relation.stated(atPS: 1_500_000_000_000).skew
        #expect(abs(skew - (-23e-6 + 0.36e-6 * 1.5)) < 5e-9)
    }

    /// Bob's clock steps by 100 ns: told, and none of what was found across it comes out as coincidences.
    @Test func stepIsLostAndRegained() throws {
        let scene = Self.scene(seconds: 1.6, stream: "step") { $0 < 0.75 ? 0 : 100_000 }
        let done = try Self.follow(scene, skew: 0)
        let lost = done.stretches.filter { $0.state == .lost }
        // The window doubles from 2 ns until it holds the step.
        #expect((1...12).contains(lost.count))
        #expect(lost.allSatisfy { $0.stretchPS.upperBound > 750_000_000_000 })
        #expect(done.stretches.last?.state == .locked)
        // The stretch of the step itself is half right, and is either way no great part of all.
        #expect(Double(done.equal) > 0.97 * Double(done.found))
        #expect(done.found > scene.pairs / 2)
        #expect(abs(done.stream.follower.relation.offsetPS - 100_000) < 100)
    }

    /// Half a second without light is crossed, and no stretch of it has to be waited for.
    @Test func silenceIsCrossed() throws {
        let scene = Self.scene(seconds: 1.4, stream: "dark", isLit: { !(0.4...0.9).contains($0) }) { 4e6 * $0 }
        let done = try Self.follow(scene, skew: 4e-6)
        #expect(done.stretches.last?.state == .locked)
        #expect(Double(done.found) > 0.8 * Double(scene.pairs))
        #expect(Double(done.equal) > 0.97 * Double(done.found))
    }

    @Test func refusesStretchesThatCannotBeUsed() {
        let follower = ClockFollower(
            relation: ClockRelation(referencePS: 0, offsetPS: 0), offsetErrorPS: 1, skewError: 1e-9)
        #expect(throws: QKDError.self) { try FollowedStream(windowPS: 0, follower: follower) }
        #expect(throws: QKDError.self) { try FollowedStream(windowPS: 10, follower: follower, stretchPS: 1) }
    }
}
