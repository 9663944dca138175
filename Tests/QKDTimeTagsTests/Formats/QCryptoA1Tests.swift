import QKDCore
import QKDTimeTags
import Testing

/// Events as qcrypto's readers print them; public figures from qcrypto @3f3afa329e29, fpfind @19d194e08e93
/// and Timestamp_TDC1 @dd85370b138b.
@Suite struct QCryptoA1Tests {
    private func read(_ bytes: [UInt8], _ format: TagFormat? = nil, name: String = "a.bin") throws -> ReadOut {
        let scratch = try ScratchFolder()
        return try ReadOut(try scratch.file(name, bytes), format: format)
    }

    private func layout(_ unit: QCryptoLayout.TimeUnit, _ order: QCryptoLayout.WordOrder = .native) -> TagFormat {
        .qcrypto(.a1, QCryptoLayout(unit: unit, wordOrder: order))
    }

    /// 65333011796794 35/256 ns on input 1, 65333011796933 12/256 ns on input 4, and a filler.
    ///
    /// fpfind's parser prints the first as ….140625: a Double there has steps of 1/128 ns. The bits say ….13671875.
    @Test func timestamp7Vectors() throws {
        let swapped: [UInt8] = [0xD7, 0x1B, 0xAE, 0xED, 0x21, 0x8F, 0xE8, 0x4C]
        let events: [UInt64] = [0xEDAE_1BD7_4CE8_8F21, 0xEDAE_1BD7_4F14_3308, 0xEDAE_1BE0_E65C_EB38]
        #expect(littleEndian(events[0] >> 32 | events[0] << 32) == swapped)
        for order in QCryptoLayout.WordOrder.allCases {
            let bytes = events.flatMap { littleEndian(order == .swapped ? $0 >> 32 | $0 << 32 : $0) }
            for format in [layout(.ns256th, order), nil] {
                let out = try read(bytes, format, name: "a.a1")
                #expect(out.tags.times == [65_333_011_796_794_137, 65_333_011_796_933_047])
                #expect(out.tags.channels == [1, 4])
                #expect(out.counts.dummies == 1 && out.counts.records == 3)
                #expect(out.metadata.format == layout(.ns256th, order))
                #expect(out.metadata.formatIsGuessed == (format == nil))
            }
        }
    }

    /// 1000 ns on input 1, as the TDC1's 2 ns ticks.
    @Test func tdc1Vector() throws {
        let out = try read([0x01, 0x00, 0xA0, 0x0F, 0, 0, 0, 0], layout(.ns2))
        #expect(out.tags == TagBatch(times: [1_000_000], channels: [1]))
        #expect(out.metadata.resolutionPS == 2_000)
    }

    /// What lies below a layout's time bits is not time.
    @Test func bitsBelowTheTime() throws {
        let event: UInt64 = 3 << 19 | 0x7FFE0 | 0b0100
        let expected: [(QCryptoLayout.TimeUnit, Int64)] = [
            (.ns2, 6_000), (.ns8th, 6_000 + 15 * 125), (.ns256th, 7_996),
        ]
        for (unit, time) in expected {
            #expect(try read(littleEndian(event), layout(unit)).tags == TagBatch(times: [time], channels: [3]))
        }
    }

    @Test func patternsAndFillers() throws {
        let events: [UInt64] = (0..<32).map { UInt64(1_000 + $0) << 20 | $0 }
        let out = try read(events.flatMap { littleEndian($0) } + [UInt8](repeating: 0, count: 8), layout(.ns256th))
        #expect(out.counts.dummies == 16)
        #expect(out.counts.empties == 2)
        #expect(out.counts.multiHitRecords == 11)
        #expect(out.tags.count == 32)
        for channel in UInt8(1)...4 { #expect(out.tags.channels.count { $0 == channel } == 8) }
        // Input 1, 3 and 4 together: one time, three tags, by rising number.
        let together = out.tags.times.indices.filter { out.tags.times[$0] == Int64(1_013 << 10) * 125 / 32 }
        #expect(together.map { out.tags.channels[$0] } == [1, 3, 4])
    }

    /// × 1000/256 rounded to nearest at both ends of the range, and for every fraction.
    @Test func roundingOfA256th() throws {
        var units: [UInt64] = Array(1...64)
        units += [(1 << 54) - 1, (1 << 53) + 1, 0x2A_AAAA_AAAA_AAAB]
        for unit in units {
            let out = try read(littleEndian(unit << 10 | 1), layout(.ns256th))
            let (high, low) = unit.multipliedFullWidth(by: 1_000)
            let (quotient, remainder) = UInt64(256).dividingFullWidth((high, low))
            #expect(out.tags.times == [Int64(quotient) + (remainder >= 128 ? 1 : 0)])
        }
    }

    /// The counter runs over after 2^46 ns in each layout; a late event of before the end goes back.
    @Test(arguments: QCryptoLayout.TimeUnit.allCases)
    func wrap(_ unit: QCryptoLayout.TimeUnit) throws {
        let tick = UInt64(1) << unit.timeShift
        let events = [(0 &- 3 * tick) | 1, 2 * tick | 2, (0 &- tick) | 1, 4 * tick | 8]
        let out = try read(events.flatMap { littleEndian($0) }, layout(unit))
        let end: Int64 = (1 << 46) * 1_000
        #expect(out.tags.times == [-3, 2, -1, 4].map { end + Int64(($0 * unit.resolutionPS + 0.5).rounded(.down)) })
        #expect(out.counts.wraps == 1)
        // The same without help: recognised across the wrap.
        #expect(try read(events.flatMap { littleEndian($0) }).tags == out.tags)
    }

    @Test(arguments: TagFormat.all.filter { $0 != .picoQuantPTU })
    func recognisesItsLayout(_ format: TagFormat) throws {
        guard case .qcrypto(.a1, let layout) = format else { return }
        var random = TagTestRandom(state: 99)
        for scale in [UInt64(1), 1_000, 10_000_000] {
            var time = random.next() >> 12
            var bytes: [UInt8] = []
            for _ in 0..<64 {
                time += random.next() % (1_000 * scale) + scale
                let event = time << layout.unit.timeShift | 1 << (random.next() & 3)
                bytes += littleEndian(layout.wordOrder == .swapped ? event >> 32 | event << 32 : event)
            }
            #expect(try read(bytes).metadata.format == format, "steps of \(scale) ticks")
        }
        #expect(TagFormat(name: format.name) == format)
    }

    @Test func formatNames() {
        #expect(
            TagFormat.all.map(\.name) == [
                "qkdtags", "ptu", "a0-256th-ns", "a0-8th-ns", "a0-2ns", "a0-256th-ns-x", "a0-8th-ns-x", "a0-2ns-x",
                "a1-256th-ns", "a1-8th-ns", "a1-2ns", "a1-256th-ns-x", "a1-8th-ns-x", "a1-2ns-x",
                "a2-256th-ns", "a2-8th-ns", "a2-2ns", "qutag-binary", "qutag-raw", "qutag-compressed", "tdc1-raw",
                "swabian-dump", "spc-130", "spc-qc-x04", "spc-qc-x06", "csv",
            ])
        #expect(TagFormat(name: "a3") == nil)
    }
}
