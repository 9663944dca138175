import QKDCore

/// Writes lines of a time in ps and a channel under a line of names; holes become comments that our reader knows.
struct CSVEncoder: TagEncoder {
    private var order = OrderWatch()

    func header() -> [UInt8] { Array("time_ps,channel\n".utf8) }

    mutating func encode(
        _ batch: TagBatch, into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts
    ) throws(TagFault) {
        var holes = batch.holes[...]
        for index in 0...batch.count {
            while let hole = holes.first, hole.beforeIndex <= index {
                bytes.bytes += Array("# hole \(hole.cause.rawValue)\n".utf8)
                holes.removeFirst()
            }
            guard index < batch.count else { return }
            put(batch.times[index], &bytes.bytes)
            bytes.put(UInt8(0x2C))
            put(Int64(batch.channels[index]), &bytes.bytes)
            bytes.put(UInt8(0x0A))
            order.see(batch.times[index], &counts)
            counts.records += 1
        }
    }

    /// Digits by hand: a String each would take most of the time.
    private func put(_ value: Int64, _ bytes: inout [UInt8]) {
        if value < 0 { bytes.append(0x2D) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(0x30 + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}
