import QKDCore

/// Writes Becker & Hickl's records: times rounded to the board's clock, holes as gaps.
struct BeckerHicklEncoder: TagEncoder {
    private let family: BeckerHicklFamily
    private let tenthsNS: UInt32
    private var order = OrderWatch()
    private var overflows: Int64 = 0
    private var gap = false

    /// A gap takes a record each in the QC families; more than this are refused.
    private static let mostOverflowRecords: Int64 = 100_000_000
    private static let mostCounted: Int64 = 1 << 28

    /// `resolutionPS` is the clock's period, a multiple of 100 ps; 12.5 ns if it is not given.
    init(_ family: BeckerHicklFamily, resolutionPS: Double?, path: String) throws {
        let tenths = (resolutionPS ?? 12_500) / 100
        guard tenths >= 1, tenths < 16_777_216, tenths == tenths.rounded() else {
            throw QKDError(
                .outOfRange, "a clock of \(resolutionPS ?? 0) ps: the header holds multiples of 100 ps up to 1.6 ms",
                at: .init(path, field: "resolution"))
        }
        self.family = family
        tenthsNS = UInt32(tenths)
    }

    func header() -> [UInt8] {
        var bytes = LittleEndianBytes()
        bytes.put(BeckerHicklHeader.record(tenthsNS: tenthsNS))
        return bytes.bytes
    }

    mutating func encode(
        _ batch: TagBatch, into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts
    ) throws(TagFault) {
        let holes = Set(batch.holes.map(\.beforeIndex))
        let tickPS = Int64(tenthsNS) * 100
        for index in 0..<batch.count {
            if holes.contains(index) { gap = true }
            let (time, channel) = (batch.times[index], batch.channels[index])
            let channels: UInt8 = family == .spc130 ? 16 : family == .qcX04 ? 4 : 8
            guard channel < channels else {
                throw TagFault(field: "channel", message: "channels are 0 to \(channels - 1), not \(channel)")
            }
            guard time >= 0, time < Int64.max - tickPS else {
                throw TagFault(field: "time", message: "macro times begin at 0, not \(time) ps")
            }
            let ticks = (time + tickPS / 2) / tickPS
            let due = ticks / BeckerHicklDecoder.overflowTicks - overflows
            guard due >= 0 else {
                throw TagFault(
                    kind: .invalidInput, field: "time", message: "a tag before the last overflow: sort first")
            }
            guard due < (family == .spc130 ? Self.mostCounted : Self.mostOverflowRecords) else {
                throw TagFault(field: "time", message: "a gap of \(due) overflows")
            }
            put(UInt32(ticks % BeckerHicklDecoder.overflowTicks), channel, overflows: due, &bytes, &counts)
            overflows += due
            order.see(time, &counts)
        }
        if holes.contains(batch.count) { gap = true }
    }

    private mutating func put(
        _ macro: UInt32, _ channel: UInt8, overflows: Int64, _ bytes: inout LittleEndianBytes,
        _ counts: inout TagWriteCounts
    ) {
        defer { gap = false }
        switch family {
        case .spc130:
            if overflows > 1 { word(3 << 30 | UInt32(overflows - 1), &bytes, &counts) }
            // The converter's full scale is the time 0 within the period.
            word(
                (overflows > 0 ? 1 << 30 : 0) | (gap ? 1 << 29 : 0) | 0xFFF << 16 | UInt32(channel) << 12 | macro,
                &bytes, &counts)
        case .qcX04:
            if gap { word(3 << 30, &bytes, &counts) }
            for _ in 0..<overflows { word(2 << 30, &bytes, &counts) }
            word(UInt32(channel) << 28 | macro, &bytes, &counts)
        case .qcX06:
            if gap { word(0xC << 28, &bytes, &counts) }
            for _ in 0..<overflows { word(1 << 31, &bytes, &counts) }
            word(UInt32(channel) << 28 | macro, &bytes, &counts)
        }
    }

    private func word(_ word: UInt32, _ bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts) {
        bytes.put(word)
        counts.records += 1
    }
}
