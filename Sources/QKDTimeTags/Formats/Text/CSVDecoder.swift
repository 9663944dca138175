import QKDCore

/// Decodes lines of a time and a channel.
///
/// Columns are told by a first line of names, `time_ps`, `time_ns`, `time_us` or `time_s`, and `channel`, in
/// any order among others; without one they are time in ps and channel. Columns are parted by comma,
/// semicolon, tab or blanks. A time may have decimals; what lies below a picosecond is rounded. Lines that
/// begin with `#` are skipped, but for `# hole CAUSE`, with which our own writer marks lost tags.
struct CSVDecoder: TagLineDecoder {
    private(set) var counts = TagRecordCounts()
    let unfinished: String? = nil

    private let columns: Columns
    private var batch = TagBatch()
    private var lastPS: Int64?

    /// Where the two columns are, and the unit of time as a power of ten of picoseconds.
    struct Columns: Equatable {
        var time = 0
        var channel = 1
        var exponent = 0
    }

    static let holeMark: StaticString = "# hole "

    init(_ columns: Columns) { self.columns = columns }

    /// Reads the line of names, if there is one, and goes on behind it.
    static func reader(
        _ source: FileSource, _ metadata: TagFileMetadata, batchLines: Int
    ) throws -> any TagReader {
        var metadata = metadata
        _ = try source.fill(atLeast: LineReader.longestLine)
        let line = source.loaded.prefix(LineReader.longestLine).prefix { $0 != 0x0A }
        let found = columns(ofNames: UnsafeRawBufferPointer(rebasing: line))
        if found != nil {
            source.consume(min(line.count + 1, source.loaded.count))
            metadata.dataOffsetBytes = source.offset
        }
        return LineReader(
            source, metadata, CSVDecoder(found ?? Columns()), batchLines: batchLines, linesBefore: found == nil ? 0 : 1)
    }

    /// The columns that a line of names tells of; `nil` if it is no such line.
    static func columns(ofNames line: UnsafeRawBufferPointer) -> Columns? {
        let names = line.split(whereSeparator: isSeparator).map { field in
            String(decoding: field.filter { $0 != 0x0D && $0 != 0x22 }, as: UTF8.self).lowercased()
        }
        let exponents = ["time_ps": 0, "time_ns": 3, "time_us": 6, "time_s": 12]
        guard let channel = names.firstIndex(of: "channel"),
            let time = names.firstIndex(where: { exponents[$0] != nil }), let exponent = exponents[names[time]]
        else { return nil }
        return Columns(time: time, channel: channel, exponent: exponent)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == 0x2C || byte == 0x3B || byte == 0x09 || byte == 0x20
    }

    mutating func take(_ line: UnsafeRawBufferPointer) throws(LineFault) {
        if line.isEmpty { return }
        if line[0] == 0x23 {
            takeComment(line)
            return
        }
        var timePS: Int64?
        var channel: UInt8?
        var column = 0
        var from = 0
        while from < line.count {
            var end = from
            while end < line.count, !Self.isSeparator(line[end]) { end += 1 }
            if end > from {
                let field = UnsafeRawBufferPointer(rebasing: line[from..<end])
                if column == columns.time { timePS = DecimalText.scaled(field, exponent: columns.exponent) }
                if column == columns.channel {
                    channel = DecimalText.scaled(field, exponent: 0).flatMap { UInt8(exactly: $0) }
                }
                column += 1
            }
            from = end + 1
        }
        counts.records += 1
        guard let timePS else { throw LineFault(message: "no time in column \(columns.time + 1)") }
        guard let channel else { throw LineFault(message: "no channel, 0 to 255, in column \(columns.channel + 1)") }
        batch.append(timePS: timePS, channel: channel)
        counts.tags += 1
        lastPS = timePS
    }

    private mutating func takeComment(_ line: UnsafeRawBufferPointer) {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count >= 3, words[0] == "#", words[1] == "hole",
            let cause = TagHole.Cause(rawValue: String(words[2]))
        else { return }
        batch.holes.append(TagHole(beforeIndex: batch.count, cause: cause, afterPS: lastPS))
    }

    mutating func flush() throws(LineFault) -> TagBatch {
        defer { batch = TagBatch() }
        return batch
    }
}
