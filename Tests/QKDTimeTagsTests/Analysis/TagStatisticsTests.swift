import QKDCore
@testable import QKDTimeTags
import Testing

@Suite struct TagStatisticsTests {
    @Test func summaryOfKnownTags() throws {
        var builder = TagSummaryBuilder()
        #expect(builder.summary == TagSummary())
        builder.add(TagBatch(times: [100, 100, 300], channels: [1, 2, 1]))
        builder.add(TagBatch())
        // One back by 200 right at the seam, a repeated hit, and one back by 50.
        var second = TagBatch(times: [100, 500, 500, 450, 1_000_000_000_100], channels: [2, 3, 3, 1, 1])
        second.holes = [TagHole(beforeIndex: 2, cause: .silence, afterPS: nil)]
        builder.add(second)
        let summary = builder.summary
        #expect(summary.tags == 8)
        #expect(summary.channels.map(\.channel) == [1, 2, 3])
        #expect(summary.channels.map(\.tags) == [4, 2, 2])
        #expect(summary.channels.map(\.duplicates) == [0, 1, 1] && summary.duplicates == 2)
        #expect(summary.channels.map(\.firstPS) == [100, 100, 500])
        #expect(summary.channels.map(\.lastPS) == [1_000_000_000_100, 100, 500])
        #expect(summary.inversions == 2 && summary.largestInversionPS == 200)
        #expect(summary.coincidentTags == 1)
        #expect(summary.holes == 1)
        #expect(summary.earliestPS == 100 && summary.durationPS == Picoseconds.perSecond)
        #expect(
            summary.ratePerSecond() == 8 && summary.ratePerSecond(channel: 2) == 2
                && summary.ratePerSecond(channel: 9) == 0)
        #expect(TagSummary().ratePerSecond() == nil)
    }

    /// The same however the stream is cut into batches.
    @Test func cutsDoNotMatter() throws {
        var tags = randomTags(3_000, meanStepPS: 2, channels: 4, seed: 6)
        for index in stride(from: 5, to: 3_000, by: 50) { tags.times.swapAt(index, index - 3) }
        var whole = TagSummaryBuilder()
        whole.add(tags)
        var rate = try RateTrace(binWidthPS: 16, maximumBins: 40)
        rate.add(tags)
        var parts = TagSummaryBuilder()
        var partRate = try RateTrace(binWidthPS: 16, maximumBins: 40)
        var intervals = try IntervalHistogram(binWidthPS: 1, binCount: 4)
        var wholeIntervals = intervals
        wholeIntervals.add(tags)
        for batch in pieces(tags, seed: 3) {
            parts.add(batch)
            partRate.add(batch)
            intervals.add(batch)
        }
        #expect(parts.summary == whole.summary)
        #expect(whole.summary.inversions > 0)
        #expect(partRate.countsByChannel == rate.countsByChannel && partRate.binWidthPS == rate.binWidthPS)
        #expect(intervals.counts == wholeIntervals.counts && intervals.longer == wholeIntervals.longer)
        #expect(intervals.inversions == whole.summary.inversions)
        #expect(intervals.total + intervals.inversions == tags.count - 1)
    }

    /// Counts by looking at each tag, for streams in order, with hits that fall together, and with a step back here
    /// and there.
    @Test(arguments: [0, 1, 7, 400] as [Int])
    func summaryAgreesWithCounting(inversionEvery: Int) {
        for meanStepPS in [0, 1, 40] as [UInt64] {
            var tags = randomTags(4_000, meanStepPS: meanStepPS, channels: 5, seed: meanStepPS + 9)
            if inversionEvery > 0 {
                for index in stride(from: 3, to: tags.count, by: inversionEvery * 10) {
                    tags.times.swapAt(index, index - 3)
                }
            }
            for size in [4_000, 333, 50, 1] {
                var builder = TagSummaryBuilder()
                for start in stride(from: 0, to: tags.count, by: size) {
                    let range = start..<min(start + size, tags.count)
                    builder.add(TagBatch(times: Array(tags.times[range]), channels: Array(tags.channels[range])))
                }
                let isSame = builder.summary == Self.counted(tags)
                #expect(isSame, "steps of \(meanStepPS) ps, batches of \(size)")
            }
        }
    }

    private static func counted(_ tags: TagBatch) -> TagSummary {
        var summary = TagSummary()
        var last: [UInt8: Int64] = [:]
        var channels: [UInt8: TagSummary.Channel] = [:]
        for (index, (time, channel)) in zip(tags.times, tags.channels).enumerated() {
            let before = index > 0 ? tags.times[index - 1] : nil
            let repeats = last[channel] == time
            if let before, time < before {
                summary.inversions += 1
                summary.largestInversionPS = max(summary.largestInversionPS, before - time)
            }
            if time == before, !repeats { summary.coincidentTags += 1 }
            var entry =
                channels[channel]
                ?? TagSummary.Channel(channel: channel, tags: 0, duplicates: 0, firstPS: time, lastPS: time)
            entry.tags += 1
            entry.duplicates += repeats ? 1 : 0
            entry.lastPS = time
            channels[channel] = entry
            last[channel] = time
        }
        summary.tags = tags.count
        summary.earliestPS = tags.times.min()
        summary.latestPS = tags.times.max()
        summary.channels = channels.values.sorted { $0.channel < $1.channel }
        return summary
    }

    @Test func rateTraceMergesBins() throws {
        var trace = try RateTrace(binWidthPS: 10, maximumBins: 4)
        trace.add(TagBatch(times: [1_000, 1_009, 1_010, 1_039, 990], channels: [1, 1, 2, 1, 1]))
        #expect(trace.originPS == 1_000 && trace.binWidthPS == 10 && trace.tagsBeforeOrigin == 1)
        #expect(trace.countsByChannel == [1: [2, 0, 0, 1], 2: [0, 1, 0, 0]])
        #expect(trace.total == [2, 1, 0, 1])
        trace.add(TagBatch(times: [1_040], channels: [2]))
        #expect(trace.binWidthPS == 20)
        #expect(trace.countsByChannel == [1: [2, 1, 0], 2: [1, 0, 1]])
        // A jump by a day doubles the width many times and loses no count.
        trace.add(TagBatch(times: [86_400 * Picoseconds.perSecond], channels: [7]))
        #expect(trace.total.reduce(0, +) == 6 && trace.binCount <= 4)
        #expect(failure { _ = try RateTrace(binWidthPS: 0) }?.kind == .outOfRange)
    }

    @Test func intervalSelections() throws {
        let tags = TagBatch(times: [0, 3, 10, 12, 30, 31, 100], channels: [1, 2, 1, 1, 2, 2, 1])
        func histogram(_ selection: IntervalHistogram.Selection, holes: [Int] = []) throws -> IntervalHistogram {
            var histogram = try IntervalHistogram(selection, binWidthPS: 5, binCount: 4)
            var batch = tags
            batch.holes = holes.map { TagHole(beforeIndex: $0, cause: .silence, afterPS: nil) }
            histogram.add(batch)
            return histogram
        }
        let all = try histogram(.consecutive)
        #expect(all.counts == [3, 1, 0, 1] && all.longer == 1)
        #expect(all.shortestPS == 1 && all.longestPS == 69 && all.meanPS == 100.0 / 6)
        #expect(try histogram(.sameChannel(1)).counts == [1, 0, 1, 0])
        #expect(try histogram(.sameChannel(1)).longer == 1)
        // 0→3 and 12→30: each start stops once, from the latest start.
        #expect(try histogram(.startStop(start: 1, stop: 2)).counts == [1, 0, 0, 1])
        #expect(try histogram(.consecutive, holes: [2, 7]).total == 5)
        var cut = try histogram(.consecutive, holes: [7])
        cut.add(TagBatch(times: [101], channels: [1]))
        #expect(cut.total == 6)
        #expect(try IntervalHistogram(binWidthPS: 1, binCount: 1).meanPS == nil)
        #expect(failure { _ = try IntervalHistogram(binWidthPS: 1, binCount: 0) }?.kind == .outOfRange)
        #expect(failure { _ = try IntervalHistogram(binWidthPS: 1, binCount: 1 << 40) }?.kind == .outOfRange)
    }

    @Test(arguments: [0, 1, 40, 5_000] as [Int64])
    func reorderer(_ window: Int64) throws {
        // Shuffled within 40 ps at most.
        var random = TagTestRandom(state: 77)
        let sorted = randomTags(4_000, meanStepPS: 6, channels: 5, seed: 21)
        let order = sorted.times.indices.map { (key: sorted.times[$0] + Int64(random.next() % 41), index: $0) }.sorted {
            $0 < $1
        }
        let shuffled = TagBatch(
            times: order.map { sorted.times[$0.index] }, channels: order.map { sorted.channels[$0.index] })
        var reorderer = TagReorderer(windowPS: window)
        var out = TagBatch()
        for batch in pieces(shuffled, seed: 2) { out.append(reorderer.add(batch)) }
        out.append(reorderer.finish())
        #expect(zip(out.times, out.times.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(out.count + reorderer.lateTags == sorted.count)
        #expect((reorderer.lateTags == 0) == (window >= 40))
        if window >= 40 {
            #expect(out.times == sorted.times)
            #expect(reorderer.reorderedTags > 100)
        }
    }

    @Test func reordererLetsSortedTagsThrough() {
        let sorted = randomTags(1_000, meanStepPS: 3, seed: 4)
        var reorderer = TagReorderer(windowPS: 0)
        #expect(reorderer.add(sorted) == sorted)
        #expect(reorderer.finish().isEmpty && reorderer.reorderedTags == 0 && reorderer.lateTags == 0)
    }
}
