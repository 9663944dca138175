import CQKDKernels

/// Decodes the 32-bit T2 records of HydraHarp and its successors: [31] special, [30:25] channel, [24:0] time.
///
/// Channel 63 of a special record is an overflow, 0 a sync, 1 to 15 a marker; of the specials only the overflows have
/// a say here, the others are counted. Source: PicoQuant Time-Tagged-File-Format-Demos, `PTU/C/ptudemo.cc`.
public struct T2Kernel: Sendable, Equatable {
    /// Ticks that overflow records have added so far.
    public private(set) var baseTicks: Int64
    /// Overflow records so far, and the overflows that they stood for.
    public private(set) var overflowRecords = 0
    /// Overflows so far; a record may stand for several.
    public private(set) var wraps = 0
    /// Sync records so far.
    public private(set) var syncs = 0
    /// Marker records so far.
    public private(set) var markers = 0
    /// Special records of no known kind.
    public private(set) var illegal = 0

    private let maximumBaseTicks: Int64
    private let overflowTicks: Int64
    private let countsOverflows: Bool
    private let tickPS: Int64

    /// Starts at a base.
    ///
    /// `maximumBaseTicks` is the largest base that still leaves times within their range; `overflowTicks` is what one
    /// overflow adds; `countsOverflows` says whether a record's low field tells how many it stands for (0 as 1).
    /// `tickPS` lies between 1 and 2^32 − 1.
    public init(
        baseTicks: Int64 = 0, maximumBaseTicks: Int64, overflowTicks: Int64, countsOverflows: Bool, tickPS: Int64
    ) {
        precondition((1..<1 << 32).contains(tickPS), "a tick is 1 to 2^32 - 1 ps")
        self.baseTicks = baseTicks
        self.maximumBaseTicks = maximumBaseTicks
        self.overflowTicks = overflowTicks
        self.countsOverflows = countsOverflows
        self.tickPS = tickPS
    }

    /// Decodes whole records of 4 bytes; `times` (ps) and `channels` have room for one tag a record.
    ///
    /// Returns how many records were taken and the tags in them. Fewer records than given means that the next one is
    /// an overflow which leads beyond the range of time.
    public mutating func decode(
        _ records: UnsafeRawBufferPointer, times: UnsafeMutablePointer<Int64>, channels: UnsafeMutablePointer<UInt8>,
        level: KernelLevel = .current
    ) -> (records: Int, tags: Int) {
        guard let from = records.baseAddress else { return (0, 0) }
        var state = qkd_t2_state(
            base: baseTicks, maximum_base: maximumBaseTicks, overflow_ticks: overflowTicks, tick_ps: tickPS,
            counts_overflows: countsOverflows ? 1 : 0, reserved: 0, overflow_records: 0, wraps: 0, syncs: 0,
            markers: 0, illegal: 0)
        var tags = 0
        let taken = qkd_t2_decode(level.rawValue, &state, from, records.count / 4, times, channels, &tags)
        baseTicks = state.base
        overflowRecords += Int(state.overflow_records)
        wraps += Int(state.wraps)
        syncs += Int(state.syncs)
        markers += Int(state.markers)
        illegal += Int(state.illegal)
        return (taken, tags)
    }

    /// The same, a record after the other: what `decode` is held against.
    public mutating func decodeTwin(_ records: [UInt32]) -> (records: Int, times: [Int64], channels: [UInt8]) {
        var (times, channels): ([Int64], [UInt8]) = ([], [])
        for (index, record) in records.enumerated() {
            let (kind, field) = (UInt8(record >> 25 & 63), Int64(record & 0x1FF_FFFF))
            if record >> 31 == 0 {
                times.append((baseTicks + field) * tickPS)
                channels.append(kind)
            } else if kind == 63 {
                let number = countsOverflows ? max(field, 1) : 1
                let (ticks, isOver) = number.multipliedReportingOverflow(by: overflowTicks)
                guard !isOver, ticks <= maximumBaseTicks - baseTicks else { return (index, times, channels) }
                baseTicks += ticks
                overflowRecords += 1
                wraps += Int(number)
            } else if kind == 0 {
                syncs += 1
            } else if kind <= 15 {
                markers += 1
            } else {
                illegal += 1
            }
        }
        return (records.count, times, channels)
    }
}
