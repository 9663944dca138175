import QKDCore

/// Turns tags into a format's bytes; holds what carries over from one batch to the next.
protocol TagEncoder {
    /// The bytes before the first record.
    func header() -> [UInt8]
    /// Adds a batch's bytes; throws at the first tag that the format cannot hold, with those before it added.
    mutating func encode(
        _ batch: TagBatch, into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts) throws(TagFault)
    /// Adds what was held back.
    mutating func end(into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts)
}

extension TagEncoder {
    func header() -> [UInt8] { [] }
    mutating func end(into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts) {}
}

/// A tag that a format cannot hold.
struct TagFault: Error {
    var kind = QKDError.Kind.outOfRange
    var field: String
    var message: String
}

/// Writes a file through an encoder.
final class EncodingWriter<Encoder: TagEncoder>: TagWriter {
    private(set) var counts = TagWriteCounts()
    /// What the bytes in the file stand for.
    private var written = TagWriteCounts()
    private let file: AtomicFile
    private var encoder: Encoder
    private var buffer = LittleEndianBytes()

    private static var bufferBytes: Int { 1 << 18 }

    init(file: AtomicFile, _ encoder: Encoder) throws {
        self.file = file
        self.encoder = encoder
        buffer.bytes = encoder.header()
        try flush()
    }

    func append(_ batch: TagBatch) throws {
        var fault: TagFault?
        do throws(TagFault) {
            try encoder.encode(batch, into: &buffer, &counts)
        } catch {
            fault = error
        }
        if buffer.bytes.count >= Self.bufferBytes { try flush() }
        if let fault { throw QKDError(fault.kind, fault.message, at: .init(file.path, field: fault.field)) }
    }

    func finish() throws {
        encoder.end(into: &buffer, &counts)
        try flush()
        try file.commit()
    }

    func abandon() { file.abandon() }

    func flush() throws {
        try buffer.bytes.withUnsafeBytes { try file.write($0) }
        buffer.bytes.removeAll(keepingCapacity: true)
        written = counts
    }

    func salvage() throws {
        buffer.bytes.removeAll()
        counts = written
        try file.commit()
    }
}

/// Keeps count of steps back in time.
struct OrderWatch {
    private(set) var lastPS = Int64.min

    mutating func see(_ timePS: Int64, _ counts: inout TagWriteCounts) {
        if timePS < lastPS { counts.inversions += 1 }
        lastPS = timePS
        counts.tags += 1
    }
}
