import Foundation
import QKDCore
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

    /// What a user should know of the file.
    var warnings: [String] {
        var warnings = holes.map { "\(file): \($0.count) holes in the tags: \($0.cause)" }
        if late > 0 {
            warnings.append(
                "\(file): \(late) tags came too far out of order and were left out; "
                    + "'qkdctl tags convert --sort-ps' puts them in order")
        }
        return warnings
    }
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
        let source = try CaptureTags(
            path: path, format: format, channels: channels, reorderWindowPS: reorderWindowPS)
        let meta = source.metadata
        // Room that is reserved and not used costs addresses and no memory; growing would cost twice the tags.
        let room = meta.fileBytes.map { min(maximumTags, $0 / max(4, meta.recordBytes)) } ?? 0
        var tags = TagBatch(capacity: room)
        var batch = TagBatch()
        while try source.next(into: &batch) {
            tags.append(batch)
            try checkSize(tags, source)
            progress(source.progress ?? 0)
        }
        guard !tags.isEmpty else { throw source.nothingMapped }
        return LoadedCapture(tags: tags, facts: source.facts)
    }

    private func checkSize(_ tags: TagBatch, _ source: CaptureTags) throws {
        guard tags.count > maximumTags else { return }
        let share = source.progress.map { ", \(Int($0 * 100)) % of the file" } ?? ""
        throw QKDError(
            .outOfRange,
            "\(tags.count) tags so far\(share): this machine's memory holds \(maximumTags) of each capture; "
                + "cut both into shorter stretches", at: .init(source.metadata.path))
    }
}
