import CQKDKernels

/// Strings of bits, 64 a word, as reconciliation works on them. All memory is the caller's, who also wipes it.
public enum BitKernel {
    /// Packs those bits of `plane` that stand under `mask` from bit 0 of `packed` on; returns how many there are.
    ///
    /// `packed` is zero at first and has room for them and one word more.
    public static func compress(
        _ plane: UnsafePointer<UInt64>, under mask: UnsafePointer<UInt64>, words: Int,
        into packed: UnsafeMutablePointer<UInt64>, level: KernelLevel = .current
    ) -> Int {
        qkd_bits_compress(level.rawValue, plane, mask, words, packed)
    }

    /// The other way: puts packed bits to their places under `mask`; all others become zero. Returns how many there are.
    ///
    /// `packed` can be read for one word more than its bits take.
    @discardableResult
    public static func expand(
        _ packed: UnsafePointer<UInt64>, under mask: UnsafePointer<UInt64>, words: Int,
        into plane: UnsafeMutablePointer<UInt64>, level: KernelLevel = .current
    ) -> Int {
        qkd_bits_expand(level.rawValue, packed, mask, words, plane)
    }

    /// The parity of all bits in front of each, of `words` words, into one word more.
    public static func prefix(
        _ bits: UnsafePointer<UInt64>, words: Int, into prefix: UnsafeMutablePointer<UInt64>
    ) {
        qkd_bits_prefix(bits, words, prefix)
    }

    /// The words that a shuffle's tables have at most: an entry keeps ten bits for a place.
    public static let shuffledWords = 1024

    /// Shuffles `words` times 64 bits: words are put in another order and turned, and each 64 of them transposed, twice; then
    /// words are put in order once more.
    ///
    /// Entry i of `first` and `second` says which word comes to place i, in its upper ten bits, and by how much it is turned
    /// upwards; entry i of `third` to which place word i goes. `words` is a multiple of 64; `scratch` has as many.
    public static func shuffle(
        _ bits: UnsafePointer<UInt64>, words: Int, first: UnsafePointer<UInt16>, second: UnsafePointer<UInt16>,
        third: UnsafePointer<UInt16>, scratch: UnsafeMutablePointer<UInt64>,
        into shuffled: UnsafeMutablePointer<UInt64>, level: KernelLevel = .current
    ) {
        qkd_bits_shuffle(level.rawValue, first, second, third, words, bits, scratch, shuffled)
    }
}

extension BitKernel {
    /// What `compress` is held against.
    public static func compressTwin(_ plane: [UInt64], under mask: [UInt64]) -> [UInt8] {
        (0..<64 * mask.count).filter { bit(mask, $0) == 1 }.map { bit(plane, $0) }
    }

    /// What `expand` is held against.
    public static func expandTwin(_ packed: [UInt8], under mask: [UInt64]) -> [UInt64] {
        var plane = mask.map { _ in UInt64(0) }
        for (place, value) in zip((0..<64 * mask.count).filter { bit(mask, $0) == 1 }, packed) {
            plane[place >> 6] |= UInt64(value) << UInt64(place & 63)
        }
        return plane
    }

    /// What `prefix` is held against: a parity for each bit, and the last one of all.
    public static func prefixTwin(_ bits: [UInt64]) -> [UInt8] {
        (0..<64 * bits.count).reduce(into: [0]) { $0.append($0[$1] ^ bit(bits, $1)) }
    }

    /// What `shuffle` is held against: the place of each bit.
    public static func shuffleTwin(first: [UInt16], second: [UInt16], third: [UInt16]) -> [Int] {
        var places = Array(0..<64 * first.count)
        for table in [first, second] {
            var rows = [Int](repeating: 0, count: table.count)
            for (row, entry) in table.enumerated() { rows[Int(entry >> 6)] = row }
            places = places.map { place in
                let row = rows[place >> 6]
                let column = (place + Int(table[row])) % 64
                return (row / 64 * 64 + column) * 64 + row % 64
            }
        }
        return places.map { Int(third[$0 >> 6]) * 64 + $0 % 64 }
    }

    private static func bit(_ words: [UInt64], _ place: Int) -> UInt8 {
        UInt8(words[place >> 6] >> UInt64(place & 63) & 1)
    }
}
