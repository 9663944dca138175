import QKDCore
import QKDTimeTags
import Testing

/// Records of every T3 instrument, byte by byte; layouts from PicoQuant's Time-Tagged-File-Format-Demos.
@Suite struct PTUT3Tests {
    static let hydraLike: [PTURecordType] = [
        .hydraHarp1T3, .hydraHarp2T3, .timeHarp260NT3, .timeHarp260PT3, .genericT3,
    ]

    private func read(
        _ type: PTURecordType, _ records: [[UInt8]], syncPeriodSeconds: Double = 12.5e-9,
        resolutionSeconds: Double = 4e-12, specials: PTUSpecials = .counted
    ) throws -> ReadOut {
        let scratch = try ScratchFolder()
        let words = records.map { bytes in bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        let fixture = PTUFixture(
            t3: type, syncPeriodSeconds: syncPeriodSeconds, resolutionSeconds: resolutionSeconds, records: words)
        return try ReadOut(try scratch.file("a.ptu", fixture.bytes), specials: specials)
    }

    @Test(arguments: hydraLike)
    func hydraHarpVectors(_ type: PTURecordType) throws {
        let records: [[UInt8]] = [
            [0x38, 0x48, 0x13, 0x00],  // input 0, 1234 bins after sync 56
            [0x02, 0x00, 0x00, 0xFE],  // two overflows, or one for v1
            [0x09, 0x00, 0x00, 0x88],  // marker 4 at sync 9
            [0xFF, 0xFF, 0xFF, 0x7F],  // input 63, the last bin of the last sync
            [0x00, 0x00, 0x00, 0xFE],  // an overflow without a number is one
            [0x00, 0x00, 0x00, 0x80],  // special 0: T3 has no sync event
            [0x01, 0x00, 0x00, 0xA0],  // special 16: not defined
            [0x01, 0x04, 0x00, 0x04],  // input 2, 1 bin after sync 1
        ]
        let first: Int64 = type == .hydraHarp1T3 ? 1_024 : 2_048
        let times: [Int64] = [
            56 * 12_500 + 1_234 * 4, (first + 1_023) * 12_500 + 32_767 * 4, (first + 1_025) * 12_500 + 4,
        ]
        let out = try read(type, records)
        #expect(out.damage == nil)
        #expect(out.tags == TagBatch(times: times, channels: [0, 63, 2]))
        var counts = TagRecordCounts()
        (counts.records, counts.tags, counts.markers, counts.illegal) = (8, 3, 1, 2)
        (counts.overflowRecords, counts.wraps) = (2, type == .hydraHarp1T3 ? 2 : 3)
        #expect(out.counts == counts)
        #expect(out.metadata.resolutionPS == 4 && out.metadata.recordType.hasSuffix("T3"))
        let all = try read(type, records, specials: .asChannels)
        #expect(
            all.tags
                == TagBatch(times: [times[0], (first + 9) * 12_500, times[1], times[2]], channels: [0, 68, 63, 2]))
        counts.tags = 4
        #expect(all.counts == counts)
    }

    @Test func picoHarpVectors() throws {
        let records: [[UInt8]] = [
            [0xE8, 0x03, 0x05, 0x10],  // input 1, 5 bins after sync 1000
            [0x00, 0x00, 0x00, 0xF0],  // overflow
            [0x07, 0x00, 0x03, 0xF0],  // markers 1 and 2 at sync 7
            [0xFF, 0xFF, 0xFF, 0x4F],  // input 4, the last bin of the last sync
            [0x01, 0x00, 0x00, 0x00],  // input 0 does not occur in T3
            [0x01, 0x00, 0x00, 0x50],  // nor does 5
            [0x01, 0x00, 0x10, 0xF0],  // nor a fifth marker
            [0x09, 0x00, 0x00, 0xF0],  // an overflow, whatever the syncs say
            [0x00, 0x00, 0x00, 0x20],
        ]
        let times: [Int64] = [
            1_000 * 12_500 + 20, (65_536 + 65_535) * 12_500 + 4_095 * 4, 2 * 65_536 * 12_500,
        ]
        let out = try read(.picoHarp300T3, records)
        #expect(out.tags == TagBatch(times: times, channels: [1, 4, 2]))
        var counts = TagRecordCounts()
        (counts.records, counts.tags, counts.markers, counts.illegal) = (9, 3, 1, 3)
        (counts.overflowRecords, counts.wraps) = (2, 2)
        #expect(out.counts == counts)
        #expect(out.metadata.recordType == "PicoHarp 300 T3")
        let all = try read(.picoHarp300T3, records, specials: .asChannels)
        #expect(all.tags.times == [times[0], 65_543 * 12_500, times[1], times[2]])
        #expect(all.tags.channels == [1, 67, 4, 2])
    }

    /// Syncs, markers and a marker's own time in T2, delivered among the inputs.
    @Test func specialsOfT2() throws {
        let scratch = try ScratchFolder()
        let pico = PTUFixture(.picoHarp300T2, records: [0x1000_03E8, 0xF000_0641, 0xF000_0000, 0xF000_000F])
        let picoOut = try ReadOut(try scratch.file("a.ptu", pico.bytes), specials: .asChannels)
        #expect(picoOut.tags == TagBatch(times: [1_000, 1_600, 210_698_240], channels: [1, 65, 79]))
        let hydra = PTUFixture(.genericT2, records: [0x8000_0005, 0x8200_0007, 0x9E00_0008, 0xA000_0009, 0x7E00_000A])
        let path = try scratch.file("b.ptu", hydra.bytes)
        let out = try ReadOut(path, specials: .asChannels)
        #expect(out.tags == TagBatch(times: [5, 7, 8, 10], channels: [64, 65, 79, 63]))
        #expect(out.counts.tags == 4 && out.counts.syncs == 1 && out.counts.markers == 2 && out.counts.illegal == 1)
        #expect(try ReadOut(path).tags == TagBatch(times: [10], channels: [63]))
    }

    /// Sync periods and bins that are no whole picoseconds are summed before they are rounded, once.
    @Test func roundsTheSumOnce() throws {
        let record: UInt32 = 1 << 10 | 1
        let out = try read(
            .genericT3, [littleEndian(record), littleEndian(2 << 10 | 1)], syncPeriodSeconds: 1000.25e-12,
            resolutionSeconds: 2.375e-12)
        // 1002.625 and 1005.0; rounded apart the first were 1002 and the second 1005.
        #expect(out.tags.times == [1_003, 1_005])
        // An hour of a laser of 79.8 MHz: 281 million overflows of 1,024 syncs, by 1,023 a record.
        let overflows = [[UInt8]](repeating: littleEndian(0xFE00_03FF), count: 274_000)
        let late = try read(.genericT3, overflows + [littleEndian(5)], syncPeriodSeconds: 1 / 79.8e6)
        let syncs = 274_000 * 1_023 * 1_024 + 5
        // 1e6/79.8 is 12,531 + 13.1/53.2 ps as close as a Double tells it; the product in whole numbers.
        let scaled = (1 / 79.8e6 * 1e12 * 0x1p39)
        #expect(scaled == scaled.rounded())
        let (high, low) = UInt64(syncs).multipliedFullWidth(by: UInt64(scaled))
        #expect(late.tags.times == [Int64(high << 25 | low >> 39) + Int64(low >> 38 & 1)])
    }

    @Test func malformedHeaders() throws {
        let scratch = try ScratchFolder()
        func refusal(_ type: PTURecordType = .hydraHarp2T3, _ change: (inout PTUFixture) -> Void) throws -> QKDError {
            var fixture = PTUFixture(type, resolutionSeconds: 12.5e-9, records: [1])
            change(&fixture)
            let path = try scratch.file("a.ptu", fixture.bytes)
            return try #require(failure { _ = try TagFileReader(path: path) })
        }
        for type in PTURecordType.allCases where !type.isT2 {
            let absent = try refusal(type) { _ in }
            #expect(absent.kind == .invalidInput && absent.place?.field == "MeasDesc_Resolution")
        }
        for bin in [0, -4e-12, .nan, .infinity, 1e-16, 2e-3] {
            let error = try refusal { $0.add("MeasDesc_Resolution", 0x2000_0008, bin.bitPattern) }
            #expect(error.kind == .outOfRange && error.place?.byteOffset == 160, "\(bin)")
        }
        let integer = try refusal { $0.add("MeasDesc_Resolution", 0x1000_0008, 4) }
        #expect(integer.kind == .invalidInput && integer.place?.field == "MeasDesc_Resolution")
        for mode: UInt64 in [2, 0] {
            let error = try refusal {
                $0.add("MeasDesc_Resolution", 0x2000_0008, (4e-12).bitPattern)
                $0.add("Measurement_Mode", 0x1000_0008, mode)
            }
            #expect(error.kind == .invalidInput && error.place?.field == "Measurement_Mode")
        }
        // A sync of 1 Hz is a slow laser; a period of 2 s is none.
        var slow = PTUFixture(.hydraHarp2T3, resolutionSeconds: 1, records: [littleEndianWord(sync: 3, delay: 7)])
        slow.add("MeasDesc_Resolution", 0x2000_0008, (1e-9).bitPattern)
        #expect(try ReadOut(try scratch.file("slow.ptu", slow.bytes)).tags.times == [3_000_000_007_000])
        var slower = PTUFixture(.hydraHarp2T3, resolutionSeconds: 2)
        slower.add("MeasDesc_Resolution", 0x2000_0008, (1e-9).bitPattern)
        let path = try scratch.file("slower.ptu", slower.bytes)
        #expect(failure { _ = try TagFileReader(path: path) }?.place?.field == "MeasDesc_GlobalResolution")
    }

    private func littleEndianWord(sync: UInt32, delay: UInt32) -> UInt32 { delay << 10 | sync }

    /// Overflow records that claim centuries end the file with an error, and the tags before them stay.
    @Test func overflowBeyondTheRangeOfTime() throws {
        let scratch = try ScratchFolder()
        let fixture = PTUFixture(
            t3: .genericT3, syncPeriodSeconds: 1e-3, resolutionSeconds: 1e-9,
            records: [7] + [UInt32](repeating: 0xFE00_03FF, count: 9_000) + [8])
        let out = try ReadOut(try scratch.file("a.ptu", fixture.bytes))
        #expect(out.tags.times == [7_000_000_000])
        #expect(out.damage?.kind == .invalidInput && out.counts.records > 8_000 && out.counts.records < 9_001)
    }

    @Test func names() {
        let names = PTURecordType.allCases.map(\.name)
        #expect(Set(names).count == 12 && Set(PTURecordType.allCases.map(\.title)).count == 12)
        #expect(names.contains("ptu-hydraharp2-t2") && names.contains("ptu-picoharp300-t3"))
        for type in PTURecordType.allCases { #expect(PTURecordType(name: type.name) == type) }
        #expect(PTURecordType(name: "ptu") == nil && PTURecordType(name: "") == nil)
    }
}
