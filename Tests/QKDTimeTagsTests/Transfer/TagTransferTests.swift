import QKDCore
import QKDTimeTags
import Testing

@Suite struct TagTransferTests {
    private func write(_ path: String, _ tags: TagBatch, _ format: TagFormat = .chunked) throws {
        let writer = try TagFileWriter.open(path: path, .init(format: format))
        try writer.append(tags)
        try writer.finish()
    }

    private func random(_ seed: UInt64, count: Int, disorderPS: UInt64 = 0) -> TagBatch {
        var random = TagTestRandom(state: seed)
        var time: Int64 = 10_000_000
        var batch = TagBatch()
        for _ in 0..<count {
            time += Int64(random.next() % 3_000)
            let late = disorderPS > 0 && random.next() % 9 == 0 ? Int64(random.next() % disorderPS) : 0
            batch.append(timePS: time - late, channel: UInt8(random.next() % 4 + 1))
        }
        return batch
    }

    @Test func mergingIsSortingTheUnion() throws {
        let scratch = try ScratchFolder()
        let parts = [random(1, count: 5_000), random(2, count: 3_000, disorderPS: 900_000), random(3, count: 1)]
        for (index, part) in parts.enumerated() { try write("\(scratch.path)/\(index)", part) }
        var sources = parts.indices.map { TagTransfer.Source(path: "\(scratch.path)/\($0)") }
        for index in sources.indices { sources[index].selection.channelOffset = UInt8(10 * index) }
        let outcome = try TagTransfer(sources: sources, options: .init(format: .chunked)).run(to: "\(scratch.path)/out")
        let all = parts.enumerated().flatMap { index, part in
            zip(part.times, part.channels).map { ($0, $1 + UInt8(10 * index)) }
        }
        let out = try ReadOut("\(scratch.path)/out")
        #expect(outcome.damage.isEmpty && outcome.late == 0 && outcome.reordered > 100)
        #expect(out.tags.times == all.map(\.0).sorted())
        #expect(
            zip(out.tags.times, out.tags.channels).map { "\($0) \($1)" }.sorted()
                == all.map { "\($0.0) \($0.1)" }.sorted())
    }

    @Test func equalTimesComeInTheOrderOfTheFiles() throws {
        let scratch = try ScratchFolder()
        try write("\(scratch.path)/a", TagBatch(times: [1, 5, 5, 9], channels: [1, 1, 2, 1]))
        try write("\(scratch.path)/b", TagBatch(times: [5, 9, 9], channels: [7, 7, 8]))
        let transfer = TagTransfer(
            sources: [.init(path: "\(scratch.path)/a"), .init(path: "\(scratch.path)/b")],
            options: .init(format: .chunked))
        _ = try transfer.run(to: "\(scratch.path)/out")
        #expect(try ReadOut("\(scratch.path)/out").tags.channels == [1, 1, 2, 7, 1, 7, 8])
    }

    @Test func cutting() throws {
        let scratch = try ScratchFolder()
        let tags = TagBatch(
            times: [100, 150, 200, 250, 300], channels: [1, 2, 1, 2, 1],
            holes: [TagHole(beforeIndex: 3, cause: .silence, afterPS: 200)])
        try write("\(scratch.path)/a", tags)
        var source = TagTransfer.Source(path: "\(scratch.path)/a")
        (source.selection.fromPS, source.selection.toPS) = (50, 200)
        source.selection.shiftPS = -1_000
        source.selection.channels = [1, 2]
        let outcome = try TagTransfer(sources: [source], options: .init(format: .chunked)).run(to: "\(scratch.path)/b")
        let out = try ReadOut("\(scratch.path)/b")
        #expect(out.tags.times == [-850, -800, -750] && outcome.leftOut == 2 && outcome.holes == 1)
        #expect(out.tags.holes == [TagHole(beforeIndex: 2, cause: .silence, afterPS: -800)])
        source.selection.shiftPS = .max
        let error = failure {
            _ = try TagTransfer(sources: [source], options: .init(format: .chunked)).run(to: "\(scratch.path)/c")
        }
        #expect(error?.kind == .outOfRange)
        #expect(scratch.names.sorted() == ["a", "b"])
    }

    @Test func renumbering() throws {
        let scratch = try ScratchFolder()
        try write("\(scratch.path)/a", TagBatch(times: [700, 900], channels: [0, 1]))
        var source = TagTransfer.Source(path: "\(scratch.path)/a")
        (source.selection.channelMap, source.selection.channelOffset) = ([0: 1, 1: 2], 5)
        (source.selection.rezeroes, source.selection.shiftPS) = (true, 3)
        _ = try TagTransfer(sources: [source], options: .init(format: .csv)).run(to: "\(scratch.path)/b")
        #expect(try ReadOut("\(scratch.path)/b").tags == TagBatch(times: [3, 203], channels: [6, 7]))
        source.selection.channelOffset = 254
        let error = failure {
            _ = try TagTransfer(sources: [source], options: .init(format: .csv)).run(to: "\(scratch.path)/c")
        }
        #expect(error?.kind == .outOfRange && error?.place?.field == "channel")
    }

    @Test func holesStayWhereTheyWereWhenSorted() throws {
        var reorderer = TagReorderer(windowPS: 100)
        var out = reorderer.add(
            TagBatch(
                times: [10, 5, 30], channels: [1, 2, 3], holes: [TagHole(beforeIndex: 2, cause: .silence, afterPS: 5)]))
        out.append(reorderer.add(TagBatch(times: [500], channels: [4])))
        out.append(reorderer.finish())
        #expect(out.times == [5, 10, 30, 500])
        #expect(out.holes == [TagHole(beforeIndex: 2, cause: .silence, afterPS: 5)])
    }

    @Test func aDamagedSourceIsCopiedUpToItsDamage() throws {
        let scratch = try ScratchFolder()
        let path = try scratch.file("a.csv", Array("time_ps,channel\n1,1\n2,2\nnonsense\n3,3\n".utf8))
        let transfer = TagTransfer(sources: [.init(path: path)], options: .init(format: .swabianDump))
        let outcome = try transfer.run(to: "\(scratch.path)/out")
        #expect(outcome.damage.map(\.place?.field) == ["line 4"])
        #expect(try ReadOut("\(scratch.path)/out", format: .swabianDump).tags.times == [1, 2])
    }

    @Test func disorderIsSortedOnRequest() throws {
        let scratch = try ScratchFolder()
        let tags = random(8, count: 2_000, disorderPS: 50_000)
        try write("\(scratch.path)/a", tags)
        var transfer = TagTransfer(sources: [.init(path: "\(scratch.path)/a")], options: .init(format: .tdc1Raw))
        let error = failure { _ = try transfer.run(to: "\(scratch.path)/b") }
        #expect(error?.message.contains("sort first") == true)
        transfer.sortWindowPS = 60_000
        #expect(try transfer.run(to: "\(scratch.path)/b").reordered > 50)
        #expect(try ReadOut("\(scratch.path)/b", format: .tdc1Raw).tags.count == tags.count)
    }
}
