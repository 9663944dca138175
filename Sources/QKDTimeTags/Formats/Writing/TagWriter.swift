import QKDCore

/// A destination of time tags that is written batch by batch.
public protocol TagWriter: AnyObject {
    /// What was taken so far.
    var counts: TagWriteCounts { get }
    /// Adds tags.
    ///
    /// Throws `outOfRange` or `invalidInput` for a tag that the format cannot hold, after having taken the tags
    /// before it, and what the system says when the disk is full.
    func append(_ batch: TagBatch) throws
    /// Writes what is left, makes it lasting and gives the file its name.
    func finish() throws
    /// Gives the file up and removes what was written.
    func abandon()
    /// Writes what is held, so that a cut from here on costs nothing of it.
    func flush() throws
    /// After a write that failed: drops what could not be written, sets `counts` right, and finishes the file.
    func salvage() throws
}

/// What a writer took.
public struct TagWriteCounts: Sendable, Equatable {
    /// Records in the file.
    public var records = 0
    /// Tags in the records.
    public var tags = 0
    /// Tags whose time lies before the one in front of them; written as they came.
    public var inversions = 0
    /// Holes of the batches, which the format has no mark for.
    public var unmarkedHoles = 0
    /// Starts at zero.
    public init() {}
}

/// How a tag file is to be written.
public struct TagWriteOptions: Sendable {
    /// The format.
    public var format: TagFormat
    /// Unit of the file's times, ps, where the format leaves it open; `nil` for the format's usual one.
    public var resolutionPS: Double?
    /// The record type of a PTU file; `nil` for generic T2.
    public var ptuRecordType: PTURecordType?
    /// From one sync to the next in a PTU file of T3, ps.
    public var syncPeriodPS: Double?
    /// The header of the quTAG file that the tags came from: not all of its meaning is public.
    public var quTAGHeader: [UInt8] = []
    /// Entries for a chunked file's metadata.
    public var notes: [String: String] = [:]
    /// Permissions of the file.
    public var mode: UInt32 = 0o644
    /// Whether the file has its name from the start and stays whatever happens.
    public var keepsPartial = false

    /// Writes in `format` with the usual settings.
    public init(format: TagFormat) { self.format = format }
}

/// Opens writers of any format.
public enum TagFileWriter {
    /// Starts a file; throws `unsupported` for what the facts do not allow, with the reason.
    public static func open(path: String, _ options: TagWriteOptions) throws -> any TagWriter {
        switch options.format {
        case .chunked:
            return try ChunkedWriter(
                path: path, notes: options.notes, mode: options.mode, keepsPartial: options.keepsPartial)
        case .qcrypto(let form, let layout):
            return try QCryptoWriter(
                path: path, layout: layout, form: form, mode: options.mode, keepsPartial: options.keepsPartial)
        case .picoQuantPTU:
            guard !options.keepsPartial else {
                throw QKDError(
                    .unsupported, "a PTU file is whole only at its end: capture into qkdtags, and convert",
                    at: .init(path))
            }
            let ptu = PTUWriteOptions(
                options.ptuRecordType ?? .genericT2, resolutionPS: options.resolutionPS ?? 1,
                syncPeriodPS: options.syncPeriodPS)
            return try PTUWriter(path: path, options: ptu, mode: options.mode)
        case .quTAG(let layout):
            return try writer(path, options, QuTAGEncoder(layout, header: options.quTAGHeader, path: path))
        case .tdc1Raw: return try writer(path, options, TDC1RawEncoder())
        case .swabianDump: return try writer(path, options, SwabianDumpEncoder())
        case .beckerHickl(let family):
            return try writer(path, options, BeckerHicklEncoder(family, resolutionPS: options.resolutionPS, path: path))
        case .csv: return try writer(path, options, CSVEncoder())
        }
    }

    private static func writer(
        _ path: String, _ options: TagWriteOptions, _ encoder: some TagEncoder
    ) throws -> any TagWriter {
        try EncodingWriter(
            file: AtomicFile(path: path, mode: options.mode, keepsPartial: options.keepsPartial), encoder)
    }
}
