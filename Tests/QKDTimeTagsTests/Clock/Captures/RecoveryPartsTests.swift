#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore
import Testing

@testable import QKDTimeTags

@Suite("Parts of clock recovery that are made for speed")
struct RecoveryPartsTests {
    private static func tags(_ random: inout SceneRandom, _ count: Int, lengthPS: Int64) -> TagBatch {
        let times = (0..<count).map { _ in Int64(random.uniform() * Double(lengthPS)) }.sorted()
        return TagBatch(times: times, channels: times.map { _ in UInt8(random.below(4)) + 1 })
    }

    /// Rates from far below to far above one tag a bucket, so that the sieve is on and off.
    @Test(
        "Near pairs are those of all pairs that are near",
        arguments: [(40, 1e12, 5e3), (700, 2e10, 20e3), (600, 1e9, 36e3), (400, 1e7, 50e3), (500, 3e11, 2e7)])
    func near(count: Int, length: Double, half: Double) throws {
        var random = SceneRandom(seed: 7)
        for wander in [[], [0, 3_000, -2_000]] as [[Double]] {
            var relation = ClockRelation(
                referencePS: Int64(length / 3), offsetPS: 1_234_567, offsetFractionPS: 0.3, skew: -2e-5,
                driftPerSecond: 3e-7)
            relation.wanderPS = wander
            relation.wanderStepSeconds = length * 2e-13
            var bob = Self.tags(&random, count, lengthPS: Int64(length))
            let alice = Self.tags(&random, count, lengthPS: Int64(length))
            // A third of Alice's tags have a partner.
            for index in stride(from: 0, to: count, by: 3) {
                bob.times[index] =
                    relation.bobPS(ofAlicePS: alice.times[index]) + Int64(random.gaussian(sigma: half / 2))
            }
            bob.times.sort()
            let tags = try TagPair(alice: alice, bob: bob)
            let (from, to) = (Int64(length * 0.1), Int64(length * 0.9))
            var found = NearPairs()
            found.add(tags, relation, fromPS: from, toPS: to, halfWidthPS: half)
            var expected: [[Int]] = []
            for (i, a) in alice.times.enumerated() where a >= from && a < to {
                let departure = relation.departurePS(atSeconds: Double(a - relation.referencePS) * 1e-12)
                for (j, b) in bob.times.enumerated() where abs(Double(b - a - relation.offsetPS) - departure) <= half {
                    expected.append([i, j])
                }
            }
            #expect(zip(found.aliceIndices, found.bobIndices).map { [Int($0), Int($1)] } == expected)
            #expect(expected.count > count / 8)
        }
    }

    @Test("Rows are the correlations of the segments, summed directly", arguments: [true, false])
    func rows(isPlain: Bool) throws {
        var random = SceneRandom(seed: 9)
        let (segments, length, lags) = (3, 40, 25)
        let alice = (0..<segments * length).map { _ in Float(random.below(3)) }
        let bob = (0..<segments * length + lags).map { _ in Float(random.below(4)) }
        guard let fft = ForwardFFT.planned(count: 72) else {
            Issue.record("no transform of 72 points")
            return
        }
        var rows = CorrelationRows(rows: segments, lags: lags)
        if isPlain {
            try rows.correlate(alice, bob, segmentBins: length, fft)
        } else {
            try rows.correlate(
                alice.map { Phasor($0, -$0) }, bob.map { Phasor($0, 2 * $0) }, segmentBins: length, fft)
        }
        for segment in 0..<segments {
            var direct = (0..<lags).map { lag in
                (0..<length).reduce(Float(0)) { $0 + alice[segment * length + $1] * bob[segment * length + $1 + lag] }
            }
            var found = Array(rows.values[segment * lags..<(segment + 1) * lags])
            if isPlain {
                // Less the mean over all lags of the transform: only differences count.
                let shift = direct[0] - found[0]
                found = found.map { $0 + shift }
            } else {
                direct = direct.map { -$0 }
            }
            #expect(zip(direct, found).allSatisfy { abs($0 - $1) < 1e-2 })
        }
    }

    @Test("The highest line is found with its lag, drift and height", arguments: [-5, 0, 4])
    func lines(drift: Int) throws {
        var random = SceneRandom(seed: 10)
        let (rows, lags, lag) = (6, 1_500, 777)
        var values = (0..<rows * lags).map { _ in Float(random.gaussian(sigma: 1)) }
        for row in 0..<rows {
            let phase = (Double(row) + 0.5) / Double(rows) - 0.5
            values[row * lags + lag + Int((Double(drift) * phase).rounded())] += 6
        }
        let peaks = try CorrelationRows(values, lags: lags).peaks(reach: 6, count: 4)
        #expect(peaks.count == 4 && zip(peaks, peaks.dropFirst()).allSatisfy { $0.height >= $1.height })
        let best = try #require(peaks.first)
        #expect(best.lag == lag && abs(best.drift - drift) <= 1)
        // 36 over a deviation of √6, which the peak itself makes a little larger.
        #expect(abs(best.excess - 36) < 4 * 2.45)
        // Lines that cross it far off its own drift have part of it.
        #expect(best.height > 10 && peaks[1].height < 0.7 * best.height)
    }

    @Test("Powers of two, to the last bits of single precision")
    func powers() {
        var worst = 0.0
        for step in 0..<6_400 {
            let x = -Float(step) / 100 - 0.003
            let found = FastExp.exp2(SIMD8(repeating: x))
            worst = max(worst, abs(Double(found[0]) / exp2(Double(x)) - 1))
            #expect(found == SIMD8(repeating: found[7]))
        }
        #expect(worst < 5e-7)
        #expect(FastExp.exp2(SIMD8(repeating: 0)) == SIMD8(repeating: 1))
        #expect(FastExp.exp2(SIMD8(repeating: -1e30)) == SIMD8(repeating: 0))
    }

    @Test("A bent line is found with its bend", arguments: [-4, 0, 3])
    func bent(bend: Int) throws {
        let length = Picoseconds.perSecond
        let binPS = 50_000.0
        let drift = Double(bend) * LinePeak.bendStep / OffsetZoom.bendBins(length, binPS)
        let flat = ClockRelation(referencePS: length / 2, offsetPS: 0)
        var truth = flat
        truth.add(offsetPS: 60_000, skew: 0, driftPerSecond: drift)
        var random = SceneRandom(seed: 12)
        let alice = Self.tags(&random, 2_000, lengthPS: length)
        let bob = TagBatch(times: alice.times.map { truth.bobPS(ofAlicePS: $0) }.sorted(), channels: alice.channels)
        let plane = DifferencePlane(
            try TagPair(alice: alice, bob: bob), weights: .plain, startPS: 0, durationPS: length, relation: flat,
            segments: 64, bins: 80, binPS: binPS)
        let line = try #require(LinePeak(in: plane, reach: 6, bends: 5))
        #expect(abs(line.bendBins - Double(bend) * LinePeak.bendStep) <= LinePeak.bendStep)
        #expect(abs(line.positionPS - 60_000) <= binPS && line.sum > 1_800)
        #expect(OffsetZoom.bends(4e-7, length, binPS) == 1 && OffsetZoom.bends(4e-7, length / 10, binPS) == 0)
    }

    @Test("A share of a plane's tags is taken from the middle of each segment")
    func share() throws {
        let length: Int64 = 1_000_000_000
        let times = (0..<1_000).map { Int64($0) * 1_000_000 }
        let batch = TagBatch(times: times, channels: times.map { _ in 1 })
        let relation = ClockRelation(referencePS: 0, offsetPS: 0)
        let plane = DifferencePlane(
            try TagPair(alice: batch, bob: batch), weights: .plain, startPS: 0, durationPS: length,
            relation: relation, segments: 10, bins: 20, binPS: 1_000, share: 0.2)
        for segment in 0..<10 { #expect(plane.sums[segment * 20..<segment * 20 + 20].reduce(0, +) == 20) }
        #expect(plane.squares == 200)
    }

    @Test("The filter's covariance: what moving, walking and measuring do to it")
    func filter() {
        var filter = ClockFilter(offsetPS: 3, skew: 4, drift: 5)
        filter.move(seconds: 2, walk: 0)
        #expect(abs(filter.offsetVariance - (9 + 16 * 4 + 25 * 4)) < 1e-9)
        #expect(abs(filter.skewVariance - (16 + 25 * 4)) < 1e-9 && filter.driftVariance == 25)
        filter.move(seconds: -2, walk: 0)
        #expect(abs(filter.offsetVariance - 9) < 1e-9 && abs(filter.skewVariance - 16) < 1e-9)
        // One measurement of equal error halves the variance; it says nothing of what is not correlated.
        let change = filter.take(offsetPS: 10, error: 3, slopePS: 0, slopeError: .infinity)
        #expect(abs(change.offsetPS - 5) < 1e-9 && abs(change.skew) < 1e-9 && abs(filter.offsetVariance - 4.5) < 1e-9)
        let turn = filter.take(offsetPS: 0, error: 1e9, slopePS: 8, slopeError: 4)
        #expect(abs(turn.skew - 4) < 1e-9 && abs(filter.skewVariance - 8) < 1e-9)
        // The walk's own share grows with the fifth power of time.
        var walking = ClockFilter(offsetPS: 0, skew: 0, drift: 0)
        walking.move(seconds: 2, walk: 3)
        #expect(abs(walking.offsetVariance - 9 * 32 / 20) < 1e-9 && abs(walking.driftVariance - 18) < 1e-9)
    }
}
