import QKDCore
import QKDTimeTags
import Testing

/// Random tags through every record type: nothing lost, the error of a time bounded, and the second file equal
/// to the first, byte by byte.
@Suite struct PTURoundTripTests {
    /// A record type with units to try it with.
    struct Case: Sendable, CustomTestStringConvertible {
        var type: PTURecordType
        var resolutionPS: Double
        var syncPeriodPS: Double?

        var options: PTUWriteOptions {
            PTUWriting.options(type, resolutionPS: resolutionPS, syncPeriodPS: syncPeriodPS)
        }

        /// Picoseconds that an overflow adds, as a Double.
        var wrapPS: Double { Double(type.overflowTicks) * (syncPeriodPS ?? resolutionPS) }

        var testDescription: String { "\(type.name) \(resolutionPS) \(syncPeriodPS ?? 0)" }

        static let all: [Case] = PTURecordType.allCases.flatMap { type -> [Case] in
            type.isT2
                ? [1, 4, 3.25, 80.955].map { Case(type: type, resolutionPS: $0) }
                : [
                    (1, 4_000), (4, 12_500), (64, 1_000), (4, 12_531.328320802005), (2.375, 1_000.5), (1, 1_000.5),
                    (1.5, 3.5), (5, 5),
                ].map { Case(type: type, resolutionPS: $0.0, syncPeriodPS: $0.1) }
        }
    }

    /// Channels that a record type can hold, specials among them.
    private static func channels(_ type: PTURecordType) -> [UInt8] {
        let inputs = Array(type.inputChannels)
        let isPicoHarp = type == .picoHarp300T2 || type == .picoHarp300T3
        return inputs + (type.isT2 && !isPicoHarp ? Array(64...79) : Array(65...79))
    }

    /// Times in order: short steps, equal times, all the picoseconds around an overflow, and long gaps.
    private static func tags(_ item: Case, _ count: Int) -> TagBatch {
        var random = TagTestRandom(state: UInt64(item.type.rawValue) ^ item.resolutionPS.bitPattern)
        let channels = channels(item.type)
        var batch = TagBatch()
        var time: Int64 = 0
        var epochs: Int64 = 0
        func add() {
            batch.append(timePS: time, channel: channels[Int(random.next() % UInt64(channels.count))])
        }
        func advance(by overflows: Int64) {
            epochs = max(epochs + overflows, Int64(Double(time) / item.wrapPS) + 1)
            let boundary = Int64((Double(epochs) * item.wrapPS).rounded())
            let reach = Int64(2 * max(item.resolutionPS, 1).rounded(.up))
            for delta in stride(from: -reach, through: reach, by: max(1, Int(reach / 8))) {
                time = max(time, boundary + delta)
                add()
            }
        }
        while batch.count < count {
            switch random.next() % 8 {
            case 0: advance(by: 1)
            case 1: advance(by: Int64(random.next() % 5_000))
            case 2: for _ in 0..<3 { add() }
            default:
                time += Int64(random.next() % 100_000)
                add()
            }
        }
        return batch
    }

    @Test(arguments: Case.all)
    func writeReadWrite(_ item: Case) throws {
        let scratch = try ScratchFolder()
        let (first, second) = ("\(scratch.path)/a.ptu", "\(scratch.path)/b.ptu")
        let tags = Self.tags(item, 1_500)
        let written = try PTUWriting.write(tags, to: first, item.options, batch: 77)
        #expect(written.tags == tags.count && written.inversions == 0)
        let read = try ReadOut(first, batchRecords: 1_000, specials: .asChannels)
        #expect(read.damage == nil)
        #expect(read.tags.channels == tags.channels)
        #expect(read.counts.records == written.records && read.counts.illegal == 0)
        // Half a unit (of T3, half a picosecond more: what is left of a sync period may be that much longer than
        // a bin), and half a picosecond where the reader rounds.
        let isWhole = [item.resolutionPS, item.syncPeriodPS ?? 1].allSatisfy { $0 == $0.rounded() }
        let limit = ((item.resolutionPS + (item.syncPeriodPS == nil ? 0 : 1)) / 2 + (isWhole ? 0 : 0.5)).rounded(.down)
        for (index, channel) in tags.channels.enumerated() {
            let error = read.tags.times[index] - tags.times[index]
            if channel < 65 {
                #expect(Double(abs(error)) <= limit, "tag \(index)")
            } else {
                // Markers are known to 16 ticks of PicoHarp, to a sync period of T3.
                let cut = item.syncPeriodPS ?? (item.type == .picoHarp300T2 ? 16 * item.resolutionPS : 0)
                #expect(Double(error) <= limit && Double(-error) <= limit + cut, "marker \(index)")
            }
        }
        try PTUWriting.write(read.tags, to: second, item.options)
        #expect(try scratch.bytes(of: first) == scratch.bytes(of: second))
    }

    /// A unit of whole picoseconds that divides the times: they come back exactly.
    @Test(arguments: PTURecordType.allCases)
    func exactTimes(_ type: PTURecordType) throws {
        let scratch = try ScratchFolder()
        let item = Case(type: type, resolutionPS: 4, syncPeriodPS: type.isT2 ? nil : 12_500)
        var tags = Self.tags(item, 3_000)
        tags.times = tags.times.map { type.isT2 ? $0 / 4 * 4 : $0 / 12_500 * 12_500 + $0 % 12_500 / 4 * 4 }
        tags.channels = tags.channels.map { $0 > 64 ? 1 : $0 }
        let path = "\(scratch.path)/a.ptu"
        try PTUWriting.write(tags, to: path, item.options, batch: 1)
        #expect(try ReadOut(path, specials: .asChannels).tags == tags)
        let syncs = tags.channels.count { $0 == 64 }
        let plain = try ReadOut(path)
        #expect(plain.tags.count == tags.count - syncs && plain.counts.syncs == syncs)
    }

    /// Every tick from two before to two after an overflow, for the first few overflows.
    @Test(arguments: PTURecordType.allCases)
    func everyBoundary(_ type: PTURecordType) throws {
        let scratch = try ScratchFolder()
        let item = Case(type: type, resolutionPS: 1, syncPeriodPS: type.isT2 ? nil : 100)
        let counted = type != .picoHarp300T2 && type != .hydraHarp1T2 && type != .hydraHarp1T3 && type != .picoHarp300T3
        var tags = TagBatch()
        for epoch: Int64 in [1, 2, 3, 4, 1_022, 1_023, 1_024, 1_025, 2_046, 2_047, 2_048, 10_000] {
            for ticks: Int64 in -2...2 {
                let wrap = type.overflowTicks * (type.isT2 ? 1 : 100)
                tags.append(timePS: epoch * wrap + ticks, channel: 1)
                tags.append(timePS: epoch * wrap + ticks, channel: 2)
            }
        }
        let path = "\(scratch.path)/a.ptu"
        let counts = try PTUWriting.write(tags, to: path, item.options)
        let read = try ReadOut(path)
        #expect(read.tags == tags && read.counts.wraps == 10_000)
        // 15 gaps lead over a boundary. T3 counts to 1,023 in a record, which makes 8 of the one of 7,951; T2 to
        // 127, which makes 9, 9 and 63 of those of 1,017, 1,020 and 7,951.
        let records = counted ? (type.isT2 ? 12 + 9 + 9 + 63 : 14 + 8) : 10_000
        #expect(read.counts.overflowRecords == records && counts.records == records + tags.count)
    }

    @Test(arguments: PTURecordType.allCases)
    func nothing(_ type: PTURecordType) throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/a.ptu"
        let writer = try PTUWriter(path: path, options: PTUWriting.options(type))
        try writer.append(TagBatch())
        try writer.append(TagBatch())
        try writer.finish()
        let read = try ReadOut(path)
        #expect(read.tags.isEmpty && read.damage == nil && read.counts.records == 0)
        #expect(writer.counts == TagWriteCounts())
    }

    /// A real capture through our writer: the same tags, as many wraps, and as records of another instrument too.
    @Test(
        .enabled(
            if: CaptureFiles.hydraHarp != nil, "set QKD_CAPTURES to the folder with hydraharp400_t2_320MHz_hbt.ptu"))
    func realCapture() throws {
        let original = try ReadOut(try #require(CaptureFiles.hydraHarp), specials: .asChannels)
        let scratch = try ScratchFolder()
        for type in [PTURecordType.hydraHarp2T2, .hydraHarp1T2, .genericT3] {
            let path = "\(scratch.path)/\(type.name)"
            let counts = try PTUWriting.write(original.tags, to: path, PTUWriting.options(type))
            let copy = try ReadOut(path, specials: .asChannels)
            #expect(copy.tags == original.tags && counts.tags == 384_019)
            if type == .hydraHarp2T2 { #expect(copy.counts.wraps == original.counts.wraps) }
        }
    }
}
