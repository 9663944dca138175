import QKDCore
import QKDTimeTags
import Testing

@Suite struct TagFileAnalysisTests {
    /// A PTU file of these times and inputs, in ticks of 1 ps.
    private func records(_ tags: TagBatch) -> [UInt32] {
        var records: [UInt32] = []
        var wraps: Int64 = 0
        for index in 0..<tags.count {
            while tags.times[index] >> 25 > wraps {
                records.append(0xFE00_0001)
                wraps += 1
            }
            records.append(UInt32(tags.channels[index]) << 25 | UInt32(tags.times[index] & 0x1FF_FFFF))
        }
        return records
    }

    @Test func entryPointsAgreeWithTheirParts() throws {
        let scratch = try ScratchFolder()
        let tags = randomTags(5_000, meanStepPS: 300_000, channels: 3, seed: 14)
        let path = try scratch.file("a.ptu", PTUFixture(records: records(tags)).bytes)
        let summary = try TagFile.summary(path: path)
        #expect(summary.damage == nil && summary.value.tags == 5_000 && summary.counts.wraps > 10)
        #expect(summary.value.earliestPS == tags.times.first && summary.value.latestPS == tags.times.last)
        let trace = try TagFile.rateTrace(path: path, binWidthPS: 1_000_000)
        #expect(trace.value.total.reduce(0, +) == 5_000)
        let intervals = try TagFile.intervals(path: path, .sameChannel(2), binWidthPS: 1_000, binCount: 100)
        #expect(intervals.value.total == tags.channels.count { $0 == 2 } - 1)
        #expect(TagFile.allPairs([3, 1, 2, 1]).map { [$0.0, $0.1] } == [[1, 2], [1, 3], [2, 3]])
        let options = try CorrelationOptions(rangePS: 2_000_000, binWidthPS: 1_000)
        let pairs = TagFile.allPairs([0, 1, 2]) + [(0, 0)]
        let correlations = try TagFile.correlations(path: path, pairs: pairs, options: options)
        for (pair, histogram) in zip(pairs, correlations.value) {
            var correlator = Correlator(pair.0, pair.1, options: options)
            try correlator.add(tags)
            #expect(histogram == correlator.finish())
        }
    }

    /// A damaged file still gives the result of its good part, and says so.
    @Test func damageIsReturnedBesideTheResult() throws {
        let scratch = try ScratchFolder()
        let tags = randomTags(100, meanStepPS: 1_000, seed: 15)
        let path = try scratch.file("a.ptu", PTUFixture(records: records(tags)).bytes.dropLast(6))
        let summary = try TagFile.summary(path: path)
        #expect(summary.value.tags == 98)
        #expect(summary.damage?.kind == .dataLoss)
        let intervals = try TagFile.intervals(path: path, binWidthPS: 10, binCount: 1_000)
        #expect(intervals.value.total == 97 && intervals.damage == summary.damage)
    }

    @Test func disorderInAFile() throws {
        let scratch = try ScratchFolder()
        let tags = TagBatch(times: [5_000, 4_000, 9_000_000, 6_000], channels: [0, 1, 0, 1])
        let path = try scratch.file(
            "a.ptu",
            PTUFixture(records: tags.times.indices.map { UInt32(tags.channels[$0]) << 25 | UInt32(tags.times[$0]) })
                .bytes)
        #expect(try TagFile.summary(path: path).value.inversions == 2)
        let options = try CorrelationOptions(rangePS: 2_000, binWidthPS: 1_000)
        // A batch is put in order as a whole, whatever the window; see the reorderer's own tests for late tags.
        let ordered = try TagFile.correlations(path: path, pairs: [(0, 1)], options: options, reorderWindowPS: 0)
        #expect(ordered.value[0].counts == [0, 1, 0, 1] && ordered.reorderedTags == 2 && ordered.lateTags == 0)
    }

    @Test func stopsWhenTheTaskIsCancelled() async throws {
        let scratch = try ScratchFolder()
        let path = try scratch.file("a.ptu", PTUFixture(records: [1, 2, 3]).bytes)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return failure { _ = try TagFile.summary(path: path) }
        }
        #expect(await task.value?.kind == .interrupted)
    }
}
