import QKDCore

/// A source of time tags that is read batch by batch, in memory that does not grow with its length.
public protocol TagReader: AnyObject {
    /// What is known before the records are read.
    var metadata: TagFileMetadata { get }
    /// What the records so far were.
    var counts: TagRecordCounts { get }
    /// The next tags, or `nil` at the end. A batch may be empty (a run of overflow records).
    ///
    /// Throws once at the place where the source is damaged, after having delivered all that is good
    /// before it; then it returns `nil`.
    func nextBatch() throws -> TagBatch?
}

/// Reads a tag file of any supported format and any size.
///
/// One owner, one thread: reading blocks.
public final class TagFileReader: TagReader {
    /// What the header says.
    public let metadata: TagFileMetadata

    private let source: FileSource
    private var decoder: any TagRecordDecoder
    private let batchRecords: Int
    /// An error to throw before the end, when the records in front of it have been delivered.
    private var pendingFailure: QKDError?
    private var isFinished = false

    /// Records in a batch if nothing else is asked for: a batch of tags then fits the second-level cache.
    public static let defaultBatchRecords = 1 << 16

    /// What the records so far were.
    public var counts: TagRecordCounts { decoder.counts }

    /// Opens `path` and reads its header.
    ///
    /// `format` is needed only for what has no magic number and cannot be told by its content. Throws
    /// `absent`, `permissionDenied`, `invalidInput`, `unsupported`, `outOfRange`, `dataLoss` (the file ends
    /// inside its header) or `io`, with the place. `specials` tells what becomes of the syncs and markers
    /// of a PTU file.
    public init(
        path: String, format: TagFormat? = nil, batchRecords: Int = defaultBatchRecords,
        specials: PTUSpecials = .counted
    ) throws {
        let records = min(max(batchRecords, 1), 1 << 20)
        source = try FileSource(path: path, bufferBytes: max(records, QCryptoA1Detection.probeRecords) * 8)
        self.batchRecords = records
        let found = try format ?? TagFormatDetection.format(of: source)
        switch found {
        case .picoQuantPTU:
            (decoder, metadata) = try Self.openPTU(source, specials)
        case .qcryptoA1(let layout):
            decoder = QCryptoA1Decoder(layout)
            metadata = TagFileMetadata(
                path: path, format: found, formatIsGuessed: format == nil, recordType: "qcrypto a1 event",
                resolutionPS: layout.unit.resolutionPS, statedRecords: nil, fileBytes: source.sizeBytes,
                dataOffsetBytes: 0, recordBytes: 8, headerTags: [])
            guard try source.fill(atLeast: 1) > 0 else {
                throw QKDError(.invalidInput, "the file is empty", at: .init(path, byteOffset: 0))
            }
        }
    }

    private static func openPTU(
        _ source: FileSource, _ specials: PTUSpecials
    ) throws -> (any TagRecordDecoder, TagFileMetadata) {
        let header = try PTUHeader(from: source)
        let parameters = try PTUParameters(header, path: source.path)
        let type = parameters.recordType
        let decoder = try parameters.decoder(specials, path: source.path)
        let metadata = TagFileMetadata(
            path: source.path, format: .picoQuantPTU, formatIsGuessed: false, recordType: type.title,
            resolutionPS: parameters.resolutionSeconds * 1e12, statedRecords: parameters.statedRecords,
            fileBytes: source.sizeBytes, dataOffsetBytes: source.offset, recordBytes: 4, headerTags: header.tags)
        return (decoder, metadata)
    }

    /// The next tags, or `nil` at the end; see `TagReader`.
    ///
    /// Throws `dataLoss` for a file that ends inside a record or before the number of records it promises,
    /// `invalidInput` for bytes behind that number or times out of range, and `io`.
    public func nextBatch() throws -> TagBatch? {
        if let failure = pendingFailure {
            pendingFailure = nil
            throw failure
        }
        guard !isFinished else { return nil }
        let size = decoder.recordBytes
        let wanted = min(batchRecords, (metadata.statedRecords ?? .max) - counts.records)
        guard wanted > 0 else {
            isFinished = true
            if try source.fill(atLeast: 1) > 0 { throw surplus() }
            return nil
        }
        do {
            let whole = min(try source.fill(atLeast: wanted * size) / size, wanted)
            guard whole > 0 else {
                isFinished = true
                if let loss = missing() { throw loss }
                return nil
            }
            return decode(whole * size)
        } catch {
            isFinished = true
            throw error
        }
    }

    private func decode(_ byteCount: Int) -> TagBatch {
        var batch = TagBatch()
        do {
            try decoder.decode(UnsafeRawBufferPointer(rebasing: source.loaded[..<byteCount]), into: &batch)
        } catch {
            isFinished = true
            pendingFailure = QKDError(
                .invalidInput, "\(error.message); \(counts.records) records before it are good",
                at: place(byteOffset: source.offset + error.index * decoder.recordBytes, field: "record"))
        }
        source.consume(byteCount)
        return batch
    }

    private func place(byteOffset: Int, field: String) -> QKDError.Place {
        .init(source.path, byteOffset: byteOffset, field: field)
    }

    /// What is wrong at the end of the file, if anything is.
    private func missing() -> QKDError? {
        let rest = source.loaded.count
        let good = "\(counts.records) whole records are good"
        if rest > 0 {
            return QKDError(
                .dataLoss, "the file ends \(rest) bytes into a record of \(decoder.recordBytes); \(good)",
                at: place(byteOffset: source.offset, field: "record \(counts.records)"))
        }
        guard let stated = metadata.statedRecords, stated > counts.records else { return nil }
        return QKDError(
            .dataLoss, "the header promises \(stated) records; \(good), then the file ends",
            at: place(byteOffset: source.offset, field: "TTResult_NumberOfRecords"))
    }

    private func surplus() -> QKDError {
        QKDError(
            .invalidInput, "bytes follow the \(counts.records) records that the header promises; they were not read",
            at: place(byteOffset: source.offset, field: "TTResult_NumberOfRecords"))
    }
}
