import QKDCore

/// Decodes qcrypto events of 8 bytes.
///
/// Source: qcrypto `timestamp7/readevents7.c` @3f3afa329e29, fpfind `docs/user/parser.md` @19d194e08e93.
struct QCryptoA1Decoder: TagRecordDecoder {
    let recordBytes = 8
    private(set) var counts = TagRecordCounts()

    private let swapsWords: Bool
    /// Keeps the layout's time bits.
    private let timeMask: UInt64
    /// Full wraps so far, in 1/256 ns.
    private var epoch: Int64 = 0
    /// The last record's time in its own wrap, 1/256 ns.
    private var previous: Int64 = -1

    /// One wrap, 1/256 ns: time ends at bit 63 in each layout, so this is 2^46 ns for all.
    private static let wrap: Int64 = 1 << 54
    /// After 64 wraps (142 years) picoseconds would come near the end of 63 bits.
    private static let maximumEpoch = 64 * wrap

    init(_ layout: QCryptoLayout) {
        swapsWords = layout.wordOrder == .swapped
        timeMask = ~0 << layout.unit.timeShift
    }

    /// The picoseconds of a time in 1/256 ns: × 1000/256, rounded to nearest, halves up.
    ///
    /// 1000/256 is 125/32, so 2^60 units still fit; the absolute time is converted, not the steps.
    @inline(__always)
    static func picoseconds(_ time: Int64) -> Int64 { (time &* 125 &+ 16) >> 5 }

    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault) {
        var counts = counts
        defer { self.counts = counts }
        // A record gives at most four tags.
        try RecordRun.decode(
            records, recordBytes: recordBytes, tagsPerRecord: 4, into: &batch, counts: &counts,
            fault: "the time counter wraps more often than a century allows"
        ) { from, count, times, channels, counts in decode(from, count, times, channels, &counts) }
    }

    private mutating func decode(
        _ from: UnsafeRawPointer, _ count: Int, _ times: UnsafeMutablePointer<Int64>,
        _ channels: UnsafeMutablePointer<UInt8>, _ counts: inout TagRecordCounts
    ) -> (tags: Int, stop: Int) {
        let rotation: UInt64 = swapsWords ? 32 : 0
        let mask = timeMask
        var tags = 0
        var last = previous
        defer { previous = last }
        for index in 0..<count {
            let raw = UInt64(littleEndian: from.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
            let event = raw >> rotation | raw << (64 &- rotation & 63)
            guard event != 0 else {
                counts.empties += 1
                continue
            }
            let time = Int64(bitPattern: (event & mask) >> 10)
            if last >= 0, abs(time &- last) > Self.wrap / 2, !turnEpoch(forward: time < last, &counts) {
                return (tags, index)
            }
            last = time
            let pattern = UInt32(truncatingIfNeeded: event & 0x1F)
            if pattern == 1 || pattern == 2 || pattern == 4 || pattern == 8 {
                times[tags] = Self.picoseconds(epoch &+ time)
                channels[tags] = UInt8(truncatingIfNeeded: pattern.trailingZeroBitCount &+ 1)
                tags &+= 1
            } else if pattern >= 16 {
                counts.dummies += 1
            } else if pattern == 0 {
                counts.empties += 1
            } else {
                counts.multiHitRecords += 1
                for channel in 0..<4 where pattern >> UInt32(channel) & 1 != 0 {
                    times[tags] = Self.picoseconds(epoch &+ time)
                    channels[tags] = UInt8(truncatingIfNeeded: channel &+ 1)
                    tags &+= 1
                }
            }
        }
        return (tags, count)
    }

    /// Follows the counter over its end, or back when a late event lies before the end; `false` if out of range.
    private mutating func turnEpoch(forward: Bool, _ counts: inout TagRecordCounts) -> Bool {
        if forward {
            guard epoch < Self.maximumEpoch else { return false }
            epoch += Self.wrap
            counts.wraps += 1
        } else if epoch > 0 {
            epoch -= Self.wrap
            counts.wraps -= 1
        }
        return true
    }
}
