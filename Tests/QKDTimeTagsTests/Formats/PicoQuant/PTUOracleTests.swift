import QKDCore
import Testing

@testable import QKDTimeTags

/// The fast decoder against a plain reading of the record tables, on random records of every instrument.
@Suite struct PTUOracleTests {
    /// One record after the other, field by field: T2 in ticks of 4 ps, T3 in syncs of 12,500 ps and bins of 16.
    private func plain(_ type: PTURecordType, _ records: [UInt32], _ specials: PTUSpecials) -> (
        TagBatch, TagRecordCounts
    ) {
        var tags = TagBatch()
        var counts = TagRecordCounts()
        var overflow: Int64 = 0
        func tag(_ time: UInt32, _ delay: UInt32, _ channel: UInt32) {
            let ticks = overflow + Int64(time)
            tags.append(
                timePS: type.isT2 ? ticks * 4 : ticks * 12_500 + Int64(delay) * 16, channel: UInt8(channel))
        }
        func special(_ time: UInt32, _ mask: UInt32) {
            if mask == 0 { counts.syncs += 1 } else { counts.markers += 1 }
            if specials == .asChannels { tag(time, 0, 64 + mask) }
        }
        func overflows(_ number: UInt32, of ticks: Int64) {
            overflow += Int64(number) * ticks
            counts.overflowRecords += 1
            counts.wraps += Int(number)
        }
        for record in records {
            counts.records += 1
            switch type {
            case .picoHarp300T2:
                let (channel, time) = (record / 0x1000_0000, record % 0x1000_0000)
                switch (channel, time % 16) {
                case (0...4, _): tag(time, 0, channel)
                case (15, 0): overflows(1, of: 210_698_240)
                case (15, let mask): special(time - mask, mask)
                default: counts.illegal += 1
                }
            case .picoHarp300T3:
                let (channel, delay, syncs) = (record / 0x1000_0000, record / 0x1_0000 % 4_096, record % 0x1_0000)
                switch (channel, delay) {
                case (1...4, _): tag(syncs, delay, channel)
                case (15, 0): overflows(1, of: 65_536)
                case (15, 1...15): special(syncs, delay)
                default: counts.illegal += 1
                }
            default:
                let (flag, channel) = (record / 0x8000_0000, record / 0x200_0000 % 64)
                let low = type.isT2 ? record % 0x200_0000 : record % 1_024
                let delay = type.isT2 ? 0 : record / 1_024 % 32_768
                switch (flag, channel) {
                case (0, _): tag(low, delay, channel)
                case (_, 63):
                    let isFirst = type == .hydraHarp1T2 || type == .hydraHarp1T3
                    let ticks: Int64 = !type.isT2 ? 1_024 : isFirst ? 33_552_000 : 33_554_432
                    overflows(isFirst || low == 0 ? 1 : low, of: ticks)
                case (_, 1...15): special(low, channel)
                case (_, 0) where type.isT2: special(low, 0)
                default: counts.illegal += 1
                }
            }
        }
        counts.tags = tags.count
        return (tags, counts)
    }

    private func makeDecoder(_ type: PTURecordType, _ specials: PTUSpecials) -> (any TagRecordDecoder)? {
        type.isT2
            ? PTUT2Decoder(type, resolutionSeconds: 4e-12, specials: specials)
            : PTUT3Decoder(type, syncPeriodSeconds: 12.5e-9, resolutionSeconds: 16e-12, specials: specials)
    }

    @Test(arguments: PTURecordType.allCases, PTUSpecials.allCases)
    func equalsThePlainReading(_ type: PTURecordType, _ specials: PTUSpecials) throws {
        var random = TagTestRandom(state: UInt64(type.rawValue))
        // Random words, with special ones and small fields as often as others.
        let records = (0..<20_000).map { _ in
            var word = UInt32(truncatingIfNeeded: random.next())
            if random.next() & 3 == 0 { word |= 0xF000_0000 }
            if random.next() & 3 == 0 { word &= 0xFE00_00FF }
            if random.next() & 7 == 0 { word &= 0xF00F_FFFF }
            // A huge number of overflows would end the file.
            return word >> 25 == 0x7F ? word & 0xFE00_FFFF : word
        }
        let (tags, counts) = plain(type, records, specials)
        var decoder = try #require(makeDecoder(type, specials))
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
        #expect(tags.channels.contains { $0 > 63 } == (specials == .asChannels))
    }

    /// Ticks that are no whole picoseconds, against arithmetic in 128 bits.
    @Test func tickScale() {
        var random = TagTestRandom(state: 31)
        for resolution in [
            3.25e-12, 12.5037e-9, 1 / 79.8e6, 0.5e-12, 15.2587890625e-12, 80.955e-12, 1e-15, 1.0000001e-9,
        ] {
            let scale = TickScale(resolutionSeconds: resolution)
            // Long multiplication by 32 bits at a time of the tick's picoseconds, 64 bits behind the point.
            let picoseconds = resolution * 1e12
            let fraction = UInt64((picoseconds - picoseconds.rounded(.down)) * 0x1p64)
            for _ in 0..<200 {
                let tick = Int64(random.next() >> 2) % scale.maximumTick
                let (t1, t0, f1, f0) = (tick >> 32, tick & 0xFFFF_FFFF, fraction >> 32, fraction & 0xFFFF_FFFF)
                let low = UInt64(t0) * f0
                let middle = UInt64(t1) * f0 + low >> 32
                let other = UInt64(t0) * f1 + middle & 0xFFFF_FFFF
                let above = UInt64(t1) * f1 + middle >> 32 + other >> 32
                let carry = other >> 31 & 1
                #expect(scale.picoseconds(tick) == tick * Int64(picoseconds) + Int64(above + carry))
                // And back: the nearest tick of a tick's own time, and of times around it.
                for delta: Int64 in [-2, -1, 0, 1, 2] where resolution >= 1e-12 {
                    let time = scale.picoseconds(tick) + delta
                    guard time >= 0 else { continue }
                    let found = scale.nearestTick(time)
                    let distance = abs(scale.picoseconds(found) - time)
                    #expect(distance <= abs(delta) && (delta != 0 || found == tick), "\(resolution) \(tick)")
                    #expect(abs(scale.picoseconds(found + 1) - time) + 1 >= distance)
                }
            }
        }
    }

    @Test func otherModesHaveOtherDecoders() {
        #expect(PTUT2Decoder(.genericT3, resolutionSeconds: 1e-12) == nil)
        #expect(PTUT3Decoder(.genericT2, syncPeriodSeconds: 1e-9, resolutionSeconds: 1e-12) == nil)
    }
}
