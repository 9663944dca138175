import QKDCore
import QKDKernels

/// What overflow records have added to the counter of a PTU file so far.
struct PTUEpoch {
    /// Ticks (T2) or sync periods (T3) added so far.
    private(set) var base: Int64 = 0
    let overflowTicks: Int64
    let countsOverflows: Bool
    /// Beyond it a record's own ticks could leave the range of time.
    let maximumBase: Int64

    /// Starts at zero; `scale` is that of the ticks.
    init(_ type: PTURecordType, _ scale: TickScale) {
        overflowTicks = type.overflowTicks
        countsOverflows = type.countsOverflows
        maximumBase = Self.maximumBase(type, scale)
    }

    /// The largest base from which every value of the low field still has a time.
    static func maximumBase(_ type: PTURecordType, _ scale: TickScale) -> Int64 {
        scale.maximumTick - 1 << type.tickBits
    }

    /// Takes what a kernel has made of a run of records that began at this base.
    mutating func take(_ kernel: T2Kernel, _ counts: inout TagRecordCounts) {
        base = kernel.baseTicks
        counts.overflowRecords += kernel.overflowRecords
        counts.wraps += kernel.wraps
        counts.syncs += kernel.syncs
        counts.markers += kernel.markers
        counts.illegal += kernel.illegal
    }

    /// Takes an overflow record with this number in it, 0 counting as 1; `false` if the time would not fit.
    mutating func add(_ field: Int64, _ counts: inout TagRecordCounts) -> Bool {
        let number = countsOverflows ? max(field, 1) : 1
        let (ticks, over) = number.multipliedReportingOverflow(by: overflowTicks)
        let (sum, overSum) = base.addingReportingOverflow(ticks)
        guard !over, !overSum, sum <= maximumBase else { return false }
        base = sum
        counts.overflowRecords += 1
        counts.wraps += Int(number)
        return true
    }
}

extension RecordRun {
    /// Decodes one run of 32-bit records of a PTU file.
    static func decodePTU(
        _ records: UnsafeRawBufferPointer, into batch: inout TagBatch, counts: inout TagRecordCounts,
        loop: (
            UnsafeRawPointer, Int, UnsafeMutablePointer<Int64>, UnsafeMutablePointer<UInt8>, inout TagRecordCounts
        ) -> (tags: Int, stop: Int)
    ) throws(RecordFault) {
        try decode(
            records, recordBytes: 4, into: &batch, counts: &counts,
            fault: "overflow records lead beyond the range of time", loop: loop)
    }
}

extension TagRecordCounts {
    /// Counts a special record of HydraHarp's T2, other than an overflow, by its channel field.
    mutating func countSpecial(_ kind: UInt32) {
        switch kind {
        case 0: syncs += 1
        case 1...15: markers += 1
        default: illegal += 1
        }
    }
}
