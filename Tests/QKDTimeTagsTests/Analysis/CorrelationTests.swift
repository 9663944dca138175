import QKDCore
import Testing

@testable import QKDTimeTags

/// Random tags in time order, `meanStepPS` apart, on channels 0 to `channels` − 1.
func randomTags(_ count: Int, meanStepPS: UInt64, channels: UInt64 = 2, seed: UInt64, fromPS: Int64 = 0) -> TagBatch {
    var random = TagTestRandom(state: seed)
    var batch = TagBatch(capacity: count)
    var time = fromPS
    for _ in 0..<count {
        time += Int64(random.next() % (2 * meanStepPS + 1))
        batch.append(timePS: time, channel: UInt8(random.next() % channels))
    }
    return batch
}

/// The batch in pieces of random length, some of them empty.
func pieces(_ batch: TagBatch, seed: UInt64) -> [TagBatch] {
    var random = TagTestRandom(state: seed)
    var result: [TagBatch] = []
    var start = 0
    while start < batch.count {
        let end = min(batch.count, start + Int(random.next() % 97))
        result.append(TagBatch(times: Array(batch.times[start..<end]), channels: Array(batch.channels[start..<end])))
        start = end
    }
    return result
}

@Suite struct CorrelationTests {
    /// Every pair of tags, one by one.
    private func oracle(_ tags: TagBatch, _ a: UInt8, _ b: UInt8, _ options: CorrelationOptions) -> [Int] {
        var counts = [Int](repeating: 0, count: options.binCount)
        for i in 0..<tags.count where tags.channels[i] == a {
            for j in 0..<tags.count where tags.channels[j] == b && i != j {
                let difference = tags.times[j] - tags.times[i]
                if difference >= -options.rangePS, difference < options.rangePS {
                    counts[Int((difference + options.rangePS) / options.binWidthPS)] += 1
                }
            }
        }
        return counts
    }

    private func correlate(_ batches: [TagBatch], _ a: UInt8, _ b: UInt8, _ options: CorrelationOptions) throws
        -> CorrelationHistogram
    {
        var correlator = Correlator(a, b, options: options)
        for batch in batches { try correlator.add(batch) }
        return correlator.finish()
    }

    @Test(arguments: [(1_000, 1), (1_000, 7), (20_000, 64), (500_000, 100_000), (3, 3)] as [(Int64, Int64)])
    func equalsEveryPair(_ range: Int64, _ width: Int64) throws {
        let options = try CorrelationOptions(rangePS: range, binWidthPS: width)
        for seed in UInt64(1)...4 {
            // From hardly any pair in range to all of them; steps of zero (hits together) included.
            let tags = randomTags(
                400, meanStepPS: [0, 5, 900, 60_000][Int(seed) - 1], channels: 3, seed: seed, fromPS: -5_000)
            for (a, b) in [(0, 1), (1, 0), (0, 0), (2, 2), (0, 7)] as [(UInt8, UInt8)] {
                let expected = oracle(tags, a, b, options)
                let histogram = try correlate(pieces(tags, seed: seed), a, b, options)
                #expect(histogram.counts == expected, "seed \(seed), \(a) with \(b)")
                #expect(try correlate([tags], a, b, options) == histogram)
                #expect(histogram.tagsA == tags.channels.count { $0 == a })
                #expect(histogram.tagsB == tags.channels.count { $0 == b })
                #expect(histogram.isAutocorrelation == (a == b))
            }
        }
    }

    @Test func edgesOfTheRange() throws {
        let options = try CorrelationOptions(rangePS: 100, binWidthPS: 10)
        let tags = TagBatch(
            times: [0, 900, 999, 1_000, 1_001, 1_099, 1_100, 2_000], channels: [1, 1, 1, 0, 1, 1, 1, 1])
        let counts = try correlate([tags], 0, 1, options).counts
        // −100 is in, +100 is not; −1 lies in the bin left of zero.
        #expect(counts.indices.filter { counts[$0] > 0 } == [0, 9, 10, 19])
        #expect(counts.reduce(0, +) == 4)
        let histogram = try correlate([tags], 0, 1, options)
        #expect(histogram.firstEdgePS == -100 && histogram.centerPS(10) == 4.5)
        #expect(try CorrelationOptions(rangePS: 101, binWidthPS: 10).rangePS == 110)
    }

    @Test func disorderIsCountedAndLeftOut() throws {
        let options = try CorrelationOptions(rangePS: 100, binWidthPS: 10)
        let histogram = try correlate([TagBatch(times: [50, 40, 60], channels: [0, 1, 1])], 0, 1, options)
        #expect(histogram.disorderedTags == 1)
        #expect(histogram.counts.reduce(0, +) == 1 && histogram.tagsB == 1)
    }

    @Test func refusesWhatMemoryWouldNotHold() throws {
        for (range, width) in [
            (0, 1), (5, 10), (10, 0), (1 << 40, 1), (2 * 1_000_000 * Picoseconds.perSecond, Picoseconds.perSecond),
        ]
            as [(Int64, Int64)]
        {
            #expect(failure { _ = try CorrelationOptions(rangePS: range, binWidthPS: width) }?.kind == .outOfRange)
        }
        let options = try CorrelationOptions(rangePS: 1_000_000, binWidthPS: 1_000, maximumWindowTags: 100)
        var correlator = Correlator(0, 1, options: options)
        #expect(failure { try correlator.add(randomTags(500, meanStepPS: 10, seed: 1)) }?.kind == .outOfRange)
        // The window is what counts, not the length of the stream.
        var sparse = Correlator(0, 1, options: options)
        for batch in pieces(randomTags(20_000, meanStepPS: 100_000, seed: 1), seed: 1) { try sparse.add(batch) }
        #expect(sparse.finish().tagsA > 9_000)
        var far = Correlator(0, 1, options: options)
        #expect(failure { try far.add(TagBatch(times: [.max - 5], channels: [0])) }?.kind == .outOfRange)
    }

    /// Independent streams fill every bin alike, at the level that the rates give.
    @Test func accidentalLevel() throws {
        let options = try CorrelationOptions(rangePS: 100_000, binWidthPS: 1_000)
        var random = TagTestRandom(state: 8)
        let times = (0..<100_000).map { _ in Int64(random.next() % Picoseconds.perMillisecond.magnitude) }.sorted()
        let tags = TagBatch(times: times, channels: times.map { _ in UInt8(random.next() & 1) })
        let histogram = try correlate([tags], 0, 1, options)
        let expected = try #require(histogram.accidentalsPerBin)
        let mean = Double(histogram.counts.reduce(0, +)) / Double(histogram.counts.count)
        // 200 bins of about 2500 pairs; a tag takes part in 20 pairs of the range, which adds to the deviation of
        // the sum: σ² = pairs × (1 + 2 × 20 / 2).
        let pairs = expected * 200
        #expect(abs(mean - expected) < 5 * (pairs * 21).squareRoot() / 200)
        #expect(
            CorrelationHistogram(channelA: 0, channelB: 1, binWidthPS: 1, firstEdgePS: 0, counts: []).accidentalsPerBin
                == nil)
    }

    @Test func dividerIsExact() {
        var random = TagTestRandom(state: 4)
        let widths: [Int64] = [1, 2, 3, 5, 7, 10, 100, 1_000, 4_096, 999_983, 1 << 31, 1 << 40, 1_000_000_000_000]
        for width in widths {
            for limit in [width * 2, width * 1_000, 1 << 50, 1 << 60] where limit >= width {
                let divide = BinDivider(width: width, limit: limit)
                var values = (0..<50).map { _ in Int64(random.next() >> 1) % limit }
                for multiple in [1, 2, limit / width - 1, limit / width] {
                    values += [multiple * width - 1, multiple * width]
                }
                for value in values where value >= 0 && value < limit {
                    #expect(divide(value) == Int(value / width), "\(value) / \(width) below \(limit)")
                }
            }
        }
    }
}
