import QKDCore

/// Writes quTools' records; the header is that of a file that the instrument wrote.
struct QuTAGEncoder: TagEncoder {
    private let layout: QuTAGLayout
    private let headerBytes: [UInt8]
    private var order = OrderWatch()
    /// The latest time; which turn of the counter the first lies in is lost.
    private var latestPS: Int64?

    /// Throws `invalidInput` without a header where the layout has one.
    init(_ layout: QuTAGLayout, header: [UInt8], path: String) throws {
        if layout.headerBytes > 0 {
            guard header.count == layout.headerBytes, header.starts(with: QuTAGLayout.magic) else {
                throw QKDError(
                    .invalidInput,
                    "what a quTAG header says is not public: it is taken from a quTAG file, or write qutag-raw",
                    at: .init(path, field: "header"))
            }
        }
        self.layout = layout
        headerBytes = layout.headerBytes > 0 ? header : []
    }

    func header() -> [UInt8] { headerBytes }

    mutating func encode(
        _ batch: TagBatch, into bytes: inout LittleEndianBytes, _ counts: inout TagWriteCounts
    ) throws(TagFault) {
        for index in 0..<batch.count {
            let (time, channel) = (batch.times[index], batch.channels[index])
            guard time >= 0 else { throw TagFault(field: "time", message: "quTAG times begin at 0, not \(time) ps") }
            if layout == .compressed {
                try checkCompressed(time, channel)
                bytes.put(UInt32(truncatingIfNeeded: time))
                bytes.put(UInt8(truncatingIfNeeded: time >> 32 & 0x1F) | channel << 5)
            } else {
                bytes.put(UInt64(time))
                bytes.put(UInt16(channel))
            }
            order.see(time, &counts)
            counts.records += 1
        }
        counts.unmarkedHoles += batch.holes.count
    }

    /// A reader must be able to tell from the 37 bits where the tag lies.
    private mutating func checkCompressed(_ time: Int64, _ channel: UInt8) throws(TagFault) {
        guard channel < 8 else {
            throw TagFault(field: "channel", message: "compressed records hold channels 0 to 7, not \(channel)")
        }
        let latest = latestPS ?? time
        guard time - latest < QuTAGDecoder.wrapPS - QuTAGDecoder.largestDisorderPS else {
            throw TagFault(
                field: "time", message: "a gap of \(time - latest) ps: compressed times wrap every 137 ms, unmarked")
        }
        guard latest - time < QuTAGDecoder.largestDisorderPS else {
            throw TagFault(
                kind: .invalidInput, field: "time",
                message: "\(latest - time) ps out of order, more than a compressed record allows")
        }
        latestPS = max(latest, time)
    }
}
