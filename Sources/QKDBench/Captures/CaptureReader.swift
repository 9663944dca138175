import Foundation
import QKDCore
import QKDKernels
import QKDTimeTags

/// What a capture's file was, beside its tags.
public struct CaptureFacts: Codable, Sendable, Equatable {
    /// Tags of one input.
    public struct Channel: Codable, Sendable, Equatable {
        /// The input's number.
        public var channel: UInt8
        /// How often it fired.
        public var tags: Int
    }

    /// Holes of one cause.
    public struct Holes: Codable, Sendable, Equatable {
        /// Why tags are missing.
        public var cause: String
        /// How many holes.
        public var count: Int
    }

    /// The path.
    public var file: String
    /// The format's name.
    public var format: String
    /// Whether the format was told by the values alone.
    public var formatGuessed: Bool
    /// The unit of the file's times, ps.
    public var resolutionPS: Double
    /// Tags in the file, of all inputs.
    public var tags = 0
    /// Those of inputs that were asked for.
    public var mappedTags = 0
    /// The inputs that fired, by number.
    public var channels: [Channel] = []
    /// From the first mapped tag to the last, seconds.
    public var spanSeconds = 0.0
    /// Tags that were put in order.
    public var reordered = 0
    /// Tags too far out of order, which were left out.
    public var late = 0
    /// Syncs, markers and undefined records, which are no tags.
    public var otherRecords = 0
    /// Places at which the source lost tags, by cause.
    public var holes: [Holes] = []

    /// All holes.
    public var holeCount: Int { holes.reduce(0) { $0 + $1.count } }
}

/// A capture in memory.
public struct LoadedCapture: Sendable {
    /// The tags of the wanted inputs in time order, with the file's holes.
    public var tags = TagBatch()
    /// What the file was.
    public var facts: CaptureFacts
}

/// Reads a whole tag file into memory, in time order: 9 bytes a tag.
///
/// A file that is damaged is refused: what is behind the damage is missing, and a key made of the rest would not
/// say so. It blocks, and looks for a cancelled task between batches.
public struct CaptureReader: Sendable {
    /// The inputs that are kept.
    public var channels: Set<UInt8>
    /// More kept tags than this are refused.
    public var maximumTags = CaptureReader.memoryLimitTags
    /// How far out of order a tag may come and still be put right, ps.
    public var reorderWindowPS = TagFile.defaultReorderWindowPS

    /// Keeps these inputs.
    public init(channels: Set<UInt8>) { self.channels = channels }

    /// What this machine's memory holds of one of two captures with all that sifting makes of a tag.
    public static var memoryLimitTags: Int {
        let tags = ProcessInfo.processInfo.physicalMemory / 4 / UInt64(bytesPerTag)
        return Int(min(tags, UInt64(UInt32.max)))
    }
    private static let bytesPerTag = 80

    /// Reads `path`; `progress` is told the share that is done, 0 to 1.
    ///
    /// Throws what opening throws, the damage where there is any, `outOfRange` for too many tags, `invalidInput`
    /// where no input that was asked for fired, and `interrupted`.
    public func read(
        path: String, format: TagFormat? = nil, progress: (Double) -> Void = { _ in }
    ) throws -> LoadedCapture {
        let reader = try TagFileReader(path: path, format: format)
        let meta = reader.metadata
        var capture = LoadedCapture(
            facts: CaptureFacts(
                file: path, format: meta.format.name, formatGuessed: meta.formatIsGuessed,
                resolutionPS: meta.resolutionPS))
        // Room that is reserved and not used costs addresses and no memory; growing would cost twice the tags.
        let room = meta.fileBytes.map { min(maximumTags, $0 / max(4, meta.recordBytes)) } ?? 0
        capture.tags = TagBatch(capacity: room)
        var reorderer = TagReorderer(windowPS: reorderWindowPS)
        var counts = [Int](repeating: 0, count: 256)
        while let batch = try next(reader) {
            batch.channels.withUnsafeBufferPointer { channels in
                counts.withUnsafeMutableBufferPointer { ChannelKernel.count(channels, into: $0) }
            }
            keep(reorderer.add(batch), in: &capture.tags)
            try checkSize(capture, reader)
            progress(reader.progress ?? 0)
        }
        keep(reorderer.finish(), in: &capture.tags)
        try checkSize(capture, reader)
        capture.facts.tags = reader.counts.tags
        capture.facts.otherRecords = reader.counts.syncs + reader.counts.markers + reader.counts.illegal
        capture.facts.reordered = reorderer.reorderedTags
        capture.facts.late = reorderer.lateTags
        sumUp(&capture, counts)
        guard !capture.tags.isEmpty else {
            let found = capture.facts.channels.map { "\($0.channel)" }.joined(separator: ", ")
            let wanted = channels.sorted().map(String.init).joined(separator: ", ")
            throw QKDError(
                .invalidInput, "no tag of the map's inputs \(wanted); the file has inputs \(found)",
                at: .init(path, field: "channel"))
        }
        return capture
    }

    private func next(_ reader: TagFileReader) throws -> TagBatch? {
        let path = reader.metadata.path
        guard !Task.isCancelled else {
            throw QKDError(.interrupted, "stopped after \(reader.counts.records) records", at: .init(path))
        }
        return try reader.nextBatch()
    }

    private func checkSize(_ capture: LoadedCapture, _ reader: TagFileReader) throws {
        guard capture.tags.count > maximumTags else { return }
        let share = reader.progress.map { ", \(Int($0 * 100)) % of the file" } ?? ""
        throw QKDError(
            .outOfRange,
            "\(capture.tags.count) tags so far\(share): this machine's memory holds \(maximumTags) of each capture; "
                + "cut both into shorter stretches",
            at: .init(reader.metadata.path))
    }

    private func keep(_ batch: TagBatch, in tags: inout TagBatch) {
        var wanted = [Bool](repeating: false, count: 256)
        for channel in channels { wanted[Int(channel)] = true }
        var holes = batch.holes[...]
        for index in 0...batch.count {
            while let hole = holes.first, hole.beforeIndex <= index {
                tags.holes.append(TagHole(beforeIndex: tags.count, cause: hole.cause, afterPS: hole.afterPS))
                holes.removeFirst()
            }
            guard index < batch.count, wanted[Int(batch.channels[index])] else { continue }
            tags.append(timePS: batch.times[index], channel: batch.channels[index])
        }
    }

    private func sumUp(_ capture: inout LoadedCapture, _ counts: [Int]) {
        let tags = capture.tags
        capture.facts.mappedTags = tags.count
        capture.facts.channels = counts.indices.filter { counts[$0] > 0 }.map {
            CaptureFacts.Channel(channel: UInt8($0), tags: counts[$0])
        }
        if let first = tags.times.first, let last = tags.times.last {
            capture.facts.spanSeconds = Picoseconds.seconds(last - first)
        }
        for cause in TagHole.Cause.allCases {
            let count = tags.holes.reduce(0) { $0 + ($1.cause == cause ? 1 : 0) }
            if count > 0 { capture.facts.holes.append(.init(cause: cause.rawValue, count: count)) }
        }
    }
}
