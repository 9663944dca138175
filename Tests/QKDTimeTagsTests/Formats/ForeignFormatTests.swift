import QKDCore
import QKDTimeTags
import Testing

/// Bytes that follow from public facts, not from our writers.
@Suite struct ForeignFormatTests {
    private func read(_ bytes: [UInt8], _ format: TagFormat) throws -> ReadOut {
        let scratch = try ScratchFolder()
        return try ReadOut(try scratch.file("x", bytes), format: format)
    }

    @Test func quTAG() throws {
        // ETA's layout: 1,000,000 ps on channel 2.
        let record: [UInt8] = [0x40, 0x42, 0x0F, 0, 0, 0, 0, 0, 2, 0]
        #expect(try read(record, .quTAG(.raw)).tags == TagBatch(times: [1_000_000], channels: [2]))
        let header = QuTAGTestHeader.bytes
        let binary = try read(header + record, .quTAG(.binary))
        #expect(binary.tags.times == [1_000_000] && binary.metadata.headerBytes == header)
        // 37 bits of time, 3 of channel: channel 5 in the top bits.
        let packed: [UInt8] = [0x40, 0x42, 0x0F, 0, 0xA0]
        #expect(try read(header + packed, .quTAG(.compressed)).tags == TagBatch(times: [1_000_000], channels: [5]))
        let wide = try read(littleEndian(UInt64(7)) + littleEndian(UInt16(256)) + record, .quTAG(.raw))
        #expect(wide.counts.illegal == 1 && wide.tags.count == 1)
        let late = try read(record + littleEndian(UInt64.max) + [1, 0], .quTAG(.raw))
        #expect(late.tags.count == 1 && late.damage?.place?.byteOffset == 10)
        #expect(try read(header + record.dropLast(3), .quTAG(.binary)).damage?.kind == .dataLoss)
    }

    @Test func compressedWraps() throws {
        func packed(_ time: UInt64) -> [UInt8] { Array(littleEndian(time | 1 << 37).prefix(5)) }
        let end: UInt64 = 1 << 37
        let out = try read(
            QuTAGTestHeader.bytes + packed(end - 100) + packed(50) + packed(end - 7) + packed(60) + packed(20),
            .quTAG(.compressed))
        let wrap = Int64(end)
        #expect(out.tags.times == [wrap - 100, wrap + 50, wrap - 7, wrap + 60, wrap + 20])
        #expect(out.counts.wraps == 1)
    }

    @Test func tdc1() throws {
        // 1 µs on input 1, the last tick on input 3, three ticks later on input 4; a dummy.
        let bytes: [UInt8] = [
            0x81, 0x3E, 0, 0, 0xE4, 0xFF, 0xFF, 0xFF, 0x68, 0, 0, 0, 0x10, 0xB0, 0x83, 0x85,
        ]
        let out = try read(bytes, .tdc1Raw)
        let wrap: Int64 = 268_435_456_000
        #expect(out.tags == TagBatch(times: [1_000_000, wrap - 2_000, wrap + 6_000], channels: [1, 3, 4]))
        #expect(out.counts.dummies == 1 && out.counts.wraps == 1 && out.counts.records == 4)
        let several = try read([0x2F, 0, 0, 0], .tdc1Raw)
        #expect(several.tags == TagBatch(times: [2_000, 2_000, 2_000, 2_000], channels: [1, 2, 3, 4]))
    }

    @Test func qcryptoText() throws {
        // The published sample: 65333011796794.13671875 ns on input 1, 65333011796933.046875 ns on input 4.
        let times: [Int64] = [65_333_011_796_794_137, 65_333_011_796_933_047]
        let expected = TagBatch(times: times, channels: [1, 4])
        let layout = QCryptoLayout()
        let a0 = Array("4ce88f21\nedae1bd7\n4f143308\nedae1bd7\n".utf8)
        #expect(try read(a0, .qcrypto(.a0, layout)).tags == expected)
        let a2 = Array("edae1bd74ce88f21\r\nedae1bd74f143308\r\nedae1be0e65ceb38".utf8)
        let out = try read(a2, .qcrypto(.a2, layout))
        #expect(out.tags == expected && out.counts.dummies == 1)
        let swapped = Array("edae1bd7\n4ce88f21\nedae1bd7\n4f143308\n".utf8)
        #expect(try read(swapped, .qcrypto(.a0, .init(wordOrder: .swapped))).tags == expected)
        let half = try read(Array("4ce88f21\nedae1bd7\n4f143308\n".utf8), .qcrypto(.a0, layout))
        #expect(half.tags.count == 1 && half.damage?.kind == .dataLoss)
        let wrong = try read(Array("edae1bd74ce88f21\nedae1bd74f14330g\n".utf8), .qcrypto(.a2, layout))
        #expect(wrong.tags.count == 1 && wrong.damage?.place?.field == "line 2")
    }

    @Test func swabian() throws {
        func record(_ kind: Int32, _ channel: Int32, _ time: UInt64) -> [UInt8] {
            littleEndian(kind) + littleEndian(channel) + littleEndian(time)
        }
        let out = try read(
            record(0, 1, 5) + record(0, -1, 9) + record(2, 0, 10) + record(0, 300, 11) + record(0, 3, 12), .swabianDump)
        #expect(out.tags.times == [5, 9, 12] && out.tags.channels == [1, 129, 3])
        #expect(out.tags.holes == [TagHole(beforeIndex: 2, cause: .deviceOverflow, afterPS: 9)])
        #expect(out.counts.illegal == 1)
    }

    @Test func beckerHickl() throws {
        // A clock of 12.5 ns; photons, an overflow in a photon, three pure overflows, a marker, a gap.
        let words: [UInt32] = [
            0x8000_007D, 0x0FFF_2005, 0x4FFF_3001, 0xC000_0003, 0x0FFF_0002, 0x9FFF_0004, 0x2FFF_1009,
        ]
        let out = try read(words.flatMap { littleEndian($0) }, .beckerHickl(.spc130))
        let period: Int64 = 12_500
        #expect(out.tags.times == [5 * period, 4_097 * period, (4 * 4_096 + 2) * period, (4 * 4_096 + 9) * period])
        #expect(out.tags.channels == [2, 3, 0, 1])
        #expect(out.counts.markers == 1 && out.counts.wraps == 4 && out.tags.holes.map(\.beforeIndex) == [3])
        #expect(abs(out.metadata.resolutionPS - 12_500) < 1e-6)
        let qc: [UInt32] = [0x8000_000A, 0x3000_0001, 0x8000_0000, 0x2000_0002, 0xC000_0000, 0x4000_0000]
        let x04 = try read(qc.flatMap { littleEndian($0) }, .beckerHickl(.qcX04))
        #expect(x04.tags == TagBatch(times: [1_000, 4_098_000], channels: [3, 2], holes: x04.tags.holes))
        #expect(x04.tags.holes.count == 1 && x04.counts.markers == 1)
        let none = failure { _ = try read(littleEndian(UInt32(125)), .beckerHickl(.spc130)) }
        #expect(none?.kind == .invalidInput)
    }
}

/// A header whose meaning nobody has published, and so kept as it is.
enum QuTAGTestHeader {
    static let bytes: [UInt8] = [0x87, 0xB3, 0x91, 0xFA] + (4..<40).map { UInt8($0 * 3) }
}
