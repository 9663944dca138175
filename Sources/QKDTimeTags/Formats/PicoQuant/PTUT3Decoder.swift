import QKDCore

/// Decodes the 32-bit T3 records of every PicoQuant instrument: a number of syncs, and a delay since the last.
///
/// The time is syncs × sync period + delay × bin, from the absolute numbers each time and rounded once.
/// Source: PicoQuant Time-Tagged-File-Format-Demos, `PTU/Python/Read_PTU.py` and
/// `doc/apx_tttrrecords.html`.
struct PTUT3Decoder: TagRecordDecoder {
    let recordBytes = 4
    private(set) var counts = TagRecordCounts()

    private let isPicoHarp: Bool
    private let deliversSpecials: Bool
    private var epoch: PTUEpoch
    private let sync: TickScale
    private let bin: TickScale

    /// Makes a decoder; `nil` for a T2 type. `resolutionSeconds` is the bin of the delay.
    init?(
        _ type: PTURecordType, syncPeriodSeconds: Double, resolutionSeconds: Double, specials: PTUSpecials = .counted
    ) {
        guard !type.isT2 else { return nil }
        isPicoHarp = type.isPicoHarp
        deliversSpecials = specials == .asChannels
        sync = TickScale(resolutionSeconds: syncPeriodSeconds)
        bin = TickScale(resolutionSeconds: resolutionSeconds)
        epoch = PTUEpoch(type, sync)
    }

    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault) {
        var counts = counts
        defer { self.counts = counts }
        try RecordRun.decodePTU(records, into: &batch, counts: &counts) { from, count, times, channels, counts in
            isPicoHarp
                ? decodePicoHarp(from, count, times, channels, &counts)
                : decodeHydraHarp(from, count, times, channels, &counts)
        }
    }

    /// [31] special, [30:25] channel, [24:10] delay, [9:0] syncs.
    private mutating func decodeHydraHarp(
        _ from: UnsafeRawPointer, _ count: Int, _ times: UnsafeMutablePointer<Int64>,
        _ channels: UnsafeMutablePointer<UInt8>, _ counts: inout TagRecordCounts
    ) -> (tags: Int, stop: Int) {
        let (sync, bin) = (sync, bin)
        var base = epoch.base
        var tags = 0
        for index in 0..<count {
            let record = UInt32(littleEndian: from.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            let syncs = Int64(record & 0x3FF)
            if record >> 31 == 0 {
                times[tags] = (sync.exact(base &+ syncs) + bin.exact(Int64(record >> 10 & 0x7FFF))).rounded
                channels[tags] = UInt8(truncatingIfNeeded: record >> 25)
                tags &+= 1
                continue
            }
            let kind = record >> 25 & 0x3F
            if kind == 63 {
                guard epoch.add(syncs, &counts) else { return (tags, index) }
                base = epoch.base
            } else if kind >= 1, kind <= 15 {
                counts.markers += 1
                guard deliversSpecials else { continue }
                times[tags] = sync.picoseconds(base &+ syncs)
                channels[tags] = UInt8(truncatingIfNeeded: record >> 25)
                tags &+= 1
            } else {
                counts.illegal += 1
            }
        }
        return (tags, count)
    }

    /// [31:28] channel, [27:16] delay, [15:0] syncs; channel 15 is special, and then the delay is the markers.
    private mutating func decodePicoHarp(
        _ from: UnsafeRawPointer, _ count: Int, _ times: UnsafeMutablePointer<Int64>,
        _ channels: UnsafeMutablePointer<UInt8>, _ counts: inout TagRecordCounts
    ) -> (tags: Int, stop: Int) {
        let (sync, bin) = (sync, bin)
        var base = epoch.base
        var tags = 0
        for index in 0..<count {
            let record = UInt32(littleEndian: from.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            let (channel, delay, syncs) = (record >> 28, record >> 16 & 0xFFF, Int64(record & 0xFFFF))
            if channel >= 1, channel <= 4 {
                times[tags] = (sync.exact(base &+ syncs) + bin.exact(Int64(delay))).rounded
                channels[tags] = UInt8(truncatingIfNeeded: channel)
                tags &+= 1
            } else if channel < 15 || delay > 15 {
                counts.illegal += 1
            } else if delay == 0 {
                guard epoch.add(1, &counts) else { return (tags, index) }
                base = epoch.base
            } else {
                counts.markers += 1
                guard deliversSpecials else { continue }
                times[tags] = sync.picoseconds(base &+ syncs)
                channels[tags] = PTUSpecials.syncChannel | UInt8(truncatingIfNeeded: delay)
                tags &+= 1
            }
        }
        return (tags, count)
    }
}
