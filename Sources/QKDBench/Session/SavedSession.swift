import Foundation
import QKDCore
import QKDTimeTags

/// What a replay needs besides the tags and the states.
public struct SavedSession: Sendable, Codable {
    /// The version of this layout.
    public var schema = "qkdctl.session/1"
    /// Tag time minus Alice's clock, as the hosts believed it; absent if no tag ever came.
    public var anchorPs: Int64?
    /// The tagger's unit of time, picoseconds.
    public var resolutionPs: Int64
    /// Holes in Bob's tags: the index of the tag before which each lies.
    public var holes: [SavedHole]
    /// What the report says of devices and randomness, kept so that a replay says the same.
    public var source: SessionSource
}

/// A hole in saved tags.
public struct SavedHole: Sendable, Codable {
    /// Index, over the whole session, of the tag before which tags are missing.
    public var beforeTag: Int
    /// Raw value of a `TagHole.Cause`.
    public var cause: String
    /// The last time known to be good, picoseconds on the tagger's clock; `nil` if none came before.
    public var afterPs: Int64?
}

/// Writes Bob's tags and Alice's states as they come.
final class TagFiles: @unchecked Sendable {
    // One owner: the session's state actor.
    private let path: String
    private var tags: QCryptoWriter?
    private var framesFile: AppendingFile?
    private var resolutionPS: Int64 = 0
    private var bobSeed: [UInt8] = []
    private var holes: [SavedHole] = []
    private var tagCount = 0
    var anchorPS: Int64?

    init(path: String) { self.path = path }

    func begin(bobSeed: [UInt8], resolutionPS: Int64) throws {
        self.bobSeed = bobSeed
        self.resolutionPS = resolutionPS
        let unit: QCryptoLayout.TimeUnit = resolutionPS % 2000 == 0 ? .ns2 : .ns256th
        tags = try QCryptoWriter(
            path: "\(path)/\(SessionFolder.Name.bobTags)", layout: .init(unit: unit), mode: 0o600)
        framesFile = try AppendingFile(path: "\(path)/\(SessionFolder.Name.aliceFrames)", mode: 0o600)
        try framesFile?.append(Array(AliceFrameFile.magic.utf8))
    }

    func save(_ frame: AliceFrame) throws { try framesFile?.append(AliceFrameFile.bytes(of: frame)) }

    func save(_ batch: TagBatch) throws {
        for hole in batch.holes {
            holes.append(
                SavedHole(beforeTag: tagCount + hole.beforeIndex, cause: hole.cause.rawValue, afterPs: hole.afterPS))
        }
        try tags?.append(batch)
        tagCount += batch.count
    }

    func finish(_ source: SessionSource) throws {
        let session = SavedSession(anchorPs: anchorPS, resolutionPs: resolutionPS, holes: holes, source: source)
        try tags?.finish()
        try framesFile?.finish()
        if !bobSeed.isEmpty {
            try SmallFile.write(bobSeed, to: "\(path)/\(SessionFolder.Name.bobSeed)", mode: 0o600)
        }
        try SmallFile.write(
            SessionJSON.encode(session), to: "\(path)/\(SessionFolder.Name.session)", mode: 0o644)
    }
}

/// A file that grows under another name and gets its own at the end.
final class AppendingFile {
    private let path: String
    private let descriptor: CInt
    private var named = false

    init(path: String, mode: mode_t) throws {
        self.path = path
        descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw QKDError(.io, "cannot write the file", code: errno, at: .init(path)) }
        fchmod(descriptor, mode)
    }

    func append(_ bytes: [UInt8]) throws { try SmallFile.writeAll(bytes, to: descriptor, path: path) }

    func finish() throws {
        guard fsync(descriptor) == 0, rename(path + ".part", path) == 0 else {
            throw QKDError(.io, "cannot finish the file", code: errno, at: .init(path))
        }
        named = true
    }

    deinit {
        close(descriptor)
        if !named { unlink(path + ".part") }
    }
}
