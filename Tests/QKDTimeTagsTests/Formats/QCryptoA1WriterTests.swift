import QKDCore
import QKDTimeTags
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct QCryptoWriterTests {
    static let layouts = QCryptoLayout.WordOrder.allCases.flatMap { order in
        QCryptoLayout.TimeUnit.allCases.map { QCryptoLayout(unit: $0, wordOrder: order) }
    }

    private func random(_ count: Int, stepPS: UInt64, seed: UInt64 = 5) -> TagBatch {
        var random = TagTestRandom(state: seed)
        var batch = TagBatch()
        var time: Int64 = 1_000_000
        for _ in 0..<count {
            time += Int64(random.next() % stepPS)
            batch.append(timePS: time, channel: UInt8(random.next() & 3) + 1)
        }
        return batch
    }

    @Test func bytesOfTheVectors() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x.a1"
        let writer = try QCryptoWriter(path: path, layout: .init(unit: .ns2))
        try writer.append(TagBatch(times: [1_000_000], channels: [1]))
        try writer.finish()
        #expect(try scratch.bytes(of: path) == [0x01, 0x00, 0xA0, 0x0F, 0, 0, 0, 0])
        let swapped = try QCryptoWriter(path: path, layout: .init(wordOrder: .swapped))
        try swapped.append(TagBatch(times: [65_333_011_796_794_137], channels: [1]))
        try swapped.finish()
        // The card's extra bits 9…5 are not ours to write: 0x4CE88F21 becomes 0x4CE88C01.
        #expect(try scratch.bytes(of: path) == [0xD7, 0x1B, 0xAE, 0xED, 0x01, 0x8C, 0xE8, 0x4C])
    }

    /// What was written is read again, to within half a unit, in order, channel by channel.
    @Test(arguments: layouts)
    func roundTrip(_ layout: QCryptoLayout) throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x.a1"
        let tags = random(20_000, stepPS: 40_000)
        let writer = try QCryptoWriter(path: path, layout: layout)
        for start in stride(from: 0, to: tags.count, by: 777) {
            let range = start..<min(start + 777, tags.count)
            try writer.append(TagBatch(times: Array(tags.times[range]), channels: Array(tags.channels[range])))
        }
        try writer.finish()
        let out = try ReadOut(path, format: .qcrypto(.a1, layout))
        #expect(out.damage == nil)
        #expect(out.tags.count == tags.count && writer.counts.tags == tags.count)
        #expect(out.counts.records == writer.counts.records)
        #expect(writer.counts.records + out.counts.multiHitRecords <= tags.count)
        // Inside an event channels rise, so compare times by place and channels by number.
        let limit = Int64(layout.unit.resolutionPS / 2) + 1
        #expect(zip(out.tags.times, tags.times).allSatisfy { abs($0 - $1) <= limit })
        for channel in UInt8(1)...4 {
            #expect(out.tags.channels.count { $0 == channel } == tags.channels.count { $0 == channel })
        }
        #expect(try ReadOut(path).metadata.format == .qcrypto(.a1, layout))
        // Written once more, what was read comes back exactly.
        let again = try QCryptoWriter(path: "\(scratch.path)/y.a1", layout: layout)
        try again.append(out.tags)
        try again.finish()
        #expect(try scratch.bytes(of: "\(scratch.path)/y.a1") == scratch.bytes(of: path))
    }

    @Test func sharesAnEventOnlyAcrossChannels() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x.a1"
        let writer = try QCryptoWriter(path: path, layout: .init(unit: .ns2))
        var batch = TagBatch(times: [2_000, 2_100, 2_200, 2_300, 8_000, 6_000], channels: [1, 4, 4, 2, 3, 3])
        batch.holes = [TagHole(beforeIndex: 4, cause: .silence, afterPS: 2_300)]
        try writer.append(batch)
        try writer.finish()
        let out = try ReadOut(path, format: .qcrypto(.a1, .init(unit: .ns2)))
        #expect(out.tags.times == [2_000, 2_000, 2_000, 2_000, 8_000, 6_000])
        #expect(out.tags.channels == [1, 4, 2, 4, 3, 3])
        var counts = TagWriteCounts()
        (counts.records, counts.tags, counts.inversions, counts.unmarkedHoles) = (4, 6, 1, 1)
        #expect(writer.counts == counts)
    }

    @Test func refusesWhatDoesNotFit() throws {
        let scratch = try ScratchFolder()
        for layout in Self.layouts {
            let writer = try QCryptoWriter(path: "\(scratch.path)/x.a1", layout: layout)
            let end: Int64 = (1 << 46) * 1_000
            for (time, channel) in [(-1, 1), (end, 1), (end - 1, 1), (.max, 1), (5, 0), (5, 5)] as [(Int64, UInt8)] {
                let error = failure { try writer.append(TagBatch(times: [time], channels: [channel])) }
                #expect(error?.kind == .outOfRange, "\(time) \(channel)")
            }
            try writer.append(TagBatch(times: [end - 2_000], channels: [4]))
            #expect(writer.counts.tags == 1)
        }
    }

    /// The name appears only with `finish`, with the asked permissions; otherwise nothing stays.
    @Test func appearsWhole() throws {
        let scratch = try ScratchFolder()
        let path = try scratch.file("x.a1", [1, 2, 3])
        do {
            let writer = try QCryptoWriter(path: path)
            try writer.append(random(100_000, stepPS: 1_000))
            #expect(scratch.names.count == 2)
            #expect(try scratch.bytes(of: path) == [1, 2, 3])
        }
        #expect(scratch.names == ["x.a1"])
        let abandoned = try QCryptoWriter(path: path)
        abandoned.abandon()
        #expect(scratch.names == ["x.a1"])
        #expect(failure { try abandoned.finish() }?.kind == .io)
        for mode: UInt32 in [0o600, 0o644] {
            let writer = try QCryptoWriter(path: path, mode: mode)
            try writer.append(TagBatch(times: [1_000], channels: [2]))
            try writer.finish()
            var status = stat()
            try #require(stat(path, &status) == 0)
            #expect(UInt32(status.st_mode) & 0o777 == mode)
            #expect(try scratch.bytes(of: path).count == 8)
        }
        #expect(scratch.names == ["x.a1"])
        #expect(failure { _ = try QCryptoWriter(path: "\(scratch.path)/no/x.a1") }?.kind == .absent)
    }
}
