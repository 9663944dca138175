import QKDCore

/// Reads the toolkit's own tag files, also one that was cut or damaged.
final class ChunkedReader: TagReader {
    private(set) var metadata: TagFileMetadata
    private(set) var counts = TagRecordCounts()

    private let source: FileSource
    private var pendingFailure: QKDError?
    private var isFinished = false
    private var lastPS: Int64?
    /// A chunk before the next was damaged and left out.
    private var skipped = false

    init(_ source: FileSource, _ metadata: TagFileMetadata) throws {
        self.source = source
        self.metadata = metadata
        self.metadata.recordType = "chunk of tags"
        let start = source.offset
        guard let head = try source.take(16) else { throw Self.cut(source, "inside its header") }
        guard head.starts(with: ChunkedFile.magic) else {
            throw QKDError(.invalidInput, "not a file of qkdtags", at: .init(source.path, byteOffset: start))
        }
        let (length, checksum) = head.withUnsafeBytes {
            (Self.word($0, 8), Self.word($0, 12))
        }
        guard length <= ChunkedFile.maximumNoteBytes else {
            throw QKDError(
                .outOfRange, "\(length) bytes of metadata", at: .init(source.path, byteOffset: 8, field: "metadata"))
        }
        guard let note = try source.take(Int(length)) else { throw Self.cut(source, "inside its metadata") }
        guard ChunkedFile.checksum(note) == checksum else {
            throw QKDError(
                .invalidInput, "the metadata is damaged", at: .init(source.path, byteOffset: 16, field: "metadata"))
        }
        for line in String(decoding: note, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            self.metadata.notes[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        if let text = self.metadata.notes["resolution_ps"], let resolution = Double(text) {
            self.metadata.resolutionPS = resolution
        }
        self.metadata.dataOffsetBytes = source.offset
    }

    func nextBatch() throws -> TagBatch? {
        guard !isFinished else {
            if let failure = pendingFailure {
                pendingFailure = nil
                throw failure
            }
            return nil
        }
        do {
            return try nextChunk()
        } catch {
            isFinished = true
            // What was damaged before is the first thing to tell.
            let first = pendingFailure
            pendingFailure = nil
            throw first ?? error
        }
    }

    /// The next chunk's tags; an empty batch where a damaged chunk was left out, and at the index.
    private func nextChunk() throws -> TagBatch {
        let offset = source.offset
        let loaded = try source.fill(atLeast: ChunkedFile.chunkHeaderBytes)
        if loaded >= 4, Self.word(source.loaded, 0) == ChunkedFile.indexMark {
            try checkEnd()
            isFinished = true
            return endHole()
        }
        guard loaded >= ChunkedFile.chunkHeaderBytes else {
            throw Self.cut(source, loaded == 0 ? "without its index" : "inside a chunk", counts.records)
        }
        guard let header = ChunkHeader(source.loaded) else {
            note("a chunk's header is damaged: the chunk was left out, the others were read", offset)
            try findNextPart()
            return TagBatch()
        }
        source.consume(ChunkedFile.chunkHeaderBytes)
        guard let payload = try source.take(header.payloadBytes) else {
            throw Self.cut(source, "inside a chunk", counts.records)
        }
        guard ChunkedFile.checksum(payload) == header.payloadChecksum else {
            note("a chunk of \(header.tags) tags is damaged and was left out; the others were read", offset)
            counts.illegal += header.tags
            return TagBatch()
        }
        return decode(payload, header)
    }

    /// Remembers the first damage, to be thrown at the end.
    private func note(_ message: String, _ offset: Int) {
        skipped = true
        guard pendingFailure == nil else { return }
        pendingFailure = QKDError(
            .dataLoss, message, at: .init(source.path, byteOffset: offset, field: "chunk \(counts.records)"))
    }

    /// Goes on to the next chunk whose header is good, to the index, or to the end.
    private func findNextPart() throws {
        source.consume(1)
        while try source.fill(atLeast: ChunkedFile.chunkHeaderBytes) >= ChunkedFile.chunkHeaderBytes {
            let bytes = source.loaded
            for position in 0...(bytes.count - ChunkedFile.chunkHeaderBytes) {
                let mark = Self.word(bytes, position)
                guard mark == ChunkedFile.chunkMark || mark == ChunkedFile.indexMark else { continue }
                let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
                guard mark == ChunkedFile.indexMark || ChunkHeader(rest) != nil else { continue }
                source.consume(position)
                return
            }
            source.consume(bytes.count - ChunkedFile.chunkHeaderBytes + 1)
        }
        source.consume(source.loaded.count)
    }

    private func decode(_ payload: [UInt8], _ header: ChunkHeader) -> TagBatch {
        let count = header.tags
        var batch = payload.withUnsafeBytes { bytes in
            TagBatch(
                times: (0..<count).map {
                    Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 &* 8, as: Int64.self))
                },
                channels: Array(bytes[(count * 8)..<(count * 9)]))
        }
        if skipped {
            batch.holes.append(TagHole(beforeIndex: 0, cause: .damagedFile, afterPS: lastPS))
            skipped = false
        }
        payload.withUnsafeBytes { bytes in
            for hole in 0..<header.holes {
                let at = count * 9 + hole * ChunkedFile.holeBytes
                let causes = TagHole.Cause.allCases
                let cause = Int(bytes[at + 4])
                batch.holes.append(
                    TagHole(
                        beforeIndex: min(Int(Self.word(bytes, at)), count),
                        cause: cause < causes.count ? causes[cause] : .misalignment,
                        afterPS: bytes[at + 5] == 0
                            ? nil : Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 8, as: Int64.self))))
            }
        }
        counts.records += 1
        counts.tags += count
        lastPS = batch.times.last ?? lastPS
        return batch
    }

    /// A damaged last chunk is a hole at the end.
    private func endHole() -> TagBatch {
        guard skipped else { return TagBatch() }
        skipped = false
        return TagBatch(times: [], channels: [], holes: [TagHole(beforeIndex: 0, cause: .damagedFile, afterPS: lastPS)])
    }

    /// Holds the index's number of tags against what was read.
    private func checkEnd() throws {
        let offset = source.offset
        guard let head = try source.take(16) else { throw Self.cut(source, "inside its index", counts.records) }
        let chunks = head.withUnsafeBytes { Int(Self.word($0, 4)) }
        let length = chunks * ChunkedFile.indexEntryBytes + 4
        var checksum = head.withUnsafeBytes { ChunkedFile.checksum($0) }
        var left = length - 4
        while left > 0 {
            let part = min(left, 1 << 16)
            guard let bytes = try source.take(part) else { throw Self.cut(source, "inside its index", counts.records) }
            checksum = bytes.withUnsafeBytes { ChunkedFile.checksum($0, from: checksum) }
            left -= part
        }
        guard let tail = try source.take(4 + 16) else { throw Self.cut(source, "inside its index", counts.records) }
        let stated = tail.withUnsafeBytes { Self.word($0, 0) }
        guard stated == checksum, tail.suffix(8).elementsEqual(ChunkedFile.endMagic) else {
            throw QKDError(
                .invalidInput, "the index is damaged; all \(counts.records) chunks are good",
                at: .init(source.path, byteOffset: offset, field: "index"))
        }
        guard try source.fill(atLeast: 1) == 0 else {
            throw QKDError(
                .invalidInput, "bytes follow the end; they were not read",
                at: .init(source.path, byteOffset: source.offset, field: "index"))
        }
    }

    private static func cut(_ source: FileSource, _ place: String, _ chunks: Int = 0) -> QKDError {
        QKDError(
            .dataLoss, "the file ends \(place); \(chunks) whole chunks are good",
            at: .init(source.path, byteOffset: source.offset))
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
