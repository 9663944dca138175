import QKDCore
import QKDTimeTags
import Testing

/// Records of every T2 instrument, byte by byte; layouts from PicoQuant's Time-Tagged-File-Format-Demos.
@Suite struct PTUDecodingTests {
    static let hydraLike: [PTURecordType] = [
        .hydraHarp1T2, .hydraHarp2T2, .timeHarp260NT2, .timeHarp260PT2, .genericT2,
    ]

    /// A file of one instrument with records given as bytes.
    private func read(_ type: PTURecordType, _ records: [[UInt8]], resolutionSeconds: Double = 1e-12) throws -> ReadOut
    {
        let scratch = try ScratchFolder()
        let words = records.map { bytes in bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        let fixture = PTUFixture(type, resolutionSeconds: resolutionSeconds, records: words)
        return try ReadOut(try scratch.file("a.ptu", fixture.bytes))
    }

    @Test func picoHarpVectors() throws {
        let out = try read(
            .picoHarp300T2,
            [
                [0xE8, 0x03, 0x00, 0x10], [0x00, 0x00, 0x00, 0xF0], [0x41, 0x06, 0x00, 0xF0], [0xE8, 0x03, 0x00, 0x10],
                [0x05, 0x00, 0x00, 0x00], [0x05, 0x00, 0x00, 0x40], [0x05, 0x00, 0x00, 0x50], [0x05, 0x00, 0x00, 0xE0],
            ], resolutionSeconds: 4e-12)
        #expect(out.damage == nil)
        let base: Int64 = 210_698_240
        #expect(out.tags.times == [4_000, (base + 1_000) * 4, (base + 5) * 4, (base + 5) * 4])
        #expect(out.tags.channels == [1, 1, 0, 4])
        var counts = TagRecordCounts()
        (counts.records, counts.tags, counts.markers, counts.overflowRecords, counts.wraps, counts.illegal) = (
            8, 4, 1, 1, 1, 2
        )
        #expect(out.counts == counts)
        #expect(out.metadata.recordType == "PicoHarp 300 T2")
        #expect(out.metadata.resolutionPS == 4)
    }

    @Test(arguments: hydraLike)
    func hydraHarpVectors(_ type: PTURecordType) throws {
        let out = try read(
            type,
            [
                [0xE8, 0x03, 0x00, 0x00],  // input 0 at 1000
                [0x05, 0x00, 0x00, 0x80],  // sync at 5
                [0x03, 0x00, 0x00, 0xFE],  // three overflows, or one for v1
                [0x07, 0x00, 0x00, 0x82],  // marker 1 at 7
                [0x09, 0x00, 0x00, 0x02],  // input 1 at 9
                [0x00, 0x00, 0x00, 0xFE],  // an overflow without a number is one
                [0xFF, 0xFF, 0xFF, 0x7F],  // input 63, the last tick
                [0x00, 0x00, 0x00, 0xA0],  // special 16: not defined
                [0x01, 0x00, 0x00, 0x9E],  // marker bits 15
            ])
        #expect(out.damage == nil)
        let first: Int64 = type == .hydraHarp1T2 ? 33_552_000 : 3 * 33_554_432
        let second = first + (type == .hydraHarp1T2 ? 33_552_000 : 33_554_432)
        #expect(out.tags.times == [1_000, first + 9, second + 33_554_431])
        #expect(out.tags.channels == [0, 1, 63])
        var counts = TagRecordCounts()
        (counts.records, counts.tags, counts.syncs, counts.markers, counts.illegal) = (9, 3, 1, 2, 1)
        (counts.overflowRecords, counts.wraps) = (2, type == .hydraHarp1T2 ? 2 : 4)
        #expect(out.counts == counts)
    }

    /// The first tick after a wrap follows the last one before it, for each instrument's own constant.
    @Test func wrapBoundary() throws {
        let pico = try read(
            .picoHarp300T2,
            [littleEndian(UInt32(210_698_239) | 1 << 28), littleEndian(0xF000_0000), littleEndian(1 << 28)])
        #expect(pico.tags.times == [210_698_239, 210_698_240])
        for type in Self.hydraLike {
            let last: UInt32 = type == .hydraHarp1T2 ? 33_551_999 : 33_554_431
            let out = try read(type, [littleEndian(last), littleEndian(0xFE00_0001), littleEndian(0)])
            #expect(out.tags.times == [Int64(last), Int64(last) + 1], "\(type)")
        }
    }

    @Test func carriesOverflowsAcrossBatches() throws {
        let scratch = try ScratchFolder()
        var random = TagTestRandom(state: 7)
        var records: [UInt32] = []
        var expected = TagBatch()
        var base: Int64 = 0
        for _ in 0..<5_000 {
            let word = UInt32(truncatingIfNeeded: random.next())
            if word & 3 == 0 {
                let number = word >> 8 & 7
                records.append(0xFE00_0000 | number)
                base += Int64(max(number, 1)) << 25
            } else {
                records.append(word & 0x7FFF_FFFF)
                expected.append(timePS: (base + Int64(word & 0x1FF_FFFF)) * 5, channel: UInt8(word >> 25 & 0x3F))
            }
        }
        let path = try scratch.file("a.ptu", PTUFixture(.genericT2, resolutionSeconds: 5e-12, records: records).bytes)
        for size in [1, 7, 999, 5_000, 1 << 16] {
            let out = try ReadOut(path, batchRecords: size)
            #expect(out.tags == expected)
            #expect(out.batches == (5_000 + size - 1) / size)
        }
    }

    /// A tick that is not a whole number of picoseconds is rounded once, from zero: no drift after 10^8 ticks.
    @Test func fractionalResolution() throws {
        let out = try read(
            .genericT2, [littleEndian(1), littleEndian(2), littleEndian(0xFE00_0004), littleEndian(3)],
            resolutionSeconds: 3.25e-12)
        #expect(out.tags.times == [3, 7, Int64((Double(4 << 25 + 3) * 3.25).rounded())])
        // The device's decimal is not exact in binary; whole picoseconds are meant.
        #expect(
            try read(.timeHarp260PT2, [littleEndian(1_000_003)], resolutionSeconds: 2.5e-11).tags.times == [25_000_075])
        #expect(
            try read(.timeHarp260NT2, [littleEndian(33_554_431)], resolutionSeconds: 2.5e-10).tags.times == [
                8_388_607_750
            ])
    }

    /// Overflow records that claim centuries end the file with an error, and the tags before them stay.
    @Test func overflowBeyondTheRangeOfTime() throws {
        let scratch = try ScratchFolder()
        let records: [UInt32] = [7] + [UInt32](repeating: 0xFFFF_FFFF, count: 9_000) + [8]
        let fixture = PTUFixture(records: records)
        let out = try ReadOut(try scratch.file("a.ptu", fixture.bytes))
        #expect(out.tags.times == [7])
        #expect(out.damage?.kind == .invalidInput)
        let bad = try #require(out.damage?.place?.byteOffset) - fixture.header.count
        #expect(bad == out.counts.records * 4 && bad / 4 > 8_000 && bad / 4 < 9_001)
    }
}
