import QKDCore

/// Decodes the 32-bit T2 records of every PicoQuant instrument.
///
/// Source: PicoQuant Time-Tagged-File-Format-Demos, `PTU/Python/Read_PTU.py` and
/// `doc/apx_tttrrecords.html`.
struct PTUT2Decoder: TagRecordDecoder {
    let recordBytes = 4
    private(set) var counts = TagRecordCounts()

    private let isPicoHarp: Bool
    private let countsOverflows: Bool
    private let overflowTicks: Int64
    private let scale: TickScale
    /// Ticks that overflows have added so far.
    private var baseTicks: Int64 = 0

    /// Makes a decoder; `nil` for a T3 type.
    init?(_ type: PTURecordType, resolutionSeconds: Double) {
        guard let overflowTicks = type.overflowTicks else { return nil }
        self.overflowTicks = overflowTicks
        isPicoHarp = type == .picoHarp300T2
        countsOverflows = type.countsOverflows
        scale = TickScale(resolutionSeconds: resolutionSeconds)
    }

    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault) {
        let count = records.count / 4
        var stop = count
        var channels: [UInt8] = []
        let times = [Int64](unsafeUninitializedCapacity: count) { times, timeCount in
            channels = [UInt8](unsafeUninitializedCapacity: count) { channels, channelCount in
                var tags = 0
                if let from = records.baseAddress, let times = times.baseAddress, let channels = channels.baseAddress {
                    (tags, stop) =
                        isPicoHarp
                        ? decodePicoHarp(from, count, times, channels) : decodeHydraHarp(from, count, times, channels)
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

    /// Adds overflows; `false` if the time would not fit.
    private mutating func addOverflows(_ number: Int64) -> Bool {
        let (ticks, over) = number.multipliedReportingOverflow(by: overflowTicks)
        let (base, overSum) = baseTicks.addingReportingOverflow(ticks)
        // 2^28 is the largest time field.
        guard !over, !overSum, base <= scale.maximumTick - 1 << 28 else { return false }
        baseTicks = base
        counts.overflowRecords += 1
        counts.wraps += Int(number)
        return true
    }

    /// The record's special kinds of HydraHarp and later; `false` if time runs out of range.
    private mutating func takeSpecial(_ record: UInt32) -> Bool {
        switch record >> 25 & 0x3F {
        case 63:
            let field = Int64(record & 0x1FF_FFFF)
            return addOverflows(countsOverflows ? max(field, 1) : 1)
        case 0: counts.syncs += 1
        case 1...15: counts.markers += 1
        default: counts.illegal += 1
        }
        return true
    }

    /// [31] special, [30:25] channel, [24:0] time.
    private mutating func decodeHydraHarp(
        _ from: UnsafeRawPointer, _ count: Int, _ times: UnsafeMutablePointer<Int64>,
        _ channels: UnsafeMutablePointer<UInt8>
    ) -> (tags: Int, stop: Int) {
        let scale = scale
        var base = baseTicks
        var tags = 0
        for index in 0..<count {
            let record = UInt32(littleEndian: from.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            if record >> 31 == 0 {
                times[tags] = scale.picoseconds(base &+ Int64(record & 0x1FF_FFFF))
                channels[tags] = UInt8(truncatingIfNeeded: record >> 25)
                tags &+= 1
            } else {
                guard takeSpecial(record) else { return (tags, index) }
                base = baseTicks
            }
        }
        return (tags, count)
    }

    /// [31:28] channel, [27:0] time; channel 15 is special, and then the low 4 bits are markers.
    private mutating func decodePicoHarp(
        _ from: UnsafeRawPointer, _ count: Int, _ times: UnsafeMutablePointer<Int64>,
        _ channels: UnsafeMutablePointer<UInt8>
    ) -> (tags: Int, stop: Int) {
        let scale = scale
        var base = baseTicks
        var tags = 0
        for index in 0..<count {
            let record = UInt32(littleEndian: from.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            let channel = record >> 28
            if channel <= 4 {
                times[tags] = scale.picoseconds(base &+ Int64(record & 0xFFF_FFFF))
                channels[tags] = UInt8(truncatingIfNeeded: channel)
                tags &+= 1
            } else if channel == 15 {
                if record & 0xF != 0 {
                    counts.markers += 1
                } else {
                    guard addOverflows(1) else { return (tags, index) }
                    base = baseTicks
                }
            } else {
                counts.illegal += 1
            }
        }
        return (tags, count)
    }
}
