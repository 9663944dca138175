import QKDCore

/// Turns a run of whole records into tags; holds what carries over from one run to the next.
///
/// One per format. It is called once a batch, never once a record.
protocol TagRecordDecoder {
    /// Size of a record, bytes.
    var recordBytes: Int { get }
    /// What the records so far were.
    var counts: TagRecordCounts { get }
    /// Decodes whole records; throws `RecordFault` at the first that cannot be given a time, after
    /// having put the good ones before it into `batch`.
    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault)
}

/// A record that cannot be decoded.
struct RecordFault: Error {
    /// Its number in the run that was given.
    var index: Int
    var message: String
}
