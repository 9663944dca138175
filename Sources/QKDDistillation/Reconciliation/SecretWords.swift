import QKDKernels

/// Memory for key bits, packed as in `BitString`, that is zero at first and wiped before it is given back.
///
/// Who goes by `pointer` has to keep the object: it may be let go, and wiped, as soon as nobody names it any more.
final class SecretWords: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<UInt64>
    let count: Int

    init(count: Int) {
        self.count = count
        pointer = .allocate(capacity: max(1, count))
        pointer.initialize(repeating: 0, count: max(1, count))
    }

    /// Without zeros, for who writes before it reads.
    init(unsetCount count: Int) {
        self.count = count
        pointer = .allocate(capacity: max(1, count))
    }

    /// Takes words, and zeros behind them up to `count`.
    convenience init(_ words: [UInt64], count: Int) {
        self.init(count: count)
        words.withUnsafeBufferPointer { if let base = $0.baseAddress { pointer.update(from: base, count: $0.count) } }
    }

    /// All words, as they are now.
    var words: [UInt64] { withExtendedLifetime(self) { Array(UnsafeBufferPointer(start: pointer, count: count)) } }

    deinit {
        Wipe.zero(pointer, count: count)
        pointer.deallocate()
    }
}

/// Parities of runs of packed bits, 0 or 1.
enum Parity {
    /// Of the bits `low ..< high`, of which there are some, of the words that `word` gives.
    @inline(__always) static func of(_ low: Int, _ high: Int, _ word: (Int) -> UInt64) -> UInt64 {
        let first = low >> 6
        let last = (high &- 1) >> 6
        let head = ~UInt64(0) &<< UInt64(truncatingIfNeeded: low & 63)
        let tail = ~UInt64(0) &>> UInt64(truncatingIfNeeded: (0 &- high) & 63)
        guard first < last else { return of(word(first) & head & tail) }
        var sum = word(first) & head ^ word(last) & tail
        var next = first &+ 1
        while next < last {
            sum ^= word(next)
            next &+= 1
        }
        return of(sum)
    }

    /// Of a word. No population count: the machines that everything is built for have no instruction for it.
    @inline(__always) static func of(_ word: UInt64) -> UInt64 {
        var folded = word ^ word &>> 32
        folded ^= folded &>> 16
        folded ^= folded &>> 8
        folded ^= folded &>> 4
        return 0x6996 &>> (folded & 15) & 1
    }
}
