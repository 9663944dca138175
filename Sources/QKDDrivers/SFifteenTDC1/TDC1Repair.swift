import QKDCore

/// What the decoder does at an odd word: the first one of all, one whose bits 4…0 name neither an input
/// nor a dummy, or both, and one that comes more than 64 times the usual step after the last.
///
/// 1. The words from there on are read at the boundary in use and at boundaries shifted by 2, 1 and 3
///    bytes (the device is known to lose two: pyS15 `read_timestamps_bin3`). A reading is the better the
///    fewer bits its steps need: where bytes are missing, fast low bits of one word stand in the high
///    bits of another, and steps grow by orders of magnitude. If a shifted reading saves 3 bits a step,
///    bytes were lost: the start of the shifted stretch is sought backwards, one word before it and four
///    after it are given up, the stream goes on at the shifted boundary and the place is marked
///    `misalignment`.
/// 2. Otherwise, if the next word fits to the one before but not to the one in between, that one was
///    damaged: it is given up and marked `misalignment`. A word without any flag is always given up.
/// 3. Otherwise the word is passed on. A step of more than 150 ms is marked `silence`: dummies are
///    missing, and with them perhaps whole wraps.
///
/// What this cannot see: a stretch that is misaligned from its first word to its last.
extension TDC1Decoder {
    /// Words that are read to tell what happened.
    private static let evidenceWords = 16
    /// Bytes that must lie behind an odd word before it is judged: the words at any boundary.
    static let evidenceByteCount = (evidenceWords + 1) * TDC1Word.byteCount
    private static let bitsSavedPerStep = 3
    private static let givenUpBefore = 1
    private static let givenUpAfter = 4

    /// Repairs the stream at the odd word `place` and returns the offset at which it goes on.
    mutating func repair(
        _ bytes: UnsafeRawBufferPointer, from start: Int, at place: Int, to end: Int, into batch: inout TagBatch
    ) -> Int {
        let present = Reading(bytes, at: place)
        let shifted = [2, 1, 3].map { Reading(bytes, at: place + $0) }
        if let best = shifted.min(by: { $0.bitsPerStep < $1.bitsPerStep }), best.steps >= 2,
            best.bitsPerStep + Double(Self.bitsSavedPerStep) <= present.bitsPerStep
        {
            return realign(bytes, from: start, at: place, to: best, into: &batch)
        }
        pass(bytes, start..<place, into: &batch)
        if usualStep == nil, present.steps > 0 { usualStep = present.ticks / Int64(present.steps) }
        return passOver(bytes, at: place, to: end, into: &batch)
    }

    /// How the words from an offset on read at its boundary.
    private struct Reading {
        var steps = 0
        /// Bits that the steps need; an impossible word or step counts as a whole word.
        var bits = 0
        var ticks: Int64 = 0
        var longestStep: Int64 = 0
        /// The offset of the last word that was read.
        var last: Int

        init(_ bytes: UnsafeRawBufferPointer, at start: Int) {
            last = start
            var previous: UInt32?
            for index in 0..<TDC1Decoder.evidenceWords {
                let offset = start + index * TDC1Word.byteCount
                guard offset + TDC1Word.byteCount <= bytes.count else { break }
                let word = bytes.word(at: offset)
                if let previous {
                    let step = TDC1Word.step(from: previous, to: word)
                    let isSound = TDC1Word.hasSoundFlags(word) && step <= TDC1Word.longestStepTicks
                    steps += 1
                    bits += UInt32.bitWidth - (isSound ? step.leadingZeroBitCount : 0)
                    ticks += Int64(step)
                    longestStep = max(longestStep, Int64(step))
                }
                previous = word
                last = offset
            }
        }

        var bitsPerStep: Double { steps > 0 ? Double(bits) / Double(steps) : Double(UInt32.bitWidth) }

        /// The mean step without the longest, which may lead out of the damage.
        var usualStep: Int64 { (ticks - longestStep) / Int64(max(1, steps - 1)) }
    }

    private mutating func realign(
        _ bytes: UnsafeRawBufferPointer, from start: Int, at place: Int, to reading: Reading,
        into batch: inout TagBatch
    ) -> Int {
        let limit = 64 * reading.usualStep + 4_096
        var resume = reading.last
        while resume - TDC1Word.byteCount >= start {
            let earlier = bytes.word(at: resume - TDC1Word.byteCount)
            let step = TDC1Word.step(from: earlier, to: bytes.word(at: resume))
            guard TDC1Word.hasSoundFlags(earlier), Int64(step) <= limit else { break }
            resume -= TDC1Word.byteCount
        }
        // Back at the old boundary: the word in which the shifted ones start.
        let broken = start + max(0, resume - start) / TDC1Word.byteCount * TDC1Word.byteCount
        let stop = min(place, broken) - Self.givenUpBefore * TDC1Word.byteCount
        pass(bytes, start..<max(start, stop), into: &batch)
        batch.holes.append(TagHole(beforeIndex: batch.count, cause: .misalignment, afterPS: lastTimePS))
        statistics.resyncs += 1
        let wholeWords = max(0, bytes.count - resume) / TDC1Word.byteCount
        return resume + min(Self.givenUpAfter, wholeWords) * TDC1Word.byteCount
    }

    private mutating func passOver(
        _ bytes: UnsafeRawBufferPointer, at place: Int, to end: Int, into batch: inout TagBatch
    ) -> Int {
        let next = place + TDC1Word.byteCount
        let word = bytes.word(at: place)
        if word & 31 == 0 || isDamaged(word, followedBy: next < end ? bytes.word(at: next) : nil) {
            batch.holes.append(TagHole(beforeIndex: batch.count, cause: .misalignment, afterPS: lastTimePS))
            return next
        }
        if isStarted, TDC1Word.step(from: lastWord, to: word) > TDC1Word.longestStepTicks {
            batch.holes.append(TagHole(beforeIndex: batch.count, cause: .silence, afterPS: lastTimePS))
        }
        pass(bytes, place..<next, into: &batch)
        return next
    }

    /// Whether the words before and behind fit to each other, but not to this one.
    private func isDamaged(_ word: UInt32, followedBy next: UInt32?) -> Bool {
        guard isStarted, let next, TDC1Word.hasSoundFlags(next) else { return false }
        return TDC1Word.step(from: lastWord, to: next) <= stepLimit
            && TDC1Word.step(from: lastWord, to: word) > stepLimit
    }
}
