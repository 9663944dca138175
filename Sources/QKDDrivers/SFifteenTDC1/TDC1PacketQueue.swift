/// What waits to go to the host, in USB packets of 64 bytes.
struct TDC1PacketQueue {
    private static let packetByteCount = 64

    private var bytes: [UInt8] = []
    private var bytesToLose = 0
    /// Bytes at the front that have to go even if they do not fill a packet.
    private var flushed = 0

    var byteCount: Int { bytes.count }

    mutating func append(_ words: [UInt32]) {
        let start = bytes.count
        words.withUnsafeBytes { bytes.append(contentsOf: $0) }
        let lost = min(bytesToLose, bytes.count - start)
        if lost > 0 { bytes.removeSubrange(start..<start + lost) }
        bytesToLose -= lost
    }

    /// Queues an answer line; it ends its packet and sends what lies before it.
    mutating func say(_ line: String) {
        bytes += Array(line.utf8) + [0x0D, 0x0A]
        flush()
    }

    mutating func flush() { flushed = bytes.count }

    mutating func lose(bytes count: Int) { bytesToLose += max(0, count) }

    /// Takes what may go now.
    mutating func release(holdingPartialPackets: Bool) -> [UInt8] {
        let behind = bytes.count - flushed
        let full = flushed + behind / Self.packetByteCount * Self.packetByteCount
        let held = holdingPartialPackets ? bytes.count - full : 0
        var released = bytes
        bytes = held > 0 ? Array(released.suffix(held)) : []
        released.removeLast(held)
        flushed = 0
        return released
    }
}
