import QKDTimeTags

/// How long a capture goes on, and where it goes.
public struct CaptureOptions: Sendable {
    /// The file; with rotation a number is put before its ending.
    public var path: String
    /// How to write.
    public var output: TagWriteOptions
    /// Length in tag time from the first tag, picoseconds; `nil` for no end.
    public var durationPS: Int64?
    /// Number of tags after which it ends.
    public var tags: Int?
    /// Ends it when no tag has come for so long.
    public var idleTimeout: Duration?
    /// A new file is begun after so much tag time, picoseconds.
    public var rotatePS: Int64?
    /// A new file is begun after so many tags.
    public var rotateTags: Int?

    /// Captures into `path` until somebody stops it.
    public init(path: String, output: TagWriteOptions) {
        self.path = path
        self.output = output
        self.output.keepsPartial = true
    }
}

/// Why a capture ended.
public enum CaptureEnd: String, Sendable, Codable {
    case duration, tags, idle, interrupted, failed
}

/// What a capture brought.
public struct CaptureOutcome: Sendable, Codable {
    /// The files, in order.
    public var files: [String] = []
    /// Tags in the files.
    public var tags = 0
    /// Tags of each channel, by its number.
    public var channels: [String: Int] = [:]
    /// From the first tag to the last, seconds.
    public var spanS = 0.0
    /// Places at which tags were lost before they came to the file, by cause.
    public var holes: [String: Int] = [:]
    /// Steps back in time.
    public var inversions = 0
    /// Tags that came and are in no file, because a file could not be written.
    public var unwrittenTags = 0
    /// Batches that the consumer was too slow for.
    public var droppedBatches = 0
    /// Times that the record boundary was found again.
    public var resyncs = 0
    /// Why it ended.
    public var end = CaptureEnd.interrupted
    /// What went wrong, in words.
    public var failure: String?
}
