import QKDCore

/// Turns a run of whole records into tags; holds what carries over from one run to the next.
///
/// One per format. It is called once a batch, never once a record.
protocol TagRecordDecoder {
    /// Size of a record, bytes.
    var recordBytes: Int { get }
    /// What the records so far were.
    var counts: TagRecordCounts { get }
    /// Decodes whole records into an empty batch; throws `RecordFault` at the first that cannot be given a time,
    /// after having put the good ones before it into `batch`.
    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault)
}

/// The frame around the decoders' loops.
enum RecordRun {
    /// Decodes a run: `loop` gets the records' address and number and the memory for tags, with room for
    /// `tagsPerRecord` a record, and says how many tags there are and in front of which record it stopped.
    static func decode(
        _ records: UnsafeRawBufferPointer, recordBytes: Int, tagsPerRecord: Int = 1, into batch: inout TagBatch,
        counts: inout TagRecordCounts, fault: String,
        loop: (
            UnsafeRawPointer, Int, UnsafeMutablePointer<Int64>, UnsafeMutablePointer<UInt8>, inout TagRecordCounts
        ) -> (tags: Int, stop: Int)
    ) throws(RecordFault) {
        guard let from = records.baseAddress else { return }
        let count = records.count / recordBytes
        var stop = count
        batch.append(addingCapacity: count * tagsPerRecord) { times, channels in
            let done = loop(from, count, times, channels, &counts)
            stop = done.stop
            return done.tags
        }
        counts.records += stop
        counts.tags += batch.count
        if stop < count { throw RecordFault(index: stop, message: fault) }
    }
}

/// A record that cannot be decoded.
struct RecordFault: Error {
    /// Its number in the run that was given.
    var index: Int
    var message: String
}
