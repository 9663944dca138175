import QKDCore
import QKDTimeTags

/// The files of a capture: one, or one after the other.
struct CaptureFiles {
    private(set) var outcome = CaptureOutcome()
    private let options: CaptureOptions
    private var writer: (any TagWriter)?
    private var fileTags = 0
    private var fileStartPS: Int64?
    private var firstPS: Int64?
    private var lastPS = Int64.min
    private var channels = [Int](repeating: 0, count: 256)
    private var lastFlush = ContinuousClock.now

    init(_ options: CaptureOptions) throws {
        self.options = options
        try begin()
    }

    /// From the first tag to the last, seconds.
    var spanS: Double { firstPS.map { lastPS >= $0 ? Picoseconds.seconds(lastPS - $0) : 0 } ?? 0 }

    private var rotates: Bool { options.rotatePS != nil || options.rotateTags != nil }

    private mutating func begin() throws {
        let path = rotates ? Self.numbered(options.path, outcome.files.count + 1) : options.path
        writer = try TagFileWriter.open(path: path, options.output)
        outcome.files.append(path)
        fileTags = 0
        fileStartPS = nil
    }

    /// `name.ext` becomes `name-0001.ext`.
    static func numbered(_ path: String, _ number: Int) -> String {
        let digits = String(number)
        let text = "-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let dot = path[name...].lastIndex(of: "."), dot > name else { return path + text }
        return path[..<dot] + text + path[dot...]
    }

    /// Takes a batch; says whether the capture has all that it was to have.
    mutating func take(_ batch: TagBatch) throws -> CaptureEnd? {
        for hole in batch.holes { outcome.holes[hole.cause.rawValue, default: 0] += 1 }
        if firstPS == nil { firstPS = batch.times.first }
        let (count, end) = wanted(batch)
        var from = 0
        while from < count || from == 0 && !batch.holes.isEmpty {
            let to = rotationIndex(batch, from: from, to: count)
            if to == from, from < count {
                try writer?.finish()
                try begin()
                continue
            }
            try write(batch, from, to, isLast: to == count)
            from = to
            if count == 0 { break }
        }
        if ContinuousClock.now - lastFlush > .seconds(1) {
            lastFlush = .now
            try writer?.flush()
        }
        return end
    }

    /// How many of the batch's tags belong to the capture, and whether it ends with them.
    private func wanted(_ batch: TagBatch) -> (Int, CaptureEnd?) {
        var count = batch.count
        var end: CaptureEnd?
        if let duration = options.durationPS, let first = firstPS,
            let past = batch.times.firstIndex(where: { $0 >= first && $0 - first >= duration })
        {
            (count, end) = (past, .duration)
        }
        if let limit = options.tags, outcome.tags + count >= limit { (count, end) = (limit - outcome.tags, .tags) }
        return (count, end)
    }

    /// How far the batch goes into the file that is open.
    private mutating func rotationIndex(_ batch: TagBatch, from: Int, to: Int) -> Int {
        guard from < to else { return to }
        if fileStartPS == nil { fileStartPS = batch.times[from] }
        var end = to
        if let most = options.rotateTags { end = min(end, from + most - fileTags) }
        if let length = options.rotatePS, let start = fileStartPS,
            let past = batch.times[from..<end].firstIndex(where: { $0 >= start && $0 - start >= length })
        {
            end = past
        }
        return end
    }

    private mutating func write(_ batch: TagBatch, _ from: Int, _ to: Int, isLast: Bool) throws {
        let holes = batch.holes.filter { $0.beforeIndex >= from && ($0.beforeIndex < to || isLast) }
        let part = TagBatch(
            times: Array(batch.times[from..<to]), channels: Array(batch.channels[from..<to]),
            holes: holes.map {
                TagHole(beforeIndex: min($0.beforeIndex, to) - from, cause: $0.cause, afterPS: $0.afterPS)
            })
        for index in from..<to {
            channels[Int(batch.channels[index])] += 1
            if batch.times[index] < lastPS { outcome.inversions += 1 }
            lastPS = batch.times[index]
        }
        outcome.tags += part.count
        fileTags += part.count
        try writer?.append(part)
    }

    /// Finishes the file that is open; after a failure, with what could be written.
    mutating func finish(afterFailure: Bool) throws {
        defer { sumUp() }
        guard let writer else { return }
        self.writer = nil
        do {
            guard !afterFailure else { throw QKDError(.io, "a write failed before") }
            try writer.finish()
        } catch {
            let before = writer.counts.tags
            do {
                try writer.salvage()
            } catch {
                writer.abandon()
                throw error
            }
            outcome.unwrittenTags = fileTags - min(before, writer.counts.tags)
            outcome.tags -= outcome.unwrittenTags
            if !afterFailure { throw error }
        }
    }

    private mutating func sumUp() {
        for (channel, count) in channels.enumerated() where count > 0 { outcome.channels["\(channel)"] = count }
        outcome.spanS = spanS
    }
}
