/// One pass on the side that corrects: its bits as the pass sees them, and what the parities told of them.
///
/// Each block is cut into *segments*, nodes whose parity is known while that of their halves is not; for each it is kept whether it
/// is odd: whether the sides' parities differ. All that is known follows from that, and a bit that is corrected turns one
/// segment alone.
struct CascadePass {
    /// 64 places. Memory of such cells is four words each, in this order.
    struct Cell {
        /// The bits.
        var bits: UInt64
        /// Where segments start.
        var starts: UInt64
        /// At starts: whether the segment is odd. At the place after: whether the parity of its left half is asked for.
        var odd: UInt64
        /// Which bits are known to be right: those that were corrected.
        var known: UInt64
    }

    private let memory: SecretWords
    private let cells: UnsafeMutablePointer<Cell>
    /// A bit for each word that starts a segment: there are longer ones.
    private let wordStarts: UnsafeMutablePointer<UInt64>
    let log: Int
    private let wordCount: Int

    private let ways: CascadeOrders.Ways
    /// Starts of segments that became odd, to be searched.
    var pending = PlaceList()
    /// Middles of segments whose left half is asked for.
    var asked = PlaceList()

    /// Takes bits in the pass' order, and which of them are known to be right; both may be let go afterwards. `ways` has to last.
    init(
        log: Int, wordCount: Int, ways: CascadeOrders.Ways, bits: UnsafePointer<UInt64>, known: UnsafePointer<UInt64>
    ) {
        self.log = log
        self.ways = ways
        self.wordCount = wordCount
        let groups = (wordCount + 63) / 64
        memory = SecretWords(unsetCount: 4 * wordCount + groups)
        cells = UnsafeMutableRawPointer(memory.pointer).bindMemory(to: Cell.self, capacity: wordCount)
        wordStarts = memory.pointer + 4 * wordCount
        func starts(_ log: Int) -> UInt64 { stride(from: 0, to: 64, by: 1 << log).reduce(0) { $0 | 1 << UInt64($1) } }
        let (inWord, ofWords) = log > 6 ? (0, starts(log - 6)) : (starts(log), .max)
        for word in 0..<wordCount {
            let isStart = ofWords >> UInt64(word & 63) & 1
            cells[word] = Cell(bits: bits[word], starts: inWord | isStart, odd: 0, known: known[word])
        }
        for group in 0..<groups { wordStarts[group] = ofWords }
    }

    /// The bits as they are now.
    func copyBits(to words: UnsafeMutablePointer<UInt64>) {
        withExtendedLifetime(memory) { for word in 0..<wordCount { words[word] = cells[word].bits } }
    }

    /// Those of the bits `low ..< high` that are in a subset: their parity.
    func parity(_ low: Int, _ high: Int, in subset: [UInt64]) -> UInt64 {
        withExtendedLifetime(memory) { Parity.of(low, high) { cells[$0].bits & subset[$0] } }
    }

    /// Learns the other side's parity of a block.
    func learn(block: Int, _ parity: UInt64) {
        let start = block << log
        withExtendedLifetime(memory) { cells[start >> 6].odd |= (parity ^ own(start, log)) << UInt64(start & 63) }
    }

    /// Starts a segment at each bit of a word of `middles`, even as the one that it is cut from.
    @inline(__always) func cut(word: Int, middles: UInt64) { cells[word].starts |= middles }

    /// Puts all odd segments down for a search.
    mutating func pendAll() {
        for word in 0..<wordCount {
            var odd = cells[word].odd & cells[word].starts
            while odd != 0 {
                pending.append(word << 6 | odd.trailingZeroBitCount, if: true)
                odd &= odd &- 1
            }
        }
    }

    /// The own parity of the 2^`log` bits from `start` on.
    @inline(__always) private func own(_ start: Int, _ log: Int) -> UInt64 {
        let cell = cells + start >> 6
        guard log > 6 else {
            let mask = ~UInt64(0) &>> UInt64(truncatingIfNeeded: 64 &- 1 &<< log)
            return Parity.of(cell.pointee.bits &>> UInt64(truncatingIfNeeded: start & 63) & mask)
        }
        var sum: UInt64 = 0
        for word in 0..<1 &<< (log &- 6) { sum ^= cell[word].bits }
        return Parity.of(sum)
    }

    /// The frame's bit at a place.
    @inline(__always) func bit(at place: Int) -> Int { ways.bit(at: place) }

    /// A bit of the frame was corrected: it is known from now on, and its segment turns.
    @inline(__always) mutating func correct(_ bit: Int) {
        let place = ways.place(of: bit)
        let offset = UInt64(truncatingIfNeeded: place & 63)
        var cell = cells + place >> 6
        cell.pointee.bits ^= 1 &<< offset
        cell.pointee.known |= 1 &<< offset
        let before = cell.pointee.starts & (2 &<< offset &- 1)
        var start = place & ~63
        if before != 0 {
            start |= 63 &- before.leadingZeroBitCount
        } else {
            let word = place >> 6
            let words = wordStarts[word >> 6] & (2 &<< UInt64(truncatingIfNeeded: word & 63) &- 1)
            let first = word & ~63 | (63 &- words.leadingZeroBitCount)
            start = first << 6
            cell = cells + first
        }
        let flag: UInt64 = 1 &<< UInt64(truncatingIfNeeded: start & 63)
        cell.pointee.odd ^= flag
        pending.append(start, if: cell.pointee.odd & flag != 0)
    }

    /// Whether a search may begin at the segment that starts there: it is odd, and none is under way.
    @inline(__always) func isToBeSearched(_ start: Int) -> Bool {
        cells[start >> 6].odd &>> UInt64(truncatingIfNeeded: start & 63) & (isSingle(start) ? 1 : 3) == 1
    }

    /// Whether a segment is a single bit. The place after it then belongs to another one.
    @inline(__always) private func isSingle(_ start: Int) -> Bool {
        start & 1 != 0 || cells[start >> 6].starts &>> UInt64(truncatingIfNeeded: start & 63) & 2 != 0
    }

    /// log₂ of the length of the segment that starts there.
    @inline(__always) func segmentLog(_ start: Int) -> Int {
        let offset = start & 63
        let later = (cells[start >> 6].starts &>> UInt64(truncatingIfNeeded: offset)) &>> 1
        if later != 0 { return Self.log(later.trailingZeroBitCount &+ 1) }
        if offset != 0 { return Self.log(64 &- offset) }
        let word = start >> 6
        let words = (wordStarts[word >> 6] &>> UInt64(truncatingIfNeeded: word & 63)) &>> 1
        return 6 &+ Self.log(words != 0 ? words.trailingZeroBitCount &+ 1 : 64 &- word & 63)
    }

    @inline(__always) private static func log(_ length: Int) -> Int { 63 &- length.leadingZeroBitCount }

    /// Begins, or goes on with, a search at an odd segment. Gives the place of a bit that is wrong, as the segment alone or what is
    /// known of its two bits tells; `nil` where the parity of its left half is asked for.
    @inline(__always) mutating func search(_ start: Int, log: Int) -> Int? {
        guard log > 0 else { return start }
        let cell = cells + start >> 6
        let offset = UInt64(truncatingIfNeeded: start & 63)
        if log == 1 {
            let known = cell.pointee.known &>> offset & 3
            if known != 0 {
                let left = known & 1 ^ 1
                cell.pointee.starts |= 2 &<< offset
                cell.pointee.odd = cell.pointee.odd & ~(3 &<< offset) | (left | (left ^ 1) &<< 1) &<< offset
                return left != 0 ? start : start &+ 1
            }
        }
        cell.pointee.odd |= 2 &<< offset
        asked.append(start &+ 1 &<< (log &- 1), if: true)
        return nil
    }

    /// Learns the other side's parity of the left half of the segment with this middle. Gives the start of a half that is odd, if
    /// one is; if both are, the other one is put down.
    @inline(__always) mutating func learn(middle: Int, _ parity: UInt64) -> Int? {
        let half = middle & (0 &- middle)
        let start = middle &- half
        let left = cells + start >> 6
        let right = cells + middle >> 6
        let (low, high) = (UInt64(truncatingIfNeeded: start & 63), UInt64(truncatingIfNeeded: middle & 63))
        let difference = parity ^ own(start, half.trailingZeroBitCount)
        let rest = left.pointee.odd &>> low & 1 ^ difference
        left.pointee.odd = left.pointee.odd & ~(3 &<< low) | difference &<< low
        right.pointee.starts |= 1 &<< high
        right.pointee.odd |= rest &<< high
        if high == 0 { wordStarts[middle >> 12] |= 1 &<< UInt64(truncatingIfNeeded: middle >> 6 & 63) }
        // Which half is odd is anybody's guess, and that just one is all but sure: so no branch for the one.
        let next = start &+ half & (Int(truncatingIfNeeded: difference) &- 1)
        guard difference == rest else { return next }
        guard difference != 0 else { return nil }
        pending.append(middle, if: true)
        return next
    }

    /// Gives the memory back.
    func free() {
        pending.free()
        asked.free()
    }
}

/// A list of places that grows, with an append that needs no branch for whether.
struct PlaceList {
    private(set) var places = UnsafeMutablePointer<UInt32>.allocate(capacity: 64)
    private(set) var count = 0
    private var capacity = 64

    @inline(__always) mutating func append(_ place: Int, if isWanted: Bool) {
        if count == capacity { grow() }
        places[count] = UInt32(truncatingIfNeeded: place)
        count &+= isWanted ? 1 : 0
    }

    @inline(__always) mutating func popLast() -> Int? {
        guard count > 0 else { return nil }
        count &-= 1
        return Int(places[count])
    }

    mutating func removeAll() { count = 0 }

    @inline(never) private mutating func grow() {
        let more = UnsafeMutablePointer<UInt32>.allocate(capacity: 2 * capacity)
        more.update(from: places, count: count)
        places.deallocate()
        (places, capacity) = (more, 2 * capacity)
    }

    func free() { places.deallocate() }
}
