import CZlib
import QKDCore

/// The layout of the toolkit's own tag files; `docs/tag-formats.md` has the table.
///
/// A header with metadata, then chunks that stand for themselves, then an index. Every part has a CRC-32, so
/// that a file cut by a power failure is good to the last whole chunk and a damaged chunk costs only itself.
enum ChunkedFile {
    /// The first bytes; the last is the version.
    static let magic: [UInt8] = [0x51, 0x4B, 0x44, 0x54, 0x41, 0x47, 0x53, 0x01]
    /// The last bytes of a finished file.
    static let endMagic: [UInt8] = [0x51, 0x4B, 0x44, 0x54, 0x45, 0x4E, 0x44, 0x01]
    /// `CHNK`
    static let chunkMark: UInt32 = 0x4B4E_4843
    /// `INDX`
    static let indexMark: UInt32 = 0x5844_4E49
    /// Most tags in a chunk.
    static let maximumTags = 1 << 20
    /// Most holes in a chunk.
    static let maximumHoles = 1 << 16
    /// Most bytes of metadata.
    static let maximumNoteBytes = 1 << 20
    static let chunkHeaderBytes = 40
    static let holeBytes = 16
    static let indexEntryBytes = 32

    /// CRC-32 as in zlib (polynomial 0x04C11DB7, reflected).
    static func checksum(_ bytes: UnsafeRawBufferPointer, from start: UInt32 = 0) -> UInt32 {
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return start }
        return UInt32(crc32_z(UInt(start), base, bytes.count))
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { checksum($0) } }
}

/// What a chunk's header says.
struct ChunkHeader: Equatable {
    var tags = 0
    var holes = 0
    var payloadChecksum: UInt32 = 0
    var earliestPS: Int64 = 0
    var latestPS: Int64 = 0

    var payloadBytes: Int { tags * 9 + holes * ChunkedFile.holeBytes }

    /// 0 mark, 4 tags, 8 holes, 12 CRC of the payload, 16 earliest, 24 latest, 32 CRC of the bytes before, 36 zero.
    var bytes: [UInt8] {
        var out = LittleEndianBytes()
        out.put(ChunkedFile.chunkMark)
        out.put(UInt32(tags))
        out.put(UInt32(holes))
        out.put(payloadChecksum)
        out.put(UInt64(bitPattern: earliestPS))
        out.put(UInt64(bitPattern: latestPS))
        out.put(ChunkedFile.checksum(out.bytes))
        out.put(UInt32(0))
        return out.bytes
    }

    init(tags: Int = 0, holes: Int = 0, payloadChecksum: UInt32 = 0, earliestPS: Int64 = 0, latestPS: Int64 = 0) {
        self.tags = tags
        self.holes = holes
        self.payloadChecksum = payloadChecksum
        self.earliestPS = earliestPS
        self.latestPS = latestPS
    }

    /// Parses `chunkHeaderBytes` bytes; `nil` if they are damaged.
    init?(_ bytes: UnsafeRawBufferPointer) {
        func word(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        func long(_ offset: Int) -> Int64 {
            Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
        }
        guard bytes.count >= ChunkedFile.chunkHeaderBytes, word(0) == ChunkedFile.chunkMark,
            word(32) == ChunkedFile.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<32])),
            word(4) <= ChunkedFile.maximumTags, word(8) <= ChunkedFile.maximumHoles
        else { return nil }
        self.init(
            tags: Int(word(4)), holes: Int(word(8)), payloadChecksum: word(12), earliestPS: long(16), latestPS: long(24)
        )
    }
}

/// Collects bytes, low byte first.
struct LittleEndianBytes {
    var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
