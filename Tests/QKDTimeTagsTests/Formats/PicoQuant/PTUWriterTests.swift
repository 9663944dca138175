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

/// Makes PTU files whose bytes do not depend on the day.
enum PTUWriting {
    /// 2026-01-02 03:04:05 UTC.
    static let created = 1_767_323_045.0

    static func options(
        _ type: PTURecordType, resolutionPS: Double = 1, syncPeriodPS: Double? = nil
    ) -> PTUWriteOptions {
        PTUWriteOptions(
            type, resolutionPS: resolutionPS, syncPeriodPS: syncPeriodPS ?? (type.isT2 ? nil : 4_000),
            creationUnixSeconds: created)
    }

    /// Writes a file, batch by batch, and returns what the writer counted.
    @discardableResult
    static func write(
        _ tags: TagBatch, to path: String, _ options: PTUWriteOptions, batch size: Int = .max
    ) throws -> TagWriteCounts {
        let writer = try PTUWriter(path: path, options: options)
        for start in stride(from: 0, to: tags.count, by: min(size, max(tags.count, 1))) {
            let range = start..<min(start + min(size, tags.count), tags.count)
            try writer.append(TagBatch(times: Array(tags.times[range]), channels: Array(tags.channels[range])))
        }
        try writer.finish()
        return writer.counts
    }

    /// The records of a file, as words.
    static func records(_ bytes: [UInt8], from offset: Int) -> [UInt32] {
        stride(from: offset, to: bytes.count, by: 4).map { at in
            (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[at + $1]) }
        }
    }
}

@Suite struct PTUWriterTests {
    /// The records of tags, as a file holds them behind a header that ends where it should.
    private func records(_ tags: [(Int64, UInt8)], _ options: PTUWriteOptions) throws -> [UInt32] {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x.ptu"
        let counts = try PTUWriting.write(
            TagBatch(times: tags.map(\.0), channels: tags.map(\.1)), to: path, options)
        let out = try ReadOut(path)
        let words = PTUWriting.records(try scratch.bytes(of: path), from: out.metadata.dataOffsetBytes)
        #expect(out.damage == nil && counts.records == words.count && out.counts.records == words.count)
        #expect(counts.tags == tags.count)
        return words
    }

    /// The vectors of PicoQuant's layouts, now the other way.
    @Test func bytesOfTheVectors() throws {
        let pico = PTUWriting.options(.picoHarp300T2, resolutionPS: 4)
        #expect(
            try records([(4_000, 1), ((210_698_240 + 1_613) * 4, 65), ((210_698_240 + 1_613) * 4, 0)], pico)
                == [0x1000_03E8, 0xF000_0000, 0xF000_0641, 0x0000_064D])
        let hydra: [(Int64, UInt8)] = [(5, 64), (7, 65), (1_000, 0), (3 << 25, 63)]
        #expect(
            try records(hydra, PTUWriting.options(.hydraHarp2T2))
                == [0x8000_0005, 0x8200_0007, 0x0000_03E8, 0xFE00_0003, 0x7E00_0000])
        // 3 · 2^25 is 3 · 33,552,000 + 7,296.
        #expect(
            try records(hydra, PTUWriting.options(.hydraHarp1T2))
                == [0x8000_0005, 0x8200_0007, 0x0000_03E8, 0xFE00_0000, 0xFE00_0000, 0xFE00_0000, 0x7E00_1C80])
        let t3: [(Int64, UInt8)] = [
            (56 * 12_500 + 1_234 * 4, 0), ((2 * 1_024 + 9) * 12_500 + 77, 68), ((2 * 1_024 + 9) * 12_500 + 77, 1),
        ]
        #expect(
            try records(t3, PTUWriting.options(.genericT3, resolutionPS: 4, syncPeriodPS: 12_500))
                == [0x0013_4838, 0xFE00_0002, 0x8800_0009, 0x0200_4C09])
        #expect(
            try records(t3, PTUWriting.options(.hydraHarp1T3, resolutionPS: 4, syncPeriodPS: 12_500))
                == [0x0013_4838, 0xFE00_0000, 0xFE00_0000, 0x8800_0009, 0x0200_4C09])
        #expect(
            try records(
                [(1_000 * 12_500 + 20, 1), (65_543 * 12_500, 67), (65_543 * 12_500 + 4_095 * 4 / 2, 4)],
                PTUWriting.options(.picoHarp300T3, resolutionPS: 4, syncPeriodPS: 12_500))
                == [0x1005_03E8, 0xF000_0000, 0xF003_0007, 0x4800_0007])
    }

    @Test func header() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x.ptu"
        var options = PTUWriting.options(.picoHarp300T3, resolutionPS: 4, syncPeriodPS: 12_500)
        (options.creatorName, options.creatorVersion, options.comment) = ("a name", "2.0", "12 µm, 3 €")
        let tags = TagBatch(times: [2_000_000_001], channels: [3])
        try PTUWriting.write(tags, to: path, options)
        let read = try ReadOut(path)
        #expect(read.tags == TagBatch(times: [2_000_000_000], channels: [3]))
        func value(_ name: String) -> PTUTag.Value? {
            read.metadata.headerTags.first { $0.name == name }?.value
        }
        #expect(value("CreatorSW_Name") == .text("a name") && value("CreatorSW_Version") == .text("2.0"))
        #expect(value("File_Comment") == .text("12 µm, 3 €"))
        #expect(value("HW_Type") == .text("PicoHarp 300"))
        #expect(value("Measurement_Mode") == .integer(3) && value("Measurement_SubMode") == .integer(1))
        #expect(value("MeasDesc_GlobalResolution") == .double(12.5e-9))
        #expect(value("MeasDesc_Resolution") == .double(4e-12))
        #expect(value("MeasDesc_AcquisitionTime") == .integer(3))
        #expect(value("TTResult_SyncRate") == .integer(80_000_000))
        #expect(value("TTResultFormat_BitsPerRecord") == .integer(32))
        #expect(value("TTResult_NumberOfRecords") == .integer(Int64(read.counts.records)))
        #expect(read.metadata.statedRecords == read.counts.records && read.counts.records == 3)
        let created = try #require(value("File_CreatingTime")?.unixSeconds)
        #expect(abs(created - PTUWriting.created) < 1e-5)
        #expect(read.metadata.headerTags.allSatisfy { $0.byteOffset % 8 == 0 })
        guard case .text(let guid) = value("File_GUID") else {
            Issue.record("no identifier")
            return
        }
        #expect(guid.utf8.count == 38 && guid.hasPrefix("{") && guid.hasSuffix("}"))
        #expect(guid.split(separator: "-").map(\.count) == [9, 4, 4, 4, 13])
        // Version 8, variant 10.
        let digits = Array(guid)
        #expect(digits[15] == "8" && "89ab".contains(digits[20]))
        // The same file again is the same; another tag makes another identifier.
        let bytes = try scratch.bytes(of: path)
        try PTUWriting.write(tags, to: path, options)
        #expect(try scratch.bytes(of: path) == bytes)
        try PTUWriting.write(TagBatch(times: [2_000_000_000], channels: [4]), to: path, options)
        #expect(try ReadOut(path).metadata.headerTags.first?.value != .text(guid))
        #expect(PTUWriteOptions.now > 1.6e9)
    }

    @Test func refusesOptionsThatMakeNoFile() throws {
        let scratch = try ScratchFolder()
        let bad: [(PTUWriteOptions, String, QKDError.Kind)] = [
            (.init(.genericT2, resolutionPS: 0.5), "resolutionPS", .outOfRange),
            (.init(.genericT2, resolutionPS: .nan), "resolutionPS", .outOfRange),
            (.init(.genericT2, resolutionPS: 1e10), "resolutionPS", .outOfRange),
            (.init(.genericT2, syncPeriodPS: 1_000), "syncPeriodPS", .invalidInput),
            (.init(.genericT3), "syncPeriodPS", .invalidInput),
            (.init(.genericT3, resolutionPS: 4, syncPeriodPS: 3), "syncPeriodPS", .outOfRange),
            (.init(.genericT3, syncPeriodPS: 2e12), "syncPeriodPS", .outOfRange),
            (.init(.genericT2, creationUnixSeconds: .infinity), "creationUnixSeconds", .outOfRange),
        ]
        for (options, field, kind) in bad {
            let error = failure { _ = try PTUWriter(path: "\(scratch.path)/x.ptu", options: options) }
            #expect(error?.kind == kind && error?.place == .init("\(scratch.path)/x.ptu", field: field), "\(options)")
        }
        #expect(scratch.names.isEmpty)
    }

    @Test(arguments: PTURecordType.allCases)
    func refusesTagsThatDoNotFit(_ type: PTURecordType) throws {
        let scratch = try ScratchFolder()
        let writer = try PTUWriter(path: "\(scratch.path)/x.ptu", options: PTUWriting.options(type))
        func refusal(_ time: Int64, _ channel: UInt8) -> QKDError? {
            failure { try writer.append(TagBatch(times: [time], channels: [channel])) }
        }
        try writer.append(TagBatch(times: [100], channels: [1]))
        for channel: UInt8 in 80...255 { #expect(refusal(200, channel)?.kind == .outOfRange) }
        let pico = type == .picoHarp300T2 || type == .picoHarp300T3
        for channel: UInt8 in 5...63 where pico { #expect(refusal(200, channel)?.place?.field == "channel") }
        #expect((refusal(200, 64)?.kind == .outOfRange) == (pico || !type.isT2))
        #expect((refusal(200, 0)?.kind == .outOfRange) == (type == .picoHarp300T3))
        for time: Int64 in [-1, .min, 9_210_000_000_000_000_000, .max] {
            let error = refusal(time, 1)
            #expect(error?.kind == .outOfRange && error?.place?.field == "time")
        }
        // A century: too many overflow records for the instruments.
        let century = refusal(3_155_760_000_000_000_000, 1)
        #expect(century?.kind == .outOfRange && century?.message.contains("overflow records") == true)
        // A second is none too long: it takes 235 records of T2 and 239 of T3 where they are counted.
        #expect(refusal(1_000_000_000_000, 1) == nil)
        let good = writer.counts
        #expect(good.tags == 2 + (pico || !type.isT2 ? 0 : 1) + (type == .picoHarp300T3 ? 0 : 1))
    }

    /// Small disorder is written as it comes; what would lie before an overflow record is refused, and nothing
    /// is lost of what came before.
    @Test(arguments: PTURecordType.allCases)
    func disorder(_ type: PTURecordType) throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/x.ptu"
        let writer = try PTUWriter(path: path, options: PTUWriting.options(type))
        let wrap = type.overflowTicks * (type.isT2 ? 1 : 4_000)
        let batch = TagBatch(times: [500, 300, wrap + 900, wrap, wrap - 1, wrap + 7], channels: [1, 2, 1, 2, 3, 1])
        let error = try #require(failure { try writer.append(batch) })
        #expect(error.kind == .invalidInput && error.place == .init(path, field: "time"))
        #expect(error.message.contains("out of order by 901 ps") && error.message.contains("sort"))
        try writer.append(TagBatch(times: [wrap + 7], channels: [1]))
        try writer.finish()
        #expect(writer.counts.tags == 5 && writer.counts.inversions == 2)
        #expect(try ReadOut(path).tags.times == [500, 300, wrap + 900, wrap, wrap + 7])
    }

    /// A delay beyond the field is refused; the rest of the period may still be rounded to the next sync.
    @Test func syncPeriodTooLong() throws {
        for (type, last) in [(PTURecordType.picoHarp300T3, Int64(4_095)), (.genericT3, 32_767)] {
            let scratch = try ScratchFolder()
            let path = "\(scratch.path)/x.ptu"
            let options = PTUWriting.options(type, resolutionPS: 4, syncPeriodPS: Double(last + 2) * 4)
            let writer = try PTUWriter(path: path, options: options)
            try writer.append(TagBatch(times: [last * 4, last * 4 + 1], channels: [1, 1]))
            let error = failure { try writer.append(TagBatch(times: [last * 4 + 2], channels: [1])) }
            #expect(error?.kind == .outOfRange && error?.message.contains("sync period is too long") == true)
            try writer.append(TagBatch(times: [last * 4 + 6], channels: [1]))
            try writer.finish()
            #expect(try ReadOut(path).tags.times == [last * 4, last * 4, (last + 2) * 4])
            #expect(type.maximumDelayBins == last)
        }
    }

    /// The name appears only with `finish`, with the asked permissions; otherwise nothing stays.
    @Test func appearsWhole() throws {
        let scratch = try ScratchFolder()
        let path = try scratch.file("x.ptu", [1, 2, 3])
        let options = PTUWriting.options(.genericT2)
        do {
            let writer = try PTUWriter(path: path, options: options)
            try writer.append(TagBatch(times: Array(0..<40_000), channels: .init(repeating: 7, count: 40_000)))
            #expect(scratch.names.count == 2)
            #expect(try scratch.bytes(of: path) == [1, 2, 3])
        }
        #expect(scratch.names == ["x.ptu"])
        let abandoned = try PTUWriter(path: path, options: options)
        abandoned.abandon()
        #expect(scratch.names == ["x.ptu"])
        #expect(failure { try abandoned.finish() }?.kind == .io)
        for mode: UInt32 in [0o600, 0o644] {
            let writer = try PTUWriter(path: path, options: options, mode: mode)
            var batch = TagBatch(times: [1_000], channels: [2])
            batch.holes = [TagHole(beforeIndex: 1, cause: .silence, afterPS: 1_000)]
            try writer.append(batch)
            try writer.append(TagBatch())
            try writer.finish()
            #expect(writer.counts.unmarkedHoles == 1)
            #expect(failure { try writer.finish() }?.kind == .io)
            var status = stat()
            try #require(stat(path, &status) == 0)
            #expect(UInt32(status.st_mode) & 0o777 == mode)
            #expect(try ReadOut(path).tags == TagBatch(times: [1_000], channels: [2]))
        }
        #expect(scratch.names == ["x.ptu"])
        #expect(failure { _ = try PTUWriter(path: "\(scratch.path)/no/x", options: options) }?.kind == .absent)
    }
}
