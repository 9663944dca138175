import QKDCore
import QKDKernels

/// Decodes the 32-bit T2 records of every PicoQuant instrument.
///
/// Source: PicoQuant Time-Tagged-File-Format-Demos, `PTU/Python/Read_PTU.py` and
/// `doc/apx_tttrrecords.html`.
struct PTUT2Decoder: TagRecordDecoder {
    let recordBytes = 4
    private(set) var counts = TagRecordCounts()

    private let isPicoHarp: Bool
    private let deliversSpecials: Bool
    private var epoch: PTUEpoch
    private let scale: TickScale

    /// Makes a decoder; `nil` for a T3 type.
    init?(_ type: PTURecordType, resolutionSeconds: Double, specials: PTUSpecials = .counted) {
        guard type.isT2 else { return nil }
        isPicoHarp = type.isPicoHarp
        deliversSpecials = specials == .asChannels
        scale = TickScale(resolutionSeconds: resolutionSeconds)
        epoch = PTUEpoch(type, scale)
    }

    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault) {
        var counts = counts
        defer { self.counts = counts }
        try RecordRun.decodePTU(records, into: &batch, counts: &counts) { from, count, times, channels, counts in
            if isPicoHarp { return decodePicoHarp(from, count, times, channels, &counts) }
            guard let tickPS = scale.wholeTickPS, !deliversSpecials else {
                return decodeHydraHarp(from, count, times, channels, &counts)
            }
            var kernel = T2Kernel(
                baseTicks: epoch.base, maximumBaseTicks: epoch.maximumBase, overflowTicks: epoch.overflowTicks,
                countsOverflows: epoch.countsOverflows, tickPS: tickPS)
            let done = kernel.decode(.init(start: from, count: 4 * count), times: times, channels: channels)
            epoch.take(kernel, &counts)
            return (done.tags, done.records)
        }
    }

    /// [31] special, [30:25] channel, [24:0] time; for what the kernel does not do: specials that are delivered, and
    /// ticks that are no whole picoseconds.
    private mutating func decodeHydraHarp(
        _ from: UnsafeRawPointer, _ count: Int, _ times: UnsafeMutablePointer<Int64>,
        _ channels: UnsafeMutablePointer<UInt8>, _ counts: inout TagRecordCounts
    ) -> (tags: Int, stop: Int) {
        let scale = scale
        var base = epoch.base
        var tags = 0
        for index in 0..<count {
            let record = UInt32(littleEndian: from.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            if record >> 31 == 1 {
                let kind = record >> 25 & 0x3F
                if kind == 63 {
                    guard epoch.add(Int64(record & 0x1FF_FFFF), &counts) else { return (tags, index) }
                    base = epoch.base
                    continue
                }
                counts.countSpecial(kind)
                guard deliversSpecials, kind <= 15 else { continue }
            }
            times[tags] = scale.picoseconds(base &+ Int64(record & 0x1FF_FFFF))
            // The special bit comes to stand for 64.
            channels[tags] = UInt8(truncatingIfNeeded: record >> 25)
            tags &+= 1
        }
        return (tags, count)
    }

    /// [31:28] channel, [27:0] time; channel 15 is special, and then the low 4 bits are markers.
    private mutating func decodePicoHarp(
        _ from: UnsafeRawPointer, _ count: Int, _ times: UnsafeMutablePointer<Int64>,
        _ channels: UnsafeMutablePointer<UInt8>, _ counts: inout TagRecordCounts
    ) -> (tags: Int, stop: Int) {
        let scale = scale
        var base = epoch.base
        var tags = 0
        for index in 0..<count {
            let record = UInt32(littleEndian: from.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            let channel = record >> 28
            if channel <= 4 {
                times[tags] = scale.picoseconds(base &+ Int64(record & 0xFFF_FFFF))
                channels[tags] = UInt8(truncatingIfNeeded: channel)
                tags &+= 1
            } else if channel < 15 {
                counts.illegal += 1
            } else if record & 0xF == 0 {
                guard epoch.add(1, &counts) else { return (tags, index) }
                base = epoch.base
            } else {
                counts.markers += 1
                guard deliversSpecials else { continue }
                times[tags] = scale.picoseconds(base &+ Int64(record & 0xFFF_FFF0))
                channels[tags] = PTUSpecials.syncChannel | UInt8(truncatingIfNeeded: record & 0xF)
                tags &+= 1
            }
        }
        return (tags, count)
    }
}
