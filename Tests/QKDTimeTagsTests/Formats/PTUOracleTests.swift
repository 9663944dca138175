import QKDCore
import Testing

@testable import QKDTimeTags

/// The fast decoder against a plain reading of the record tables, on random records of every instrument.
@Suite struct PTUOracleTests {
    /// One record after the other, field by field.
    private func plain(_ type: PTURecordType, _ records: [UInt32], picosecondsPerTick: Int64) -> (
        TagBatch, TagRecordCounts
    ) {
        var tags = TagBatch()
        var counts = TagRecordCounts()
        var overflow: Int64 = 0
        for record in records {
            counts.records += 1
            if type == .picoHarp300T2 {
                let (channel, time) = (record / 0x1000_0000, record % 0x1000_0000)
                switch (channel, time % 16) {
                case (0...4, _):
                    tags.append(timePS: (overflow + Int64(time)) * picosecondsPerTick, channel: UInt8(channel))
                case (15, 0):
                    overflow += 210_698_240
                    counts.overflowRecords += 1
                    counts.wraps += 1
                case (15, _): counts.markers += 1
                default: counts.illegal += 1
                }
            } else {
                let (special, channel, time) = (record / 0x8000_0000, record / 0x200_0000 % 64, record % 0x200_0000)
                switch (special, channel) {
                case (0, _): tags.append(timePS: (overflow + Int64(time)) * picosecondsPerTick, channel: UInt8(channel))
                case (_, 63):
                    let number = type == .hydraHarp1T2 || time == 0 ? 1 : Int64(time)
                    overflow += number * (type == .hydraHarp1T2 ? 33_552_000 : 33_554_432)
                    counts.overflowRecords += 1
                    counts.wraps += Int(number)
                case (_, 0): counts.syncs += 1
                case (_, 1...15): counts.markers += 1
                default: counts.illegal += 1
                }
            }
        }
        counts.tags = tags.count
        return (tags, counts)
    }

    @Test(arguments: PTURecordType.allCases.filter(\.isT2))
    func equalsThePlainReading(_ type: PTURecordType) throws {
        var random = TagTestRandom(state: UInt64(type.rawValue))
        // Random words, with special ones and small fields as often as others.
        let records = (0..<20_000).map { _ in
            var word = UInt32(truncatingIfNeeded: random.next())
            if random.next() & 3 == 0 { word |= 0xF000_0000 }
            if random.next() & 3 == 0 { word &= 0xFE00_00FF }
            // A huge number of overflows would end the file.
            return word >> 25 == 0x7F ? word & 0xFE00_FFFF : word
        }
        let (tags, counts) = plain(type, records, picosecondsPerTick: 4)
        var decoder = try #require(PTUT2Decoder(type, resolutionSeconds: 4e-12))
        var decoded = TagBatch()
        var start = 0
        while start < records.count {
            let end = min(records.count, start + 1 + Int(random.next() % 3_000))
            var batch = TagBatch()
            try records[start..<end].withUnsafeBytes { try decoder.decode($0, into: &batch) }
            decoded.append(batch)
            start = end
        }
        #expect(decoded == tags)
        #expect(decoder.counts == counts)
        #expect(counts.tags > 1_000 && counts.markers > 100 && counts.wraps > 100)
    }

    /// Ticks that are no whole picoseconds, against arithmetic in 128 bits.
    @Test func tickScale() {
        var random = TagTestRandom(state: 31)
        for resolution in [3.25e-12, 0.5e-12, 15.2587890625e-12, 80.955e-12, 1e-15, 1.0000001e-9] {
            let scale = TickScale(resolutionSeconds: resolution)
            let fraction = UInt64((resolution * 1e12 * 4_294_967_296).rounded())
            for _ in 0..<200 {
                let tick = Int64(random.next() >> 2) % scale.maximumTick
                let (high, low) = UInt64(tick).multipliedFullWidth(by: fraction)
                let (quotient, remainder) = UInt64(1 << 32).dividingFullWidth((high, low))
                #expect(scale.picoseconds(tick) == Int64(quotient) + (remainder >= 1 << 31 ? 1 : 0))
            }
        }
        #expect(PTUT2Decoder(.genericT3, resolutionSeconds: 1e-12) == nil)
    }
}
