import QKDCore

/// Writes tags as a PicoQuant PTU file, T2 or T3, with the records of any of the instruments.
///
/// The file appears under its name, whole, in `finish`; a writer that is dropped before leaves nothing behind.
/// The same tags with the same options give the same bytes. One owner.
public final class PTUWriter: TagWriter {
    /// What the file is to be.
    public let options: PTUWriteOptions
    /// What was taken so far.
    public var counts: TagWriteCounts { progress.counts }

    /// The most overflow records that a gap between two tags may need: 400 MB of file.
    public static let maximumOverflowRecords: Int64 = 100_000_000

    private enum Encoder {
        case t2(PTUT2Encoder)
        case t3(PTUT3Encoder)
    }

    /// What changes with each tag; kept apart, so that a loop can hold it in registers.
    private struct Progress {
        var counts = TagWriteCounts()
        /// Ticks (T2) or syncs (T3) that the overflow records so far have added.
        var base: Int64 = 0
        var lastTimePS = Int64.min
        var latestPS: Int64 = 0
    }

    private let encoder: Encoder
    private let file: AtomicFile
    private var fingerprint = PTUFingerprint()
    private var buffer: [UInt32] = []
    private var progress = Progress()

    private static let bufferRecords = 16_384

    /// Starts a file that will be called `path`; `mode` is its permissions.
    ///
    /// Throws `outOfRange` or `invalidInput` for options that make no file, and what the system says.
    public init(path: String, options: PTUWriteOptions, mode: UInt32 = 0o600) throws {
        try options.validate(path: path)
        self.options = options
        encoder = options.recordType.isT2 ? .t2(PTUT2Encoder(options)) : .t3(PTUT3Encoder(options))
        file = try AtomicFile(path: path, mode: mode)
        buffer.reserveCapacity(Self.bufferRecords)
        try options.header(guid: fingerprint.guid, acquisitionMS: 0, records: 0).withUnsafeBytes { try file.write($0) }
    }

    /// Adds tags with times from 0 on, rounded to the resolution.
    ///
    /// Channels are those of the record type, 64 for a sync (not in T3, nor for PicoHarp 300) and 64 + m for a
    /// marker with the mask m. A record cannot lie before the last overflow; tags out of order are taken as long
    /// as they need not. Throws `outOfRange` for another channel or time or a gap that would need more than
    /// `maximumOverflowRecords`, `invalidInput` for a tag too far out of order, both after having taken the tags
    /// before it, and what the system says when the disk is full.
    public func append(_ batch: TagBatch) throws {
        do {
            switch encoder {
            case .t2(let encoder): try append(batch, with: encoder)
            case .t3(let encoder): try append(batch, with: encoder)
            }
        } catch let refusal as PTURefusal {
            throw QKDError(refusal.kind, refusal.message, at: .init(file.path, field: refusal.field))
        }
        progress.counts.unmarkedHoles += batch.holes.count
    }

    /// Writes what is left and the numbers of the header, makes the file lasting and gives it its name.
    public func finish() throws {
        var rest: [UInt32] = []
        swap(&rest, &buffer)
        try flush(&rest)
        let latestPS = progress.latestPS
        // Rounded up: a measurement with tags takes time.
        let acquisitionMS = latestPS / 1_000_000_000 + (latestPS % 1_000_000_000 == 0 ? 0 : 1)
        fingerprint.add(bytes: options.header(guid: "", acquisitionMS: acquisitionMS, records: counts.records))
        let header = options.header(
            guid: fingerprint.guid, acquisitionMS: acquisitionMS, records: counts.records)
        try header.withUnsafeBytes { try file.overwrite(at: 0, $0) }
        try file.commit()
    }

    /// Gives the file up and removes what was written.
    public func abandon() {
        file.abandon()
    }

    /// Does nothing: what a PTU file holds is told by its header, which is finished last.
    public func flush() {}

    /// Gives the file up, for the same reason.
    public func salvage() throws {
        abandon()
        throw QKDError(.io, "a PTU file that could not be written was given up", at: .init(file.path))
    }

    private func append(_ batch: TagBatch, with encoder: some PTURecordEncoder) throws {
        let type = options.recordType
        let overflowTicks = type.overflowTicks
        let inputs = type.inputChannels
        let specials = (type.isT2 && !type.isPicoHarp ? PTUSpecials.syncChannel : 65)...79
        let maximumTick = PTUEpoch.maximumBase(type, encoder.tickScale)
        let maximumTimePS = encoder.tickScale.picoseconds(maximumTick)
        var (progress, buffer) = (progress, [UInt32]())
        swap(&buffer, &self.buffer)
        defer {
            self.progress = progress
            self.buffer = buffer
        }
        for index in 0..<batch.count {
            let (time, channel) = (batch.times[index], batch.channels[index])
            guard inputs.contains(channel) || specials.contains(channel) else { throw wrongChannel(channel) }
            guard time >= 0, time < maximumTimePS else {
                throw PTURefusal(
                    kind: .outOfRange, field: "time",
                    message: "\(type.title) records hold times from 0 to \(maximumTimePS) ps, not \(time) ps")
            }
            let (tick, bits) = try encoder.place(time, channel)
            var ticks = tick - progress.base
            if ticks < 0 { throw tooLate(time, after: progress.latestPS) }
            if ticks >= overflowTicks {
                try writeOverflows(ticks / overflowTicks, &progress, &buffer)
                ticks = tick - progress.base
            }
            try put(bits | UInt32(truncatingIfNeeded: ticks), &progress, &buffer)
            if time < progress.lastTimePS { progress.counts.inversions += 1 }
            progress.lastTimePS = time
            progress.latestPS = max(progress.latestPS, time)
            progress.counts.tags += 1
        }
    }

    private func wrongChannel(_ channel: UInt8) -> PTURefusal {
        let type = options.recordType
        let inputs = "\(type.inputChannels.lowerBound) to \(type.inputChannels.upperBound)"
        let message =
            channel == PTUSpecials.syncChannel
            ? "\(type.title) has no record for a sync event (channel 64)"
            : "\(type.title) records hold the inputs \(inputs) and markers (65 to 79), not channel \(channel)"
        return PTURefusal(kind: .outOfRange, field: "channel", message: message)
    }

    private func tooLate(_ timePS: Int64, after latestPS: Int64) -> PTURefusal {
        PTURefusal(
            kind: .invalidInput, field: "time",
            message: "tags out of order by \(latestPS - timePS) ps at \(timePS) ps, across an overflow record; "
                + "sort them first")
    }

    /// Writes the records for a number of overflows, or none if it were too many.
    private func writeOverflows(_ number: Int64, _ progress: inout Progress, _ buffer: inout [UInt32]) throws {
        let type = options.recordType
        let most = type.maximumOverflowsPerRecord
        guard (number - 1) / most < Self.maximumOverflowRecords else {
            throw PTURefusal(
                kind: .outOfRange, field: "time",
                message: "the gap to this tag would need \((number - 1) / most + 1) overflow records "
                    + "of \(type.title)")
        }
        var left = number
        while left > 0 {
            let part = min(left, most)
            try put(type.overflowRecord | (type.countsOverflows ? UInt32(part) : 0), &progress, &buffer)
            progress.base += part * type.overflowTicks
            left -= part
        }
    }

    @inline(__always)
    private func put(_ record: UInt32, _ progress: inout Progress, _ buffer: inout [UInt32]) throws {
        buffer.append(record.littleEndian)
        progress.counts.records += 1
        if buffer.count >= Self.bufferRecords { try flush(&buffer) }
    }

    private func flush(_ buffer: inout [UInt32]) throws {
        fingerprint.add(buffer)
        try buffer.withUnsafeBytes { try file.write($0) }
        buffer.removeAll(keepingCapacity: true)
    }
}
