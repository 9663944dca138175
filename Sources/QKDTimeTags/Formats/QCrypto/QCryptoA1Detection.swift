/// Recognises the layout of an `a1` file, which has no header, by its times.
///
/// Read in the right word order the times hardly move from one event to the next; read in the wrong
/// one they leap through the 814 days of the counter. The unit shows in the time bits that are ever used:
/// a coarser instrument leaves the lower ones zero, so a wrong guess changes the resolution that is
/// reported and not one time.
enum QCryptoA1Detection {
    /// Events looked at.
    static let probeRecords = 4_096
    /// Fewer events than this are no evidence.
    static let minimumRecords = 4
    /// Longest believable step forward (1 h) and backward (1 s) between events, in 1/256 ns.
    private static let longestStep: Int64 = 3_600_000_000_000 * 256
    private static let longestStepBack: Int64 = 1_000_000_000 * 256

    /// The layout of the whole records in `bytes`, or `nil` if they are not `a1` events.
    ///
    /// `trusted` is for a file whose name says `a1`: then a handful of events is enough.
    static func layout(of bytes: UnsafeRawBufferPointer, trusted: Bool) -> QCryptoLayout? {
        let count = min(bytes.count / 8, probeRecords)
        guard count >= (trusted ? 1 : minimumRecords) else { return nil }
        let scores = QCryptoLayout.WordOrder.allCases.map { (order: $0, score: score(bytes, count, $0)) }
        let best = scores.min {
            ($0.score.leaps, $0.score.travel, $0.order == .native ? 0 : 1)
                < ($1.score.leaps, $1.score.travel, $1.order == .native ? 0 : 1)
        }
        // One leap in a hundred is a damaged event, more is another format.
        guard let best, best.score.leaps * 100 <= count, best.score.hits > 0 else { return nil }
        return QCryptoLayout(unit: unit(usedBits: best.score.usedBits), wordOrder: best.order)
    }

    private struct Score {
        /// Steps too long to believe.
        var leaps = 0
        /// The way that the time makes in all, 1/256 ns.
        var travel = 0.0
        /// Bits that are set in any event.
        var usedBits: UInt64 = 0
        /// Events of a detector.
        var hits = 0
    }

    private static func score(
        _ bytes: UnsafeRawBufferPointer, _ count: Int, _ order: QCryptoLayout.WordOrder
    ) -> Score {
        var score = Score()
        var previous: UInt64?
        for index in 0..<count {
            let raw = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            let event = order == .swapped ? raw >> 32 | raw << 32 : raw
            guard event != 0 else { continue }
            score.usedBits |= event
            if event & 0x10 == 0, event & 0xF != 0 { score.hits += 1 }
            let time = event & ~0x3FF
            if let previous {
                // The difference of the two counters, with its sign, across the counter's end.
                let step = Int64(bitPattern: time &- previous) >> 10
                if step > longestStep || step < -longestStepBack { score.leaps += 1 }
                score.travel += Double(step.magnitude)
            }
            previous = time
        }
        return score
    }

    private static func unit(usedBits: UInt64) -> QCryptoLayout.TimeUnit {
        if usedBits & 0x7C00 != 0 { return .ns256th }
        return usedBits & 0x78000 != 0 ? .ns8th : .ns2
    }
}
