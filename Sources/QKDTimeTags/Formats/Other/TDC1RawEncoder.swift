import QKDCore

/// Writes the TDC1's words: times rounded to 2 ns, dummies where the counter would wrap unseen.
struct TDC1RawEncoder: TagEncoder {
    private var order = OrderWatch()
    private var open: (ticks: Int64, pattern: UInt32)?
    private var lastTicks: Int64 = 0

    /// A dummy every 2^26 ticks (134 ms) shows every wrap; the device sends one about every 140 ms.
    private static let dummyTicks = TDC1RawDecoder.wrapTicks / 2
    private static let longestGapTicks = 1_000_000 * dummyTicks

    mutating func encode(
        _ batch: TagBatch, into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts
    ) throws(TagFault) {
        for index in 0..<batch.count {
            let (time, channel) = (batch.times[index], batch.channels[index])
            guard (1...4).contains(channel) else {
                throw TagFault(field: "channel", message: "TDC1 words hold channels 1 to 4, not \(channel)")
            }
            guard time >= 0, time < Int64.max - TDC1RawDecoder.tickPS else {
                throw TagFault(field: "time", message: "TDC1 times begin at 0, not \(time) ps")
            }
            let ticks = (time + TDC1RawDecoder.tickPS / 2) / TDC1RawDecoder.tickPS
            let hit = UInt32(1) << UInt32(channel - 1)
            if let same = open, same.ticks == ticks, same.pattern & hit == 0 {
                open = (ticks, same.pattern | hit)
            } else {
                let before = open?.ticks ?? lastTicks
                guard ticks >= before else {
                    throw TagFault(
                        kind: .invalidInput, field: "time",
                        message: "a tag \((before - ticks) * TDC1RawDecoder.tickPS) ps out of order: sort first")
                }
                guard ticks - before <= Self.longestGapTicks else {
                    throw TagFault(
                        field: "time", message: "a gap of over a day, which the counter cannot show: shift the times")
                }
                end(into: &bytes, &counts)
                fill(upTo: ticks, &bytes, &counts)
                open = (ticks, hit)
            }
            order.see(time, &counts)
        }
        counts.unmarkedHoles += batch.holes.count
    }

    mutating func end(into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts) {
        guard let (ticks, pattern) = open else { return }
        put(ticks, pattern, &bytes, &counts)
        open = nil
    }

    private mutating func fill(upTo ticks: Int64, _ bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts) {
        while ticks - lastTicks >= Self.dummyTicks { put(lastTicks + Self.dummyTicks, 0x10, &bytes, &counts) }
    }

    private mutating func put(
        _ ticks: Int64, _ flags: UInt32, _ bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts
    ) {
        bytes.put(UInt32(truncatingIfNeeded: ticks & (TDC1RawDecoder.wrapTicks - 1)) << 5 | flags)
        lastTicks = ticks
        counts.records += 1
    }
}
