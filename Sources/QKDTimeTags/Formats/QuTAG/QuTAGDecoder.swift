import QKDCore

/// Decodes the records of quTools' taggers; times are picoseconds.
///
/// Source: ETA `PARSE_TimeTags.cpp` @678473e3d4ee. How a 37-bit time is carried over its end is not
/// documented: here a step back by a millisecond or more is the counter's end, a shorter one disorder.
struct QuTAGDecoder: TagRecordDecoder {
    let recordBytes: Int
    private(set) var counts = TagRecordCounts()

    /// The 37-bit counter's period, ps.
    static let wrapPS: Int64 = 1 << 37
    /// A longer step back is the counter's end.
    static let largestDisorderPS = Picoseconds.perMillisecond

    private let isCompressed: Bool
    private var basePS: Int64 = 0
    private var lastPS: Int64 = 0

    init(_ layout: QuTAGLayout) {
        recordBytes = layout.recordBytes
        isCompressed = layout == .compressed
    }

    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault) {
        let count = records.count / recordBytes
        batch.reserveCapacity(count)
        for index in 0..<count {
            if isCompressed { takeCompressed(records, index, &batch) } else { try take(records, index, &batch) }
            counts.records += 1
        }
        counts.tags += batch.count
    }

    private mutating func take(
        _ records: UnsafeRawBufferPointer, _ index: Int, _ batch: inout TagBatch
    ) throws(RecordFault) {
        let time = UInt64(littleEndian: records.loadUnaligned(fromByteOffset: index &* 10, as: UInt64.self))
        let channel = UInt16(littleEndian: records.loadUnaligned(fromByteOffset: index &* 10 &+ 8, as: UInt16.self))
        guard let timePS = Int64(exactly: time) else {
            counts.tags += batch.count
            throw RecordFault(index: index, message: "a time of \(time) ps is beyond the range of time")
        }
        guard channel <= UInt8.max else {
            counts.illegal += 1
            return
        }
        batch.append(timePS: timePS, channel: UInt8(channel))
    }

    private mutating func takeCompressed(_ records: UnsafeRawBufferPointer, _ index: Int, _ batch: inout TagBatch) {
        let offset = index &* 5
        let low = UInt32(littleEndian: records.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        let high = records[offset &+ 4]
        let time = Int64(low) | Int64(high & 0x1F) << 32
        if lastPS - time >= Self.largestDisorderPS {
            basePS += Self.wrapPS
            counts.wraps += 1
        } else if time - lastPS > Self.wrapPS - Self.largestDisorderPS, basePS > 0 {
            // A late tag from before the counter's end.
            batch.append(timePS: basePS - Self.wrapPS + time, channel: high >> 5)
            return
        }
        lastPS = time
        batch.append(timePS: basePS + time, channel: high >> 5)
    }
}
