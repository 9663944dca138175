import QKDCore
import QKDTimeTags
import Testing

extension TagFormat {
    /// The channels that a format holds; its unit, ps; and a time at which its counter turns over, ps.
    fileprivate var limits: (channels: ClosedRange<UInt8>, unitPS: Double, wrapPS: Int64, holdsDisorder: Bool) {
        switch self {
        case .chunked, .csv: (0...255, 1, 1 << 40, true)
        case .picoQuantPTU: (0...63, 1, 1 << 25, false)
        case .qcrypto(_, let layout): (1...4, layout.unit.resolutionPS, 4_096_000, true)
        case .quTAG(let layout): layout == .compressed ? (0...7, 1, 1 << 37, true) : (0...255, 1, 1 << 37, true)
        case .tdc1Raw: (1...4, 2_000, 2_000 << 27, false)
        case .swabianDump: (0...127, 1, 1 << 32, true)
        case .beckerHickl(let family):
            (0...(family == .spc130 ? 15 : family == .qcX04 ? 3 : 7), 12_500, 12_500 * 4_096, false)
        }
    }
}

/// Whatever a writer takes, the reader gives back; and written again it has the same bytes.
@Suite struct RoundTripTests {
    static let formats = TagFormat.all.filter { $0 != .picoQuantPTU }

    /// Random tags on the format's grid, many around the turn of its counter.
    private func tags(_ format: TagFormat, _ random: inout TagTestRandom, count: Int) -> TagBatch {
        let (channels, unitPS, wrapPS, _) = format.limits
        var batch = TagBatch()
        var tick: Int64 = 0
        for _ in 0..<count {
            switch random.next() % 8 {
            case 0: break  // the same instant
            case 1...5: tick += Int64(random.next() % 5_000)
            case 6: tick += Int64(random.next() % UInt64(Double(wrapPS) / unitPS / 3))
            default:
                // Up to two ticks from the next turn of the counter.
                let turn = Int64((Double(wrapPS) / unitPS).rounded())
                let next = max(tick, (tick / turn + 1) * turn + Int64(random.next() % 5) - 2)
                // Compressed quTAG times may not leap over a whole turn.
                batch.append(
                    timePS: Int64((Double((tick + next) / 2) * unitPS + 0.5).rounded(.down)),
                    channel: channels.upperBound)
                tick = next
            }
            let time = Int64((Double(tick) * unitPS + 0.5).rounded(.down))
            let channel = channels.lowerBound + UInt8(random.next() % UInt64(channels.count))
            // A record of several hits gives them by rising channel, each once.
            if time == batch.times.last, channel <= batch.channels[batch.count - 1] { continue }
            batch.append(timePS: time, channel: channel)
        }
        return Self.withoutRepeats(batch)
    }

    private static func withoutRepeats(_ batch: TagBatch) -> TagBatch {
        var out = TagBatch()
        for (time, channel) in zip(batch.times, batch.channels) {
            if time == out.times.last, channel <= out.channels[out.count - 1] { continue }
            out.append(timePS: time, channel: channel)
        }
        return out
    }

    private func options(_ format: TagFormat) -> TagWriteOptions {
        var options = TagWriteOptions(format: format)
        options.quTAGHeader = [0x87, 0xB3, 0x91, 0xFA] + (4..<40).map { UInt8($0) }
        options.notes = ["source": "test"]
        return options
    }

    private func write(_ path: String, _ options: TagWriteOptions, _ tags: TagBatch, cuts: Int) throws -> TagWriteCounts
    {
        let writer = try TagFileWriter.open(path: path, options)
        var from = 0
        for cut in 1...cuts {
            let to = cut == cuts ? tags.count : tags.count * cut / cuts
            try writer.append(TagBatch(times: Array(tags.times[from..<to]), channels: Array(tags.channels[from..<to])))
            from = to
        }
        try writer.finish()
        return writer.counts
    }

    @Test(arguments: formats) func identical(format: TagFormat) throws {
        let scratch = try ScratchFolder()
        var random = TagTestRandom(state: 31 &+ UInt64(format.name.utf8.reduce(0) { $0 &* 31 &+ Int($1) } & 0xFFFF))
        for round in 0..<12 {
            let sent = tags(format, &random, count: round * round * 7)
            let (path, again) = ("\(scratch.path)/x", "\(scratch.path)/y")
            let counts = try write(path, options(format), sent, cuts: 1 + round % 3)
            #expect(counts.tags == sent.count && counts.inversions == 0)
            if sent.isEmpty, format.isEmptyWithoutTags { continue }
            let out = try ReadOut(path, format: format, batchRecords: 1 + Int(random.next() % 50))
            #expect(out.damage == nil)
            #expect(out.tags == sent, "\(format.name), round \(round)")
            _ = try write(again, options(format), out.tags, cuts: 1 + (round + 1) % 3)
            #expect(try scratch.bytes(of: path) == scratch.bytes(of: again))
            if out.metadata.headerBytes.count > 0 { #expect(out.metadata.headerBytes == options(format).quTAGHeader) }
        }
    }

    @Test(arguments: formats) func disorder(format: TagFormat) throws {
        let scratch = try ScratchFolder()
        let (channels, unitPS, wrapPS, holdsDisorder) = format.limits
        let unit = Int64(unitPS)
        let start = wrapPS / unit * unit
        // Two ticks back over the counter's turn, the hardest place.
        let sent = TagBatch(
            times: [start - 10 * unit, start + 3 * unit, start - 4 * unit, start + 90 * unit].map {
                Int64((Double($0 / unit) * unitPS + 0.5).rounded(.down))
            },
            channels: [1, 2, 1, 2])
        #expect(channels.contains(1) && channels.contains(2))
        let path = "\(scratch.path)/x"
        if holdsDisorder {
            #expect(try write(path, options(format), sent, cuts: 1).inversions == 1)
            #expect(try ReadOut(path, format: format).tags == sent)
        } else {
            let error = try #require(failure { _ = try write(path, options(format), sent, cuts: 1) })
            #expect(error.kind == .invalidInput && error.message.contains("sort first"))
            #expect(scratch.names.isEmpty)
        }
    }

    @Test(arguments: formats) func whatDoesNotFitIsRefused(format: TagFormat) throws {
        let scratch = try ScratchFolder()
        let (channels, _, _, _) = format.limits
        let path = "\(scratch.path)/x"
        func refused(_ time: Int64, _ channel: UInt8) throws -> Bool {
            let writer = try TagFileWriter.open(path: path, options(format))
            defer { writer.abandon() }
            return failure { try writer.append(TagBatch(times: [time], channels: [channel])) }?.kind == .outOfRange
        }
        if channels.upperBound < 127 { #expect(try refused(0, channels.upperBound + 1)) }
        if channels.lowerBound > 0 { #expect(try refused(0, 0)) }
        let takesNegative = format == .chunked || format == .csv
        #expect(try refused(-1, 1) != takesNegative)
        #expect(scratch.names.isEmpty)
    }

    /// Named or not, what has a mark or a believable layout is told by its content.
    @Test func recognition() throws {
        let scratch = try ScratchFolder()
        var random = TagTestRandom(state: 5)
        for format in Self.formats {
            let sent = tags(format, &random, count: 400)
            let path = "\(scratch.path)/x"
            _ = try write(path, options(format), sent, cuts: 1)
            let named: Bool? =
                switch format {
                case .tdc1Raw, .swabianDump, .beckerHickl, .quTAG(.raw): nil
                default: true
                }
            guard named != nil else { continue }
            #expect(try ReadOut(path).metadata.format == format, "\(format.name)")
        }
    }
}

extension TagFormat {
    /// Whether a file without tags has no byte, which no reader takes for a file.
    fileprivate var isEmptyWithoutTags: Bool {
        switch self {
        case .qcrypto, .quTAG(.raw), .tdc1Raw, .swabianDump: true
        default: false
        }
    }
}
