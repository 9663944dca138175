import QKDCore

/// Turns the TDC1's byte stream into time tags: unwraps the 27-bit time, splits words of several
/// inputs, counts dummies, and finds the word boundary again when bytes were lost.
///
/// A word is passed on only when `heldBackWords` words stand behind it, so that the tags of a misaligned
/// stretch are not passed on before the misalignment shows. `isPause` releases what is held back: use it
/// when the device has fallen silent or has stopped. The rules of the repair are in `TDC1Repair.swift`.
public struct TDC1Decoder: Sendable {
    /// Words that wait for those behind them: four USB packets.
    public static let heldBackWords = 64

    /// Tags and dummies passed on, and repairs made.
    public internal(set) var statistics = TaggerStatistics()
    /// The time of the last word passed on, picoseconds since the first wrap; `nil` before the first word.
    public var lastTimePS: Int64? { isStarted ? unwrappedTicks * TDC1Word.tickPS : nil }

    var isStarted = false
    /// The last word passed on.
    var lastWord: UInt32 = 0
    /// Its time without wraps, ticks.
    var unwrappedTicks: Int64 = 0
    /// The mean step of the last words, ticks; `nil` before there was one.
    var usualStep: Int64?
    private var pending: [UInt8] = []

    /// Starts at a word boundary, with no time known.
    public init() {}

    /// Decodes bytes in the order in which they came; any part of a word waits for the next call.
    ///
    /// With `isPause` all whole words are passed on, on whatever evidence there is.
    public mutating func decode(_ bytes: [UInt8], isPause: Bool = false) -> TagBatch {
        let buffer = pending.isEmpty ? bytes : pending + bytes
        var batch = TagBatch()
        let used = buffer.withUnsafeBytes { decode($0, isPause: isPause, into: &batch) }
        pending = Array(buffer[used...])
        return batch
    }

    /// Returns how many bytes are done with.
    private mutating func decode(
        _ bytes: UnsafeRawBufferPointer, isPause: Bool, into batch: inout TagBatch
    ) -> Int {
        let held = isPause ? 0 : Self.heldBackWords * TDC1Word.byteCount
        var cursor = 0
        while true {
            let end = bytes.count - (bytes.count - cursor) % TDC1Word.byteCount
            let odd = firstOdd(in: bytes, from: cursor, to: end)
            if odd == end || !isPause && bytes.count - odd < Self.evidenceByteCount {
                let stop = max(cursor, odd - held)
                pass(bytes, cursor..<stop, into: &batch)
                return stop
            }
            cursor = repair(bytes, from: cursor, at: odd, to: end, into: &batch)
        }
    }

    /// The offset of the first word that needs a closer look, or `end`: the very first one, one with odd
    /// flags, and one after a longer step than usual.
    private func firstOdd(in bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int {
        guard isStarted else { return start }
        let limit = stepLimit
        var offset = start
        var previous = lastWord
        while offset < end {
            let word = bytes.word(at: offset)
            guard TDC1Word.hasSoundFlags(word), TDC1Word.step(from: previous, to: word) <= limit else {
                return offset
            }
            previous = word
            offset &+= TDC1Word.byteCount
        }
        return end
    }

    /// The longest step that goes without a closer look, ticks.
    var stepLimit: UInt32 {
        guard let usualStep else { return TDC1Word.longestStepTicks }
        return UInt32(min(Int64(TDC1Word.longestStepTicks), 64 * usualStep + 4_096))
    }

    private mutating func noteSteps(_ ticks: Int64, words: Int) {
        if let usual = usualStep, words < 64 {
            usualStep = usual + (ticks - Int64(words) * usual) / 64
        } else {
            usualStep = ticks / Int64(words)
        }
    }

    /// Passes the words of a range on as tags, whatever their steps are.
    mutating func pass(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, into batch: inout TagBatch) {
        guard !range.isEmpty else { return }
        let wasStarted = isStarted
        if !isStarted {
            isStarted = true
            lastWord = bytes.word(at: range.lowerBound)
            unwrappedTicks = Int64(lastWord >> 5)
        }
        let (count, fillers) = Self.count(bytes, range)
        var times: [Int64] = []
        var ticks = unwrappedTicks
        var last = lastWord
        let channels = [UInt8](unsafeUninitializedCapacity: count) { channels, channelCount in
            times = [Int64](unsafeUninitializedCapacity: count) { times, timeCount in
                var tag = 0
                var offset = range.lowerBound
                while offset < range.upperBound {
                    let word = bytes.word(at: offset)
                    ticks &+= Int64(((word >> 5) &- (last >> 5)) & TDC1Word.tickMask)
                    last = word
                    offset &+= TDC1Word.byteCount
                    var inputs = word & 0xF
                    while inputs != 0 {
                        times[tag] = ticks &* TDC1Word.tickPS
                        channels[tag] = UInt8(truncatingIfNeeded: inputs.trailingZeroBitCount &+ 1)
                        tag &+= 1
                        inputs &= inputs &- 1
                    }
                }
                timeCount = tag
            }
            channelCount = count
        }
        if wasStarted { noteSteps(ticks - unwrappedTicks, words: range.count / TDC1Word.byteCount) }
        unwrappedTicks = ticks
        lastWord = last
        statistics.tags += count
        statistics.fillers += fillers
        if batch.isEmpty {
            batch.times = times
            batch.channels = channels
        } else {
            batch.times += times
            batch.channels += channels
        }
    }
}

extension TDC1Decoder {
    /// Counts the tags in a range of words, and the words that have none.
    private static func count(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> (tags: Int, fillers: Int) {
        // The number of set bits of 0…15, four bits each.
        let setBits: UInt64 = 0x4332_3221_3221_2110
        var tags = 0
        var fillers = 0
        var offset = range.lowerBound
        while offset < range.upperBound {
            let inputs = UInt64(bytes.word(at: offset) & 0xF)
            tags &+= Int(truncatingIfNeeded: setBits >> (inputs &* 4) & 7)
            fillers &+= inputs == 0 ? 1 : 0
            offset &+= TDC1Word.byteCount
        }
        return (tags, fillers)
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian word at a byte offset, which the caller has checked.
    @inline(__always)
    func word(at offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
