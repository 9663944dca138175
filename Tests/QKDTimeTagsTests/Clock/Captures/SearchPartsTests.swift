import QKDCore
import Testing

@testable import QKDTimeTags

/// Two captures of unrelated tags with a share of true pairs at a relation.
private struct PairList {
    var alice = TagBatch()
    var bob = TagBatch()

    /// `pairs` true ones with a jitter of ± 200 ps, and as many unrelated tags a side, over 100 ms.
    init(seed: UInt64, pairs: Int, unrelated: Int, relation: ClockRelation) {
        var random = SceneRandom(seed: seed)
        var (a, b): ([(Int64, UInt8)], [(Int64, UInt8)]) = ([], [])
        func time() -> Int64 { Int64.random(in: 0..<(100 * Picoseconds.perMillisecond), using: &random) }
        func channel() -> UInt8 { UInt8.random(in: 1...4, using: &random) }
        for _ in 0..<pairs {
            let (at, input) = (time(), channel())
            a.append((at, input))
            b.append((relation.bobPS(ofAlicePS: at) + Int64.random(in: -200...200, using: &random), input))
        }
        for _ in 0..<unrelated {
            a.append((time(), channel()))
            b.append((relation.bobPS(ofAlicePS: time()), channel()))
        }
        for (time, channel) in a.sorted(by: { $0 < $1 }) { alice.append(timePS: time, channel: channel) }
        for (time, channel) in b.sorted(by: { $0 < $1 }) { bob.append(timePS: time, channel: channel) }
    }

    func pair() throws -> TagPair { try TagPair(alice: alice, bob: bob) }
}

@Suite("Parts of the search for two clocks")
struct SearchPartsTests {
    private static let relation = ClockRelation(
        referencePS: 50 * Picoseconds.perMillisecond, offsetPS: 123_456_789, offsetFractionPS: 0.25, skew: 7e-6,
        driftPerSecond: 1e-8)
    private static let lengthPS = 100 * Picoseconds.perMillisecond

    @Test("Bennett's bound: known values, and never below a Poisson tail")
    func bennett() {
        #expect(abs(LinePeak.bennett(excess: 1, variance: 1) - 0.386_294_361) < 1e-8)
        #expect(LinePeak.bennett(excess: 0, variance: 3) == 0 && LinePeak.bennett(excess: -5, variance: 3) == 0)
        for mean in [0.5, 3, 20, 200] {
            var last = 0.0
            for count in Int(mean) + 1...Int(mean + 12 * mean.squareRoot() + 12) {
                let bound = LinePeak.bennett(excess: Double(count) - mean, variance: mean)
                #expect(bound > last)
                #expect(-bound >= Self.logTail(count, mean) - 1e-9, "\(mean) \(count)")
                last = bound
            }
        }
    }

    /// ln P(N ≥ count) of a Poisson count, summed term by term.
    private static func logTail(_ count: Int, _ mean: Double) -> Double {
        var logTerm = -mean
        for number in stride(from: 1, through: count, by: 1) { logTerm += mean.naturalLog - Double(number).naturalLog }
        var (sum, term) = (1.0, 1.0)
        for number in (count + 1)...(count + 400) {
            term *= mean / Double(number)
            sum += term
        }
        return logTerm + sum.naturalLog
    }

    @Test("A plane holds each difference in its bin, by the rule", arguments: [1, 3, 8])
    func plane(segments: Int) throws {
        let list = PairList(seed: 5, pairs: 60, unrelated: 400, relation: Self.relation)
        let (bins, binPS) = (50, 40_000.0)
        let states: [UInt8: BB84State] = Dictionary(uniqueKeysWithValues: zip([1, 2, 3, 4], BB84State.all))
        for weights in [TagWeights.plain, TagWeights(aliceStates: states, bobStates: states)] {
            let plane = DifferencePlane(
                try list.pair(), weights: weights, startPS: 0, durationPS: Self.lengthPS, relation: Self.relation,
                segments: segments, bins: bins, binPS: binPS)
            var expected = [Float](repeating: 0, count: segments * bins)
            var pairs = 0
            for (a, inputA) in zip(list.alice.times, list.alice.channels) {
                let x = Double(a - Self.relation.referencePS) * 1e-12
                for (b, inputB) in zip(list.bob.times, list.bob.channels) {
                    let residual = Double(b - a - Self.relation.offsetPS) - Self.relation.departurePS(atSeconds: x)
                    let bin = Int((residual / binPS + Double(bins) / 2).rounded(.down))
                    guard (0..<bins).contains(bin) else { continue }
                    let same = Double(states[inputA]?.bit == states[inputB]?.bit ? 1 : -1)
                    let weight = weights.isPlain ? 1 : states[inputA]?.basis == states[inputB]?.basis ? same : 0
                    expected[min(segments - 1, Int(a) * segments / Int(Self.lengthPS)) * bins + bin] += Float(weight)
                    pairs += weight != 0 ? 1 : 0
                }
            }
            #expect(plane.sums == expected)
            #expect(plane.squares == Double(pairs) && pairs > 60)
        }
    }

    @Test("A slice's peak is found within its error, and none in the background")
    func slicePeak() throws {
        var pulls = 0.0
        let seeds = 1...30 as ClosedRange<UInt64>
        for seed in seeds {
            var off = Self.relation
            // Everywhere in a bin: within one, a narrow peak is known no better than the bin is wide.
            let shiftPS = 1_000 + 83 * Double(seed)
            off.add(offsetPS: shiftPS, skew: 0, driftPerSecond: 0)
            let list = PairList(seed: seed, pairs: 100, unrelated: 2_000, relation: off)
            func plane(_ pair: TagPair) -> DifferencePlane {
                DifferencePlane(
                    pair, weights: .plain, startPS: 0, durationPS: Self.lengthPS, relation: Self.relation,
                    segments: 1, bins: 128, binPS: 250)
            }
            let peak = try #require(SlicePeak(plane(try list.pair())))
            let pull = (peak.positionPS - shiftPS) / peak.errorPS
            #expect(abs(pull) < 4.5 && peak.errorPS < 60)
            #expect(abs(peak.pairs - 100) < 5 * 10)
            pulls += pull
            let unrelated = PairList(seed: seed, pairs: 0, unrelated: 2_000, relation: off)
            #expect(SlicePeak(plane(try unrelated.pair())) == nil)
        }
        #expect(abs(pulls / Double(seeds.count)) < 4 / Double(seeds.count).squareRoot())
    }

    @Test("A line that drifts through the plane is found with its drift", arguments: [-6, 0, 5])
    func linePeak(drift: Int) throws {
        // The drift of the residual over the plane, in bins of 20 ns, is a skew that is left.
        var moved = Self.relation
        moved.add(offsetPS: 100_000, skew: Double(drift) * 20_000 / Double(Self.lengthPS), driftPerSecond: 0)
        let list = PairList(seed: 8, pairs: 300, unrelated: 2_000, relation: moved)
        let plane = DifferencePlane(
            try list.pair(), weights: .plain, startPS: 0, durationPS: Self.lengthPS, relation: Self.relation,
            segments: 16, bins: 100, binPS: 20_000)
        let peak = try #require(LinePeak(in: plane, reach: 8))
        #expect(abs(peak.driftBins - drift) <= 1)
        #expect(abs(peak.positionPS - 100_000) <= 20_000)
        #expect(peak.logProbability < -100 && peak.sum > 250)
        let nothing = PairList(seed: 9, pairs: 0, unrelated: 2_000, relation: moved)
        let flat = DifferencePlane(
            try nothing.pair(), weights: .plain, startPS: 0, durationPS: Self.lengthPS, relation: Self.relation,
            segments: 16, bins: 100, binPS: 20_000)
        // About 1600 lines were tried: chance reaches e to the minus 7 at one of them.
        #expect(try #require(LinePeak(in: flat, reach: 8)).logProbability > -16)
        #expect(LinePeak(in: flat, reach: 90) == nil)
    }

    @Test("The fit's pairs are all those within the width, slice by slice")
    func residuals() throws {
        let list = PairList(seed: 11, pairs: 200, unrelated: 500, relation: Self.relation)
        let half = Self.lengthPS / 2
        let slices = [(0, half), (half, Self.lengthPS)].map {
            ClockSlice(startPS: $0.0, endPS: $0.1, isCorrelated: true, residualPS: 0, residualErrorPS: 1, pairs: 0)
        }
        let found = PairResiduals(try list.pair(), Self.relation, slices: slices, halfWidthPS: 5_000)
        var expected: [Double] = []
        for a in list.alice.times {
            let x = Double(a - Self.relation.referencePS) * 1e-12
            let departure = Self.relation.departurePS(atSeconds: x)
            for b in list.bob.times {
                let residual = Double(b - a - Self.relation.offsetPS) - departure
                if abs(residual) <= 5_000 { expected.append(residual) }
            }
        }
        #expect(found.residuals == expected && found.count >= 200)
        #expect(found.aliceChannels == [1, 2, 3, 4] && found.bobChannels == [1, 2, 3, 4])
        #expect(zip(found.slices, found.seconds).allSatisfy { ($0 == 0) == ($1 < 0) })
        let near = found.residuals.indices.filter { abs(found.residuals[$0]) <= 201 }
        #expect(near.filter { found.aliceIndices[$0] == found.bobIndices[$0] }.count >= 200)
    }

    @Test("Captures that cannot be searched are refused, with the tag")
    func refused() throws {
        let good = TagBatch(times: [1, 2], channels: [1, 1])
        func message(_ alice: TagBatch, _ bob: TagBatch) -> String? {
            #expect(throws: QKDError.self) { try TagPair(alice: alice, bob: bob) }?.message
        }
        #expect(message(TagBatch(), good)?.contains("Alice's capture has no tags") == true)
        let disorder = TagBatch(times: [5, 7, 6], channels: [1, 1, 1])
        #expect(message(good, disorder)?.contains("Bob's tag 2") == true)
        let far = TagBatch(times: [1 << 61], channels: [1])
        #expect(message(far, good)?.contains("13 days") == true)
        let equal = try TagPair(alice: TagBatch(times: [3, 3], channels: [1, 2]), bob: good)
        #expect(equal.aliceSpan == 3...3 && equal.bobSpan == 1...2)
    }
}

extension Double {
    fileprivate var naturalLog: Double {
        // ln of a positive number: mantissa by the series of 2 artanh, exponent times ln 2.
        let part = (significand - 1) / (significand + 1)
        var (sum, power) = (0.0, part)
        for odd in stride(from: 1.0, through: 61, by: 2) {
            sum += power / odd
            power *= part * part
        }
        return 2 * sum + Double(exponent) * 0.693_147_180_559_945_3
    }
}
