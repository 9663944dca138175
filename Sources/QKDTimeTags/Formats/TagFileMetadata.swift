/// What is known about a tag file before its records are read.
public struct TagFileMetadata: Sendable {
    /// The path that was opened.
    public var path: String
    /// The format, as named by the caller or recognised.
    public var format: TagFormat
    /// Whether the format was recognised by the values alone (a file without a magic number), and not named.
    public var formatIsGuessed: Bool
    /// The kind of record in the field's words, such as `HydraHarp v2 T2`.
    public var recordType = ""
    /// The unit of the file's times, picoseconds.
    public var resolutionPS = 1.0
    /// How many records the header promises; `nil` if it makes no promise (an unfinished PTU file, `a1`).
    public var statedRecords: Int?
    /// Size of the file in bytes; `nil` for a pipe.
    public var fileBytes: Int?
    /// Where the records begin, bytes.
    public var dataOffsetBytes = 0
    /// Size of a record, bytes; 0 where records differ in size.
    public var recordBytes = 0
    /// The record type of a PTU file.
    public var ptuRecordType: PTURecordType?
    /// From one sync to the next in a PTU file of T3, picoseconds.
    public var syncPeriodPS: Double?
    /// A PTU header's entries in file order.
    public var headerTags: [PTUTag] = []
    /// A header that is kept as it is, because not all of its meaning is public (quTAG).
    public var headerBytes: [UInt8] = []
    /// Entries of a chunked file's metadata.
    public var notes: [String: String] = [:]

    /// Starts with what is known of any file.
    public init(path: String, format: TagFormat, formatIsGuessed: Bool, fileBytes: Int?) {
        self.path = path
        self.format = format
        self.formatIsGuessed = formatIsGuessed
        self.fileBytes = fileBytes
    }
}
