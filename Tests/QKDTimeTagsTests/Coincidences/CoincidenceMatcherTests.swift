import QKDCore
import QKDPhysics
import Testing

@testable import QKDTimeTags

@Suite("Coincidence matcher")
struct CoincidenceMatcherTests {
    /// All pairs, sorted by the stated rule, taken greedily: O(n²).
    static func oracle(_ a: [Int64], _ b: [Int64], windowPS: Int64, shiftPS: Int64) -> Coincidences {
        var pairs: [(distance: UInt64, i: Int, j: Int, difference: Int64)] = []
        for (i, x) in a.enumerated() {
            for (j, y) in b.enumerated() {
                let difference = y - x - shiftPS
                if 2 * difference >= -windowPS, 2 * difference < windowPS {
                    pairs.append((difference.magnitude, i, j, difference))
                }
            }
        }
        pairs.sort { ($0.distance, $0.i, $0.j) < ($1.distance, $1.i, $1.j) }
        var takenA = Set<Int>()
        var takenB = Set<Int>()
        var chosen: [(i: Int, j: Int, difference: Int64)] = []
        for pair in pairs where !takenA.contains(pair.i) && !takenB.contains(pair.j) {
            takenA.insert(pair.i)
            takenB.insert(pair.j)
            chosen.append((pair.i, pair.j, pair.difference))
        }
        chosen.sort { $0.i < $1.i }
        var result = Coincidences()
        result.aliceIndices = chosen.map { UInt32($0.i) }
        result.bobIndices = chosen.map { UInt32($0.j) }
        result.differencesPS = chosen.map(\.difference)
        return result
    }

    @Test("Equal to the exhaustive rule, from sparse to crowded", arguments: [3, 30, 300, 3_000])
    func exhaustive(spanPerTag: Int64) throws {
        var generator = SeededGenerator(seed: UInt64(spanPerTag))
        for round in 0..<40 * Statistics.scale {
            let countA = Int(generator.next() % 60)
            let countB = Int(generator.next() % 60)
            let span = Double(60 * spanPerTag)
            let a = (0..<countA).map { _ in Int64(generator.uniform() * span) }.sorted()
            let b = (0..<countB).map { _ in Int64(generator.uniform() * span) }.sorted()
            let window = Int64(1 + generator.next() % 80)
            let shift = round % 3 == 0 ? Int64(generator.next() % 200) - 100 : 0
            let tags = AlignedTags(aliceTimesPS: a, bobTimesPS: b, durationPS: Int64(span))
            let found = try CoincidenceMatcher(windowPS: window).match(tags, shiftPS: shift)
            #expect(found == Self.oracle(a, b, windowPS: window, shiftPS: shift))
            #expect(Set(found.aliceIndices).count == found.count)
            #expect(Set(found.bobIndices).count == found.count)
        }
    }

    @Test("The window is half open and holds as many differences as it is wide")
    func window() throws {
        for width in [Int64(1), 2, 3, 10, 11] {
            let matcher = try CoincidenceMatcher(windowPS: width)
            let hits = (-20...20).filter { difference in
                matcher.match(AlignedTags(aliceTimesPS: [100], bobTimesPS: [100 + difference], durationPS: 200)).count
                    == 1
            }
            #expect(Int64(hits.count) == width)
            #expect(hits.first == -Int64(width / 2))
        }
        #expect(throws: QKDError.self) { _ = try CoincidenceMatcher(windowPS: 0) }
        #expect(throws: QKDError.self) { _ = try CoincidenceMatcher(windowPS: 2_000_000_000) }
    }

    @Test("The nearest pair wins, then the earlier tags")
    func rule() throws {
        let matcher = try CoincidenceMatcher(windowPS: 100)
        // 0–20 and 30–20: the second is nearer, and 0 is then left alone.
        let near = matcher.match(AlignedTags(aliceTimesPS: [0, 30], bobTimesPS: [20], durationPS: 100))
        #expect(near.aliceIndices == [1] && near.bobIndices == [0] && near.differencesPS == [-10])
        // 10–20 and 30–20 are equally far: Alice's earlier one.
        let tie = matcher.match(AlignedTags(aliceTimesPS: [10, 30], bobTimesPS: [20], durationPS: 100))
        #expect(tie.aliceIndices == [0])
        let chain = matcher.match(AlignedTags(aliceTimesPS: [0, 40], bobTimesPS: [30, 85], durationPS: 100))
        #expect(chain.aliceIndices == [1] && chain.bobIndices == [0])
    }

    @Test("Coincidences and accidentals of a simulated link agree with the truth and the formula")
    func link() throws {
        let seconds = Statistics.isAcceptance ? 10.0 : 4
        let source = CaptureScene.source(
            seed: 21, backgroundBobHz: 100_000, clock: ClockModel(offsetPS: 45_000_000_000, skew: 3e-6))
        let scene = try CaptureScene(source, seconds: seconds)
        let (alice, bob) = (scene.tags.alice, scene.tags.bob)
        let clock = try CaptureScene.recovery.recover(alice: alice, bob: bob)
        let aligned = try AlignedTags(alice: alice, bob: bob, clock: clock)
        #expect(zip(aligned.aliceTimesPS, aligned.aliceTimesPS.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(zip(aligned.bobTimesPS, aligned.bobTimesPS.dropFirst()).allSatisfy { $0 <= $1 })
        let matcher = try CoincidenceMatcher(windowPS: 2_000)
        let found = matcher.match(aligned)
        let estimate = AccidentalEstimate(aligned, alice: alice, bob: bob, matcher: matcher)
        #expect(estimate.countsAtShifts.count == 8)
        #expect(estimate.shiftsPS.allSatisfy { abs($0) >= 40_000 })
        #expect(abs(estimate.byShifts - estimate.byRates) < 4 * (estimate.byRates / 8).squareRoot())
        #expect(abs(estimate.byChannels.values.reduce(0, +) - estimate.byShifts) < 1e-9)
        let expected = Double(scene.truth.detectedPairs) + estimate.byRates
        #expect(abs(Double(found.count) - expected) < 4 * estimate.byRates.squareRoot() + 0.003 * expected)
        // Most of the peak lies within a sigma or so of zero: the correction is right for every detector.
        let near = found.differencesPS.count { abs($0) <= Int64(clock.peakSigmaPS) }
        let sigma = (0.68 * 0.32 * expected).squareRoot()
        #expect(abs(Double(near) - 0.683 * Double(scene.truth.detectedPairs)) < 5 * sigma + 0.1 * estimate.byRates + 10)
    }
}

@Suite("Clock relation")
struct ClockRelationTests {
    @Test("Stated at another instant it is the same relation")
    func restated() {
        var relation = ClockRelation(
            referencePS: 5_000_000_000_000, offsetPS: 730_000_000_000, offsetFractionPS: 0.25, skew: 7.3e-6,
            driftPerSecond: 2e-9)
        relation.wanderStartSeconds = -2
        relation.wanderStepSeconds = 0.5
        relation.wanderPS = [0, 100, -50, 30]
        for reference in [Int64(0), 9_000_000_000_000, -3_000_000_000_000] {
            let moved = relation.stated(atPS: reference)
            for time in stride(from: Int64(0), to: 10_000_000_000_000, by: 777_777_777_777) {
                #expect(abs(moved.bobPS(ofAlicePS: time) - relation.bobPS(ofAlicePS: time)) <= 1)
            }
            let x = Double(reference - relation.referencePS) * 1e-12
            #expect(abs(moved.skew - 7.3e-6 - 2e-9 * x) < 1e-20)
        }
    }

    @Test("It agrees with the physics' clock model")
    func model() {
        let model = ClockModel(offsetPS: -712_000_000_000, skew: -5e-6, driftPerSecond: 3e-9)
        let relation = ClockRelation(
            referencePS: 0, offsetPS: -712_000_000_000, skew: -5e-6, driftPerSecond: 3e-9)
        for time in stride(from: Int64(-50_000_000_000_000), to: 100_000_000_000_000, by: 1_234_567_891_234) {
            #expect(abs(relation.bobPS(ofAlicePS: time) - model.reading(atPS: time)) <= 1)
        }
    }

    @Test("The wander is a polygon, constant beyond its ends")
    func polygon() {
        var relation = ClockRelation(referencePS: 0, offsetPS: 0)
        relation.setWander([(x: 1, y: 10), (x: 2, y: 30), (x: 3, y: -10)])
        #expect(relation.wander(0) == 10 && relation.wander(1) == 10 && relation.wander(1.5) == 20)
        #expect(abs(relation.wander(2.75)) < 1e-9 && relation.wander(9) == -10)
    }
}

@Suite("Normal equations")
struct NormalEquationsTests {
    @Test("A parabola through exact points, with unknowns of very different size")
    func parabola() throws {
        var equations = NormalEquations(3)
        for index in 0..<20 {
            let x = Double(index) * 1e3
            equations.add([1, x, x * x], 3 - 2e-3 * x + 5e-7 * x * x, 2)
        }
        let solution = try #require(equations.solve())
        #expect(abs(solution.values[0] - 3) < 1e-9)
        #expect(abs(solution.values[1] + 2e-3) < 1e-12)
        #expect(abs(solution.values[2] - 5e-7) < 1e-15)
        // Variance of a mean of 20 of weight 2, were it the only unknown, is the least possible.
        #expect(solution.covariance[0] > 1.0 / 40)
    }

    @Test("Singular equations have no solution")
    func singular() {
        var equations = NormalEquations(2)
        equations.add([1, 2], 1, 1)
        equations.add([2, 4], 2, 1)
        #expect(equations.solve() == nil)
        #expect(NormalEquations(1).solve() == nil)
    }
}
