import QKDCore

/// Decodes the 16-byte records that Swabian's older dumps hold: i32 kind, i32 channel, u64 time in ps.
///
/// A kind other than 0 tells of an overflow or another loss (which of them is not public): a hole is
/// marked there. Channels are 1 to 127 for rising edges; −n, a falling edge, becomes 128 + n.
///
/// Source: ETA `PARSE_TimeTags.cpp` @678473e3d4ee, which reads channel and time.
struct SwabianDumpDecoder: TagRecordDecoder {
    let recordBytes = 16
    private(set) var counts = TagRecordCounts()
    private var lastPS: Int64?

    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault) {
        let count = records.count / 16
        batch.reserveCapacity(count)
        for index in 0..<count {
            let kind = Int32(littleEndian: records.loadUnaligned(fromByteOffset: index &* 16, as: Int32.self))
            let number = Int32(littleEndian: records.loadUnaligned(fromByteOffset: index &* 16 &+ 4, as: Int32.self))
            let time = UInt64(littleEndian: records.loadUnaligned(fromByteOffset: index &* 16 &+ 8, as: UInt64.self))
            guard let timePS = Int64(exactly: time) else {
                counts.tags += batch.count
                throw RecordFault(index: index, message: "a time of \(time) ps is beyond the range of time")
            }
            counts.records += 1
            guard kind == 0 else {
                counts.overflowRecords += 1
                batch.holes.append(TagHole(beforeIndex: batch.count, cause: .deviceOverflow, afterPS: lastPS))
                continue
            }
            guard let channel = Self.channel(number) else {
                counts.illegal += 1
                continue
            }
            batch.append(timePS: timePS, channel: channel)
            lastPS = timePS
        }
        counts.tags += batch.count
    }

    /// The channel of a record's number; `nil` for one that does not fit.
    static func channel(_ number: Int32) -> UInt8? {
        switch number {
        case 0...127: UInt8(number)
        case -127 ... -1: UInt8(128 - number)
        default: nil
        }
    }

    /// The record's number of a channel.
    static func number(_ channel: UInt8) -> Int32 { channel <= 128 ? Int32(channel) : 128 - Int32(channel) }
}
