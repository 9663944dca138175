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

    convenience init(_ words: [UInt64]) {
        self.init(count: words.count)
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
    /// Of bits `low..<high`; `low < high`.
    @inline(__always) static func of(_ words: UnsafeMutablePointer<UInt64>, _ low: Int, _ high: Int) -> UInt64 {
        let first = low >> 6
        let last = (high &- 1) >> 6
        let head = ~UInt64(0) &<< UInt64(truncatingIfNeeded: low & 63)
        let tail = ~UInt64(0) &>> UInt64(truncatingIfNeeded: (0 &- high) & 63)
        guard first < last else { return of(words[first] & head & tail) }
        var sum = words[first] & head ^ words[last] & tail
        var word = first &+ 1
        while word < last {
            sum ^= words[word]
            word &+= 1
        }
        return of(sum)
    }

    /// Of those bits of `low..<high` that `mask` has too.
    static func of(
        _ words: UnsafeMutablePointer<UInt64>, _ low: Int, _ high: Int, mask: UnsafePointer<UInt64>
    ) -> UInt64 {
        let first = low >> 6
        let last = (high - 1) >> 6
        let head = ~UInt64(0) << UInt64(low & 63)
        let tail = ~UInt64(0) >> UInt64((0 &- high) & 63)
        guard first < last else { return of(words[first] & mask[first] & head & tail) }
        var sum = words[first] & mask[first] & head ^ words[last] & mask[last] & tail
        for word in first + 1..<last { sum ^= words[word] & mask[word] }
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
