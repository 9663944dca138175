import QKDCore

/// What overflow records have added to the counter of a PTU file so far.
struct PTUEpoch {
    /// Ticks (T2) or sync periods (T3) added so far.
    private(set) var base: Int64 = 0
    private let overflowTicks: Int64
    private let countsOverflows: Bool
    /// Beyond it a record's own ticks could leave the range of time.
    private let maximumBase: Int64

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

/// The frame around the loops of the PTU decoders.
enum PTURecordRun {
    /// Decodes one run of records: `loop` fills times and channels and says how many, and where it stopped.
    static func decode(
        _ records: UnsafeRawBufferPointer, into batch: inout TagBatch, counts: inout TagRecordCounts,
        loop: (
            UnsafeRawPointer, Int, UnsafeMutablePointer<Int64>, UnsafeMutablePointer<UInt8>, inout TagRecordCounts
        ) -> (tags: Int, stop: Int)
    ) throws(RecordFault) {
        let count = records.count / 4
        var stop = count
        var channels: [UInt8] = []
        let times = [Int64](unsafeUninitializedCapacity: count) { times, timeCount in
            channels = [UInt8](unsafeUninitializedCapacity: count) { channels, channelCount in
                var tags = 0
                if let from = records.baseAddress, let times = times.baseAddress, let channels = channels.baseAddress {
                    (tags, stop) = loop(from, count, times, channels, &counts)
                }
                timeCount = tags
                channelCount = tags
            }
        }
        counts.records += stop
        counts.tags += times.count
        batch = TagBatch(times: times, channels: channels)
        if stop < count {
            throw RecordFault(index: stop, message: "overflow records lead beyond the range of time")
        }
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
