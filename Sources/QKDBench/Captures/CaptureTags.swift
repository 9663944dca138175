import QKDCore
import QKDKernels
import QKDTimeTags

/// A tag file as it is read: tags of the wanted inputs only, in time order, and what the file was so far.
///
/// Some that were taken can be put back, to come once more. One owner, one thread; it blocks, and looks for a cancelled
/// task between batches.
public final class CaptureTags: TagReader {
    public var metadata: TagFileMetadata { reader.metadata }
    public var counts: TagRecordCounts { reader.counts }
    /// Share of the file that is read, 0 to 1; `nil` where the size is not known.
    public var progress: Double? { reader.progress }
    /// The inputs that are wanted.
    public let channels: Set<UInt8>

    private let reader: TagFileReader
    private var reorderer: TagReorderer
    private let isWanted: [Bool]
    private var raw = TagBatch()
    private var byChannel = [Int](repeating: 0, count: 256)
    private var isOver = false
    /// What has been read, or was put back, and how much of it has been given out.
    private var waiting = TagBatch()
    private var place = 0
    private var mappedTags = 0
    private var firstPS: Int64?
    /// The latest time so far, ps.
    public private(set) var lastPS: Int64 = 0
    private var holes: [TagHole.Cause: Int] = [:]

    /// A batch has so many tags at most, and reaches over so much time, ps, that who takes it can soon stop.
    private static let batchTags = 8_192
    private static let batchPS = 50 * Picoseconds.perMillisecond

    /// Opens a file; throws what `TagFileReader` throws.
    public init(
        path: String, format: TagFormat? = nil, channels: Set<UInt8>,
        reorderWindowPS: Int64 = TagFile.defaultReorderWindowPS
    ) throws {
        reader = try TagFileReader(path: path, format: format)
        self.channels = channels
        reorderer = TagReorderer(windowPS: reorderWindowPS)
        isWanted = (0..<256).map { channels.contains(UInt8($0)) }
    }

    public func nextBatch() throws -> TagBatch? {
        var batch = TagBatch()
        return try next(into: &batch) ? batch : nil
    }

    public func next(into batch: inout TagBatch) throws -> Bool {
        batch.removeAll()
        while place == waiting.count, waiting.holes.isEmpty {
            guard try read() else { return false }
        }
        let end = endOfBatch
        batch.times.append(contentsOf: waiting.times[place..<end])
        batch.channels.append(contentsOf: waiting.channels[place..<end])
        // A hole behind the last tag goes with it.
        let isLast = end == waiting.count
        batch.holes = waiting.holes.filter { isLast || $0.beforeIndex < end }.map {
            TagHole(beforeIndex: $0.beforeIndex - place, cause: $0.cause, afterPS: $0.afterPS)
        }
        waiting.holes.removeFirst(batch.holes.count)
        place = end
        return true
    }

    private var endOfBatch: Int {
        guard place < waiting.count else { return place }
        let first = waiting.times[place]
        return min(place + Self.batchTags, waiting.range(fromPS: first, toPS: first + Self.batchPS + 1).upperBound)
    }

    /// Reads on where all has been given out; `false` at the end.
    private func read() throws -> Bool {
        waiting.removeAll()
        place = 0
        guard !isOver else { return false }
        guard !Task.isCancelled else {
            throw QKDError(.interrupted, "stopped after \(counts.records) records", at: .init(metadata.path))
        }
        if try reader.next(into: &raw) {
            raw.channels.withUnsafeBufferPointer { channels in
                byChannel.withUnsafeMutableBufferPointer { ChannelKernel.count(channels, into: $0) }
            }
            keep(reorderer.add(raw), in: &waiting)
        } else {
            isOver = true
            keep(reorderer.finish(), in: &waiting)
        }
        note(waiting)
        return true
    }

    /// Has tags come once more, before all others; they were the last to come, and their holes have been told.
    public func putBack(_ tags: TagBatch) {
        var rest = TagBatch(times: tags.times, channels: tags.channels)
        waiting.holes = waiting.holes.map {
            TagHole(beforeIndex: $0.beforeIndex - place, cause: $0.cause, afterPS: $0.afterPS)
        }
        waiting.times.removeFirst(place)
        waiting.channels.removeFirst(place)
        rest.append(waiting)
        waiting = rest
        place = 0
    }

    private func keep(_ batch: TagBatch, in tags: inout TagBatch) {
        if batch.holes.isEmpty, batch.channels.allSatisfy({ isWanted[Int($0)] }) {
            tags.times.append(contentsOf: batch.times)
            tags.channels.append(contentsOf: batch.channels)
            return
        }
        var holes = batch.holes[...]
        for index in 0...batch.count {
            while let hole = holes.first, hole.beforeIndex <= index {
                tags.holes.append(TagHole(beforeIndex: tags.count, cause: hole.cause, afterPS: hole.afterPS))
                holes.removeFirst()
            }
            guard index < batch.count, isWanted[Int(batch.channels[index])] else { continue }
            tags.append(timePS: batch.times[index], channel: batch.channels[index])
        }
    }

    private func note(_ batch: TagBatch) {
        mappedTags += batch.count
        if firstPS == nil { firstPS = batch.times.first }
        lastPS = batch.times.last ?? lastPS
        for hole in batch.holes { holes[hole.cause, default: 0] += 1 }
    }

    /// What the file was so far.
    public var facts: CaptureFacts {
        var facts = CaptureFacts(
            file: metadata.path, format: metadata.format.name, formatGuessed: metadata.formatIsGuessed,
            resolutionPS: metadata.resolutionPS)
        facts.tags = counts.tags
        facts.mappedTags = mappedTags
        facts.channels = byChannel.indices.filter { byChannel[$0] > 0 }.map {
            CaptureFacts.Channel(channel: UInt8($0), tags: byChannel[$0])
        }
        if let firstPS { facts.spanSeconds = Picoseconds.seconds(lastPS - firstPS) }
        facts.reordered = reorderer.reorderedTags
        facts.late = reorderer.lateTags
        facts.otherRecords = counts.syncs + counts.markers + counts.illegal
        facts.holes = TagHole.Cause.allCases.compactMap { cause in
            holes[cause].map { CaptureFacts.Holes(cause: cause.rawValue, count: $0) }
        }
        return facts
    }

    /// What to say of a file that has none of the wanted inputs.
    public var nothingMapped: QKDError {
        let found = facts.channels.map { "\($0.channel)" }.joined(separator: ", ")
        let wanted = channels.sorted().map(String.init).joined(separator: ", ")
        return QKDError(
            .invalidInput, "no tag of the map's inputs \(wanted); the file has inputs \(found)",
            at: .init(metadata.path, field: "channel"))
    }
}
