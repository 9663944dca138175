import QKDCore

/// Reads a file of records of one size.
final class RecordReader: TagReader {
    let metadata: TagFileMetadata
    private let source: FileSource
    private var decoder: any TagRecordDecoder
    private let batchRecords: Int
    /// An error to throw before the end, when the records in front of it have been delivered.
    private var pendingFailure: QKDError?
    private var isFinished = false

    var counts: TagRecordCounts { decoder.counts }

    /// Reads what `source` still holds, which is records from here on.
    init(_ source: FileSource, _ metadata: TagFileMetadata, _ decoder: any TagRecordDecoder, batchRecords: Int) {
        self.source = source
        self.metadata = metadata
        self.decoder = decoder
        self.batchRecords = batchRecords
    }

    func nextBatch() throws -> TagBatch? {
        var batch = TagBatch()
        return try next(into: &batch) ? batch : nil
    }

    func next(into batch: inout TagBatch) throws -> Bool {
        batch.removeAll()
        if let failure = pendingFailure {
            pendingFailure = nil
            throw failure
        }
        guard !isFinished else { return false }
        let size = decoder.recordBytes
        let wanted = min(batchRecords, (metadata.statedRecords ?? .max) - counts.records)
        guard wanted > 0 else {
            isFinished = true
            if try source.fill(atLeast: 1) > 0 { throw surplus() }
            return false
        }
        do {
            let whole = min(try source.fill(atLeast: wanted * size) / size, wanted)
            guard whole > 0 else {
                isFinished = true
                if let loss = missing() { throw loss }
                return false
            }
            decode(whole * size, into: &batch)
            return true
        } catch {
            isFinished = true
            throw error
        }
    }

    private func decode(_ byteCount: Int, into batch: inout TagBatch) {
        do {
            try decoder.decode(UnsafeRawBufferPointer(rebasing: source.loaded[..<byteCount]), into: &batch)
        } catch {
            isFinished = true
            pendingFailure = QKDError(
                .invalidInput, "\(error.message); \(counts.records) records before it are good",
                at: place(byteOffset: source.offset + error.index * decoder.recordBytes, field: "record"))
        }
        source.consume(byteCount)
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
