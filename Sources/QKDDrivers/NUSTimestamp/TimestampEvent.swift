import QKDCore

/// An event as the card sends it: two little-endian words, `dv` before `cv` (readevents3.c, process_quads).
///
/// The 40-bit slow counter, read out late, stands in `cv` and the upper byte of `dv`; the 5-bit fast counter in bits 13
/// to 9, the phase pattern in bits 8 to 0, the inputs in bits 17 to 14 of `dv`. The time has 49 bits of 125 ps.
enum TimestampEvent {
    static let byteCount = 8
    static let tickPS: Int64 = 125
    static let timeBits: Int64 = 49
    /// Fast counts below this came when the slow counter had not yet counted.
    static let lateFastCounts: UInt64 = 17

    /// Time in ticks and inputs as bits 3 to 0, or `nil` for a void.
    @inline(__always)
    static func decode(dv: UInt32, cv: UInt32, _ phase: UnsafePointer<UInt8>) -> (ticks: Int64, inputs: UInt8)? {
        if dv | cv == 0 { return nil }
        let fast = UInt64(dv >> 9 & 0x1F)
        var slow = UInt64(cv) << 8 | UInt64(dv >> 24)
        if fast < lateFastCounts { slow = (slow + 1) & 0xFF_FFFF_FFFF }
        let fine = UInt64(phase[Int(dv & 0x1FF)])
        let inputs = UInt8(dv >> 12 & 0xC | dv >> 16 & 0x3)
        return (Int64(slow << 9 | fast << 4 | fine), inputs)
    }

    /// The words of an event; `pattern` is a phase pattern that stands for the time's last four bits.
    static func encode(ticks: Int64, inputs: UInt8, pattern: UInt16) -> (dv: UInt32, cv: UInt32) {
        let fast = UInt64(bitPattern: ticks >> 4 & 0x1F)
        var slow = UInt64(bitPattern: ticks >> 9) & 0xFF_FFFF_FFFF
        if fast < lateFastCounts { slow = (slow &- 1) & 0xFF_FFFF_FFFF }
        let lines = UInt32(inputs & 0xC) << 12 | UInt32(inputs & 0x3) << 16
        let dv = UInt32(truncatingIfNeeded: slow) << 24 | lines | UInt32(fast) << 9 | UInt32(pattern & 0x1FF)
        return (dv, UInt32(truncatingIfNeeded: slow >> 8))
    }
}

/// Turns the card's bytes into time tags; the part of an event at the end waits for the rest.
struct TimestampDecoder: Sendable {
    private let phase: TimestampPhase
    private var rest: [UInt8] = []
    private var lastTicks: Int64?
    private var wraps: Int64 = 0
    private(set) var statistics = TaggerStatistics()
    /// The last time that was passed on, picoseconds.
    var lastTimePS: Int64? { lastTicks.map { ($0 + wraps << TimestampEvent.timeBits) * TimestampEvent.tickPS } }

    init(_ phase: TimestampPhase) { self.phase = phase }

    /// Decodes bytes in the order in which they came. Input A, bit 3, is channel 4; input D, bit 0, channel 1, as the
    /// detectors are numbered in the qcrypto programs.
    mutating func decode(_ bytes: [UInt8]) -> TagBatch {
        let buffer = rest.isEmpty ? bytes : rest + bytes
        let count = buffer.count / TimestampEvent.byteCount
        var batch = TagBatch(capacity: count)
        buffer.withUnsafeBytes { raw in
            phase.fine.withUnsafeBufferPointer { table in
                guard let table = table.baseAddress else { return }
                for index in 0..<count {
                    let dv = raw.loadUnaligned(fromByteOffset: index * 8, as: UInt32.self).littleEndian
                    let cv = raw.loadUnaligned(fromByteOffset: index * 8 + 4, as: UInt32.self).littleEndian
                    pass(TimestampEvent.decode(dv: dv, cv: cv, table), into: &batch)
                }
            }
        }
        rest = Array(buffer[(count * TimestampEvent.byteCount)...])
        return batch
    }

    @inline(__always)
    private mutating func pass(_ event: (ticks: Int64, inputs: UInt8)?, into batch: inout TagBatch) {
        guard let event, event.inputs != 0 else {
            statistics.fillers += 1
            return
        }
        // After 19.5 hours the counter starts again; a step back of less than half of that is disorder.
        if let lastTicks, lastTicks - event.ticks > 1 << (TimestampEvent.timeBits - 1) { wraps += 1 }
        lastTicks = event.ticks
        let timePS = (event.ticks + wraps << TimestampEvent.timeBits) * TimestampEvent.tickPS
        for bit in 0..<4 where event.inputs >> bit & 1 != 0 {
            batch.append(timePS: timePS, channel: UInt8(bit + 1))
            statistics.tags += 1
        }
    }
}
