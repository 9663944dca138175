import QKDCore
import QKDTimeTags
import Testing

@Suite struct ChunkedFileTests {
    /// Five chunks of twenty tags with a hole in the middle one.
    private func sample(_ path: String) throws -> [TagBatch] {
        let writer = try ChunkedWriter(path: path, notes: ["resolution_ps": "2000", "source": "a = b\nc"])
        var chunks: [TagBatch] = []
        for chunk in 0..<5 {
            var batch = TagBatch(
                times: (0..<20).map { Int64(chunk * 1_000 + $0 * 7 - 300) }, channels: (0..<20).map { UInt8($0 % 5) })
            if chunk == 2 { batch.holes = [TagHole(beforeIndex: 4, cause: .misalignment, afterPS: 77)] }
            try writer.append(batch)
            try writer.flush()
            chunks.append(batch)
        }
        try writer.finish()
        #expect(writer.counts.records == 5 && writer.counts.tags == 100)
        return chunks
    }

    private func joined(_ chunks: some Sequence<TagBatch>) -> TagBatch {
        chunks.reduce(into: TagBatch()) { $0.append($1) }
    }

    @Test func whole() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x"
        let chunks = try sample(path)
        let out = try ReadOut(path)
        #expect(out.tags == joined(chunks) && out.damage == nil)
        #expect(out.metadata.notes == ["resolution_ps": "2000", "source": "a = bc"])
        #expect(out.metadata.resolutionPS == 2_000)
    }

    /// Power fails after every byte: all whole chunks are there, and the loss is told.
    @Test func cutAnywhere() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x"
        let chunks = try sample(path)
        let bytes = try scratch.bytes(of: path)
        var seen = Set<Int>()
        for length in 1..<bytes.count {
            let cut = try scratch.file("cut", Array(bytes[..<length]))
            if length < 16 {
                #expect(failure { _ = try TagFileReader(path: cut, format: .chunked) }?.kind == .dataLoss)
                continue
            }
            guard let out = try? ReadOut(cut) else { continue }
            #expect(out.damage?.kind == .dataLoss, "\(length)")
            #expect(out.tags == joined(chunks[..<out.counts.records]))
            seen.insert(out.counts.records)
        }
        #expect(seen == Set(0...5))
    }

    /// One bit turned anywhere: told, and what is delivered is good.
    @Test func damageAnywhere() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x"
        let chunks = try sample(path)
        let bytes = try scratch.bytes(of: path)
        var random = TagTestRandom(state: 9)
        var partial = 0
        for position in 0..<bytes.count {
            var turned = bytes
            turned[position] ^= 1 << UInt8(random.next() % 8)
            let file = try scratch.file("turned", turned)
            guard let out = try? ReadOut(file, format: .chunked) else { continue }
            // The four bytes at a chunk header's end and their like carry nothing.
            if out.damage == nil {
                #expect(out.tags == joined(chunks))
                continue
            }
            let good = Set(chunks.flatMap(\.times))
            #expect(out.tags.times.allSatisfy { good.contains($0) })
            if out.tags.count == 80 {
                partial += 1
                #expect(out.tags.holes.contains { $0.cause == .damagedFile })
                #expect(
                    out.counts.illegal == 20 || out.counts.illegal == 0, "a chunk whose header is lost is not counted")
            }
        }
        #expect(partial > 5 * 180)
    }

    @Test func recordingsKeepTheirParts() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x"
        do {
            let writer = try ChunkedWriter(path: path, keepsPartial: true)
            try writer.append(TagBatch(times: [1, 2], channels: [1, 1]))
            try writer.flush()
            writer.abandon()
        }
        let out = try ReadOut(path)
        #expect(out.tags.times == [1, 2] && out.damage?.kind == .dataLoss)
        #expect(failure { _ = try ChunkedWriter(path: path, keepsPartial: true) }?.kind == .invalidInput)
        #expect(try ReadOut(path).tags.count == 2)
    }

    @Test func manyTagsMakeManyChunks() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x"
        let writer = try ChunkedWriter(path: path)
        let sent = TagBatch(
            times: (0..<150_000).map { Int64($0) * 3 }, channels: [UInt8](repeating: 9, count: 150_000),
            holes: [
                TagHole(beforeIndex: 70_000, cause: .silence, afterPS: 5),
                TagHole(beforeIndex: 150_000, cause: .silence, afterPS: 6),
            ])
        try writer.append(sent)
        try writer.finish()
        #expect(writer.counts.records == 10)
        #expect(try ReadOut(path).tags == sent)
    }
}
