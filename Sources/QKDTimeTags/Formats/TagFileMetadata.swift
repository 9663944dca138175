/// What is known about a tag file before its records are read.
public struct TagFileMetadata: Sendable {
    /// The path that was opened.
    public var path: String
    /// The format, as named by the caller or recognised.
    public var format: TagFormat
    /// Whether the format was recognised by the values alone (a file without a magic number), and not named.
    public var formatIsGuessed: Bool
    /// The kind of record in the field's words, such as `HydraHarp v2 T2`.
    public var recordType: String
    /// The unit of the file's times, picoseconds.
    public var resolutionPS: Double
    /// How many records the header promises; `nil` if it makes no promise (an unfinished PTU file, `a1`).
    public var statedRecords: Int?
    /// Size of the file in bytes; `nil` for a pipe.
    public var fileBytes: Int?
    /// Where the records begin, bytes.
    public var dataOffsetBytes: Int
    /// Size of a record, bytes.
    public var recordBytes: Int
    /// The header's entries in file order; empty for formats without a header.
    public var headerTags: [PTUTag]
}
