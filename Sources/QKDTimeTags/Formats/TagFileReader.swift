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
    /// The same into a batch whose memory is used again; `false` at the end.
    func next(into batch: inout TagBatch) throws -> Bool
}

extension TagReader {
    /// For readers that make each batch anew.
    public func next(into batch: inout TagBatch) throws -> Bool {
        guard let next = try nextBatch() else { return false }
        batch = next
        return true
    }
}

/// Reads a tag file of any supported format and any size.
///
/// One owner, one thread: reading blocks.
public final class TagFileReader: TagReader {
    private let source: FileSource
    private let reader: any TagReader

    /// Records in a batch if nothing else is asked for: a batch of tags then fits the second-level cache.
    public static let defaultBatchRecords = 1 << 13

    /// Read at once: long enough that the system's call costs nothing, and still in the second-level cache.
    private static let leastBufferBytes = 1 << 18

    /// What the header says.
    public var metadata: TagFileMetadata { reader.metadata }
    /// What the records so far were.
    public var counts: TagRecordCounts { reader.counts }
    /// How far the file has been read, 0 to 1; `nil` for a pipe.
    public var progress: Double? { source.sizeBytes.map { $0 > 0 ? Double(source.offset) / Double($0) : 1 } }

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
        source = try FileSource(
            path: path, bufferBytes: max(Self.leastBufferBytes, max(records, QCryptoA1Detection.probeRecords) * 16))
        let found = try format ?? TagFormatDetection.format(of: source)
        guard try source.fill(atLeast: 1) > 0 else {
            throw QKDError(.invalidInput, "the file is empty", at: .init(path, byteOffset: 0))
        }
        reader = try Self.open(source, found, isGuessed: format == nil, records, specials)
    }

    private static func open(
        _ source: FileSource, _ format: TagFormat, isGuessed: Bool, _ records: Int, _ specials: PTUSpecials
    ) throws -> any TagReader {
        var metadata = TagFileMetadata(
            path: source.path, format: format, formatIsGuessed: false, fileBytes: source.sizeBytes)
        func recordReader(_ decoder: any TagRecordDecoder) -> any TagReader {
            metadata.dataOffsetBytes = source.offset
            metadata.recordBytes = decoder.recordBytes
            return RecordReader(source, metadata, decoder, batchRecords: records)
        }
        switch format {
        case .chunked:
            return try ChunkedReader(source, metadata)
        case .picoQuantPTU:
            return recordReader(try openPTU(source, specials, &metadata))
        case .qcrypto(let form, let layout):
            metadata.formatIsGuessed = isGuessed
            metadata.recordType = "qcrypto \(form.rawValue) event"
            metadata.resolutionPS = layout.unit.resolutionPS
            guard form != .a1 else { return recordReader(QCryptoA1Decoder(layout)) }
            return LineReader(source, metadata, QCryptoTextDecoder(form, layout), batchLines: records)
        case .quTAG(let layout):
            metadata.recordType = "quTAG \(layout.rawValue)"
            metadata.headerBytes = try QuTAGHeader.take(from: source, layout)
            return recordReader(QuTAGDecoder(layout))
        case .tdc1Raw:
            metadata.recordType = "TDC1 word"
            metadata.resolutionPS = Double(TDC1RawDecoder.tickPS)
            return recordReader(TDC1RawDecoder())
        case .swabianDump:
            metadata.recordType = "Swabian dump record"
            return recordReader(SwabianDumpDecoder())
        case .beckerHickl(let family):
            let clockSeconds = try BeckerHicklHeader.takeClockSeconds(from: source)
            metadata.recordType = "Becker & Hickl SPC-\(family.rawValue.uppercased())"
            metadata.resolutionPS = clockSeconds * 1e12
            return recordReader(BeckerHicklDecoder(family, clockSeconds: clockSeconds))
        case .csv:
            metadata.recordType = "line of time and channel"
            return try CSVDecoder.reader(source, metadata, batchLines: records)
        }
    }

    private static func openPTU(
        _ source: FileSource, _ specials: PTUSpecials, _ metadata: inout TagFileMetadata
    ) throws -> any TagRecordDecoder {
        let header = try PTUHeader(from: source)
        let parameters = try PTUParameters(header, path: source.path)
        metadata.recordType = parameters.recordType.title
        metadata.resolutionPS = parameters.resolutionSeconds * 1e12
        metadata.statedRecords = parameters.statedRecords
        metadata.headerTags = header.tags
        metadata.ptuRecordType = parameters.recordType
        metadata.syncPeriodPS = parameters.syncPeriodSeconds.map { $0 * 1e12 }
        return try parameters.decoder(specials, path: source.path)
    }

    /// The next tags, or `nil` at the end; see `TagReader`.
    ///
    /// Throws `dataLoss` for a file that ends inside a record or before the number of records it promises,
    /// `invalidInput` for bytes behind that number or times out of range, and `io`.
    public func nextBatch() throws -> TagBatch? { try reader.nextBatch() }

    /// The next tags into a batch whose memory is used again, `false` at the end; throws as `nextBatch` does.
    public func next(into batch: inout TagBatch) throws -> Bool { try reader.next(into: &batch) }
}
