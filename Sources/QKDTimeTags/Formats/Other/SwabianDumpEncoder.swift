import QKDCore

/// Writes Swabian's 16-byte records of kind 0. Which kinds mark losses is not public, so holes stay unmarked.
struct SwabianDumpEncoder: TagEncoder {
    private var order = OrderWatch()

    mutating func encode(
        _ batch: TagBatch, into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts
    ) throws(TagFault) {
        for index in 0..<batch.count {
            let (time, channel) = (batch.times[index], batch.channels[index])
            guard time >= 0 else { throw TagFault(field: "time", message: "dumped times begin at 0, not \(time) ps") }
            guard channel != 128 else {
                throw TagFault(field: "channel", message: "channel 128 is neither a rising nor a falling edge")
            }
            bytes.put(Int32(0))
            bytes.put(SwabianDumpDecoder.number(channel))
            bytes.put(UInt64(time))
            order.see(time, &counts)
            counts.records += 1
        }
        counts.unmarkedHoles += batch.holes.count
    }
}
