import QKDCore

/// Turns lines of text into tags; one per format.
protocol TagLineDecoder {
    /// What the lines so far were.
    var counts: TagRecordCounts { get }
    /// Takes a line without its end.
    mutating func take(_ line: UnsafeRawBufferPointer) throws(LineFault)
    /// Hands over what the lines since the last call gave.
    mutating func flush() throws(LineFault) -> TagBatch
    /// What a file that ends here lacks, or `nil`.
    var unfinished: String? { get }
}

/// A line that cannot be understood.
struct LineFault: Error {
    var message: String
}

/// Reads a file of lines, which end with LF or CR LF.
final class LineReader: TagReader {
    let metadata: TagFileMetadata
    private let source: FileSource
    private var decoder: any TagLineDecoder
    private let batchLines: Int
    /// Lines that came before those that this reader sees.
    private var lineNumber: Int
    private var pendingFailure: QKDError?
    private var isFinished = false

    /// Longest line, bytes.
    static let longestLine = 4_096

    var counts: TagRecordCounts { decoder.counts }

    init(
        _ source: FileSource, _ metadata: TagFileMetadata, _ decoder: any TagLineDecoder, batchLines: Int,
        linesBefore: Int = 0
    ) {
        self.source = source
        self.metadata = metadata
        self.decoder = decoder
        self.batchLines = batchLines
        lineNumber = linesBefore
    }

    func nextBatch() throws -> TagBatch? {
        if let failure = pendingFailure {
            pendingFailure = nil
            throw failure
        }
        guard !isFinished else { return nil }
        do {
            var lines = 0
            while lines < batchLines, !isFinished { lines += try takeLines(atMost: batchLines - lines) }
        } catch let fault as LineFault {
            pendingFailure = failure(.invalidInput, fault.message)
        } catch let error as QKDError {
            pendingFailure = error
        }
        if pendingFailure != nil { isFinished = true }
        do {
            let batch = try decoder.flush()
            if isFinished, pendingFailure == nil, let lack = decoder.unfinished {
                pendingFailure = failure(.dataLoss, "the file ends \(lack)")
            }
            return batch
        } catch {
            isFinished = true
            throw failure(.invalidInput, error.message)
        }
    }

    private func failure(_ kind: QKDError.Kind, _ message: String) -> QKDError {
        QKDError(
            kind, "\(message); \(decoder.counts.tags) tags before it are good",
            at: .init(source.path, byteOffset: source.offset, field: "line \(lineNumber)"))
    }

    /// Takes the whole lines that are loaded, and returns how many they were.
    private func takeLines(atMost limit: Int) throws -> Int {
        let loaded = try source.fill(atLeast: Self.longestLine)
        guard loaded > 0 else {
            isFinished = true
            return 0
        }
        let bytes = source.loaded
        var taken = 0
        var from = 0
        while taken < limit, let end = Self.lineEnd(bytes, from: from) {
            try take(UnsafeRawBufferPointer(rebasing: bytes[from..<end]), length: end - from + 1)
            from = end + 1
            taken += 1
        }
        guard taken == 0 else { return taken }
        // No line end in sight: the last line, or one beyond all measure.
        guard loaded < Self.longestLine else {
            lineNumber += 1
            throw LineFault(message: "a line of more than \(Self.longestLine) bytes")
        }
        try take(bytes, length: loaded)
        return 1
    }

    private func take(_ line: UnsafeRawBufferPointer, length: Int) throws {
        lineNumber += 1
        let text = line.last == 0x0D ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
        try decoder.take(text)
        source.consume(length)
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        var index = from
        while index < bytes.count {
            if bytes[index] == 0x0A { return index }
            index &+= 1
        }
        return nil
    }
}
