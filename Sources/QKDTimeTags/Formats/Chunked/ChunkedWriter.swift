import QKDCore

/// Writes the toolkit's own tag files, chunk by chunk.
///
/// Every chunk is whole on the disk's side of the system once it is written; `finish` adds the index. One owner.
public final class ChunkedWriter: TagWriter {
    public private(set) var counts = TagWriteCounts()

    private let file: AtomicFile
    private var held = TagBatch()
    private var index = LittleEndianBytes()
    private var chunks = 0
    private var offset = 0
    private var lastPS = Int64.min

    /// Tags in a chunk, unless `flush` ends it before.
    static let chunkTags = 1 << 14

    /// Starts a file; `notes` are written into its header, sorted by name. Names hold no `=` and no line end.
    ///
    /// With `keepsPartial` the file has its name from the start, must not exist yet, and stays when it is given up.
    public init(path: String, notes: [String: String] = [:], mode: UInt32 = 0o600, keepsPartial: Bool = false) throws {
        file = try AtomicFile(path: path, mode: mode, keepsPartial: keepsPartial)
        let text = notes.sorted { $0.key < $1.key }.map { name, value in
            "\(name.filter { $0 != "=" && !$0.isNewline })=\(value.filter { !$0.isNewline })\n"
        }
        let note = Array(text.joined().utf8)
        guard note.count <= ChunkedFile.maximumNoteBytes else {
            throw QKDError(.outOfRange, "\(note.count) bytes of metadata are too many", at: .init(path))
        }
        var header = LittleEndianBytes(bytes: ChunkedFile.magic)
        header.put(UInt32(note.count))
        header.put(ChunkedFile.checksum(note))
        try write(header.bytes + note)
    }

    public func append(_ batch: TagBatch) throws {
        for time in batch.times {
            if time < lastPS { counts.inversions += 1 }
            lastPS = time
        }
        counts.tags += batch.count
        held.append(batch)
        while held.count >= Self.chunkTags { try writeChunk(Self.chunkTags) }
    }

    /// Writes what is held as a chunk of its own, so that a cut from here on costs nothing of it.
    public func flush() throws {
        while held.count > 0 || !held.holes.isEmpty { try writeChunk(min(held.count, Self.chunkTags)) }
    }

    public func finish() throws {
        try flush()
        let start = offset
        var block = LittleEndianBytes()
        block.put(ChunkedFile.indexMark)
        block.put(UInt32(chunks))
        block.put(UInt64(counts.tags))
        block.bytes += index.bytes
        block.put(ChunkedFile.checksum(block.bytes))
        block.put(UInt64(start))
        try write(block.bytes + ChunkedFile.endMagic)
        try file.commit()
    }

    public func abandon() { file.abandon() }

    public func salvage() throws {
        counts.tags -= held.count
        held = TagBatch()
        try finish()
    }

    private func writeChunk(_ tags: Int) throws {
        // A hole behind the last tag goes with this chunk if nothing else is held.
        let goes: (TagHole) -> Bool = { $0.beforeIndex < tags || $0.beforeIndex == tags && tags == self.held.count }
        let holes = Array(held.holes.filter(goes).prefix(ChunkedFile.maximumHoles))
        let times = held.times[..<tags]
        var payload = LittleEndianBytes()
        payload.bytes.reserveCapacity(tags * 9)
        for time in times { payload.put(time) }
        payload.bytes += held.channels[..<tags]
        for hole in holes {
            payload.put(UInt32(hole.beforeIndex))
            payload.put(UInt8(TagHole.Cause.allCases.firstIndex(of: hole.cause) ?? 0))
            payload.put(UInt8(hole.afterPS == nil ? 0 : 1))
            payload.put(UInt16(0))
            payload.put(hole.afterPS ?? 0)
        }
        let header = ChunkHeader(
            tags: tags, holes: holes.count, payloadChecksum: ChunkedFile.checksum(payload.bytes),
            earliestPS: times.min() ?? 0, latestPS: times.max() ?? 0)
        let start = offset
        try write(header.bytes + payload.bytes)
        index.put(UInt64(start))
        index.put(UInt32(tags))
        index.put(UInt32(holes.count))
        index.put(header.earliestPS)
        index.put(header.latestPS)
        chunks += 1
        counts.records += 1
        let rest = held.holes.dropFirst(holes.count).map {
            TagHole(beforeIndex: $0.beforeIndex - tags, cause: $0.cause, afterPS: $0.afterPS)
        }
        held.times.removeFirst(tags)
        held.channels.removeFirst(tags)
        held.holes = rest
    }

    private func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try file.write($0) }
        offset += bytes.count
    }
}
