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

/// Files that are cut, empty, foreign or not files.
@Suite struct TagFileDamageTests {
    /// Cut at every byte: no crash, every whole record survives, and the loss is reported with its place.
    @Test func truncatedAtEveryByte() throws {
        let scratch = try ScratchFolder()
        let records: [UInt32] = [5, 1 << 25 | 9, 0xFE00_0001, 11, 0x8200_0003, 12]
        let times: [Int64] = [5, 9, 33_554_443, 33_554_444]
        var fixture = PTUFixture(records: records)
        fixture.add("Comment", 0x4001_FFFF, 8, payload: Array("a text".utf8) + [0, 0])
        let whole = fixture.bytes
        let start = fixture.header.count
        for length in 0..<whole.count {
            let path = try scratch.file("cut.ptu", Array(whole.prefix(length)))
            guard length >= start else {
                let error = try #require(failure { _ = try TagFileReader(path: path) }, "\(length)")
                #expect(error.kind == (length < 8 ? .invalidInput : .dataLoss))
                #expect((error.place?.byteOffset ?? .max) <= length)
                continue
            }
            let out = try ReadOut(path, batchRecords: 2)
            let good = (length - start) / 4
            #expect(out.counts.records == good)
            #expect(out.tags.times[...] == times.prefix(records.prefix(good).count { $0 >> 31 == 0 }))
            let damage = try #require(out.damage)
            #expect(damage.kind == .dataLoss)
            #expect(damage.place?.byteOffset == start + good * 4)
            #expect(damage.message.contains("\(good) whole records"))
        }
        #expect(try ReadOut(try scratch.file("whole.ptu", whole)).damage == nil)
    }

    @Test func statedNumberOfRecords() throws {
        let scratch = try ScratchFolder()
        let unfinished = try ReadOut(try scratch.file("a.ptu", PTUFixture(stated: 0, records: [1, 2, 3]).bytes))
        #expect(
            unfinished.tags.times == [1, 2, 3] && unfinished.damage == nil && unfinished.metadata.statedRecords == nil)
        let few = PTUFixture(stated: 5, records: [1, 2, 3])
        let short = try ReadOut(try scratch.file("b.ptu", few.bytes))
        #expect(short.tags.times == [1, 2, 3])
        #expect(short.damage?.kind == .dataLoss && short.damage?.place?.field == "TTResult_NumberOfRecords")
        #expect(short.damage?.place?.byteOffset == few.bytes.count)
        let many = PTUFixture(stated: 2, records: [1, 2, 3])
        let long = try ReadOut(try scratch.file("c.ptu", many.bytes))
        #expect(long.tags.times == [1, 2])
        #expect(long.damage?.kind == .invalidInput && long.damage?.place?.byteOffset == many.header.count + 8)
        let none = try ReadOut(try scratch.file("d.ptu", PTUFixture(stated: 0).bytes))
        #expect(none.tags.isEmpty && none.damage == nil && none.batches == 0)
    }

    @Test func cutA1Event() throws {
        let scratch = try ScratchFolder()
        let bytes = (0..<9).flatMap { littleEndian(UInt64($0 + 1) << 30 | 1) }
        let out = try ReadOut(try scratch.file("a.a1", bytes + [1, 2, 3]), batchRecords: 4)
        #expect(out.tags.count == 9 && out.batches == 3)
        #expect(out.damage?.kind == .dataLoss && out.damage?.place?.byteOffset == 72)
    }

    @Test func whatIsNotAFile() throws {
        let scratch = try ScratchFolder()
        let absent = try #require(failure { _ = try TagFileReader(path: "\(scratch.path)/absent") })
        #expect(absent.kind == .absent && absent.code == ENOENT && absent.place?.source == "\(scratch.path)/absent")
        let folder = try #require(failure { _ = try TagFileReader(path: scratch.path) })
        #expect(folder.kind == .invalidInput && folder.code == EISDIR)
        let below = try scratch.file("file", [1])
        #expect(failure { _ = try TagFileReader(path: "\(below)/x") }?.kind == .absent)
        let empty = try scratch.file("empty", [])
        for format in [nil] + TagFormat.all.map(Optional.some) {
            let error = try #require(failure { _ = try TagFileReader(path: empty, format: format) })
            #expect(error.place?.byteOffset == 0)
            #expect(error.kind == .invalidInput && error.message.contains("empty"))
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func noPermission() throws {
        let scratch = try ScratchFolder()
        let path = try scratch.file("closed.ptu", PTUFixture().bytes)
        try #require(chmod(path, 0) == 0)
        #expect(failure { _ = try TagFileReader(path: path) }?.kind == .permissionDenied)
    }

    @Test func foreignFormatsAreNamed() throws {
        let scratch = try ScratchFolder()
        let foreign: [(String, [UInt8], String)] = [
            ("pt2", Array("PicoHarp 300\0\0\0\0".utf8), "before PTU"),
            ("thd", Array("TimeHarp 260\0\0\0\0".utf8), "before PTU"),
        ]
        for (name, bytes, word) in foreign {
            let error = try #require(failure { _ = try TagFileReader(path: try scratch.file(name, bytes)) })
            #expect(error.kind == .unsupported && error.message.contains(word))
        }
        let text = try scratch.file("text", Array("time,channel\n1,2\n3,4\n5,6\n7,8\n9,10\n11,12\n".utf8))
        #expect(failure { _ = try TagFileReader(path: text) }?.kind == .invalidInput)
        // Named as PTU, the magic number still has the last word.
        let wrong = try #require(failure { _ = try TagFileReader(path: text, format: .picoQuantPTU) })
        #expect(wrong.kind == .invalidInput && wrong.place == .init(text, byteOffset: 0, field: "magic"))
    }

    /// Random bytes, bare and behind a good header, in every format: an error or tags, never a crash.
    @Test func garbage() throws {
        let scratch = try ScratchFolder()
        var random = TagTestRandom(state: 2_026)
        var refused = 0
        for round in 0..<60 {
            let noise = random.bytes(round * 13 + 1)
            let bare = try scratch.file("noise", noise)
            if failure({ _ = try TagFileReader(path: bare) }) != nil { refused += 1 }
            for format in TagFormat.all {
                guard let out = try? ReadOut(bare, format: format, batchRecords: 3) else { continue }
                #expect(out.tags.count == out.counts.tags)
                guard case .qcrypto(.a1, _) = format else { continue }
                #expect(out.counts.records == noise.count / 8)
                #expect((out.damage == nil) == (noise.count % 8 == 0))
            }
            for type in PTURecordType.allCases {
                var fixture = PTUFixture(type, stated: 0)
                if !type.isT2 { fixture.add("MeasDesc_Resolution", 0x2000_0008, (1e-12).bitPattern) }
                let out = try ReadOut(try scratch.file("body", fixture.bytes + noise), specials: .asChannels)
                #expect(out.counts.records <= noise.count / 4)
                #expect(out.tags.count == out.counts.tags)
            }
            // A header with one byte turned.
            var broken = PTUFixture(records: [1, 2, 3]).bytes
            broken[Int(random.next() % UInt64(broken.count))] ^= UInt8(truncatingIfNeeded: random.next() | 1)
            if let path = try? scratch.file("broken", broken), let reader = try? TagFileReader(path: path) {
                #expect(reader.metadata.recordBytes > 0)
                while let batch = try? reader.nextBatch() { #expect(batch.count <= 12) }
            }
        }
        #expect(refused == 60)
    }
}
