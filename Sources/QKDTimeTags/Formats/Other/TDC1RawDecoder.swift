import QKDCore

/// Decodes the TDC1's 32-bit words from a recording of its stream that lost no byte.
///
/// [31:5] time in 2 ns, [4] dummy, [3:0] the inputs that fired together. The time wraps every 268.4 ms; the
/// device's dummies see to it that no wrap is missed. A live stream, which can lose bytes, is the driver's.
///
/// Source: qcrypto `readevents4/readevents4a.c` @3f3afa329e29, wiki page "TDC1-Documentation".
struct TDC1RawDecoder: TagRecordDecoder {
    let recordBytes = 4
    private(set) var counts = TagRecordCounts()

    /// Length of a tick, ps.
    static let tickPS: Int64 = 2_000
    /// Ticks of a full counter.
    static let wrapTicks: Int64 = 1 << 27

    private var baseTicks: Int64 = 0
    private var lastTicks: Int64 = 0

    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault) {
        let count = records.count / 4
        batch.reserveCapacity(count)
        for index in 0..<count {
            let word = UInt32(littleEndian: records.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            let ticks = Int64(word >> 5)
            if ticks < lastTicks {
                baseTicks += Self.wrapTicks
                counts.wraps += 1
            }
            lastTicks = ticks
            counts.records += 1
            if word & 0x10 != 0 {
                counts.dummies += 1
                continue
            }
            let pattern = word & 0xF
            if pattern == 0 { counts.empties += 1 }
            if pattern.nonzeroBitCount > 1 { counts.multiHitRecords += 1 }
            for input in 0..<4 where pattern >> UInt32(input) & 1 != 0 {
                batch.append(timePS: (baseTicks + ticks) * Self.tickPS, channel: UInt8(input + 1))
            }
        }
        counts.tags += batch.count
    }
}
