import QKDCore

/// The families of Becker & Hickl's 4-byte FIFO records.
///
/// Source: phconvert `bhreader.py`.
public enum BeckerHicklFamily: String, Sendable, CaseIterable {
    /// SPC-130, 140, 150, 160, 180, 830: reversed start-stop times.
    case spc130 = "130"
    /// SPC-QC-004, 104: a 2-bit kind and a 2-bit channel.
    case qcX04 = "qc-x04"
    /// SPC-QC-006, 008, 106, 108: 3-bit channels.
    case qcX06 = "qc-x06"
}

/// Decodes Becker & Hickl's records: macro times, which are whole periods of the board's clock.
///
/// The first record is the file's header and tells the clock. The time within a period needs the range of
/// the board's converter, which only the companion `.set` file has: it is left out, so times are as coarse
/// as the clock. Channels: the routing bits (SPC-130) or the record's channel (QC). A gap is a hole.
struct BeckerHicklDecoder: TagRecordDecoder {
    let recordBytes = 4
    private(set) var counts = TagRecordCounts()

    static let overflowTicks: Int64 = 4_096

    private let family: BeckerHicklFamily
    private let scale: TickScale
    private var baseTicks: Int64 = 0
    private var lastPS: Int64?

    init(_ family: BeckerHicklFamily, clockSeconds: Double) {
        self.family = family
        scale = TickScale(resolutionSeconds: clockSeconds)
    }

    private enum Kind {
        case photon(channel: UInt8), marker, none
    }

    /// What a record is, whether the macro time has run over before it, and whether photons were lost.
    private func parse(_ record: UInt32) -> (kind: Kind, overflows: Int64, gap: Bool) {
        switch family {
        case .spc130:
            let overflow = record >> 30 & 1 != 0
            let gap = record >> 29 & 1 != 0
            if record >> 31 != 0 {
                if record >> 28 & 1 != 0 { return (.marker, overflow ? 1 : 0, gap) }
                // A pure overflow record counts overflows in its low 28 bits; 0 stands for one.
                return (.none, overflow ? max(1, Int64(record & 0xFFF_FFFF)) : 0, gap)
            }
            return (.photon(channel: UInt8(record >> 12 & 0xF)), overflow ? 1 : 0, gap)
        case .qcX04:
            switch record >> 30 {
            case 0: return (.photon(channel: UInt8(record >> 28 & 3)), 0, false)
            case 1: return (.marker, 0, false)
            case 2: return (.none, 1, false)
            default: return (.none, 0, true)
            }
        case .qcX06:
            let field = record >> 28 & 7
            guard record >> 31 != 0 else { return (.photon(channel: UInt8(field)), 0, false) }
            if field & 4 != 0 { return (.none, 0, true) }
            return field == 0 ? (.none, 1, false) : field == 2 ? (.marker, 0, false) : (.none, 0, false)
        }
    }

    mutating func decode(_ records: UnsafeRawBufferPointer, into batch: inout TagBatch) throws(RecordFault) {
        let count = records.count / 4
        batch.reserveCapacity(count)
        defer { counts.tags += batch.count }
        for index in 0..<count {
            let record = UInt32(littleEndian: records.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            let (kind, overflows, gap) = parse(record)
            if overflows > 0 {
                guard baseTicks <= scale.maximumTick - (overflows + 1) * Self.overflowTicks else {
                    throw RecordFault(index: index, message: "overflow records lead beyond the range of time")
                }
                baseTicks += overflows * Self.overflowTicks
                counts.wraps += Int(overflows)
            }
            counts.records += 1
            if gap { batch.holes.append(TagHole(beforeIndex: batch.count, cause: .deviceOverflow, afterPS: lastPS)) }
            switch kind {
            case .photon(let channel):
                let timePS = scale.picoseconds(baseTicks + Int64(record & 0xFFF))
                batch.append(timePS: timePS, channel: channel)
                lastPS = timePS
            case .marker: counts.markers += 1
            case .none: if overflows > 0 { counts.overflowRecords += 1 } else if !gap { counts.illegal += 1 }
            }
        }
    }
}
