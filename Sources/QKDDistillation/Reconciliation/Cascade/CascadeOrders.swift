/// The public randomness of Cascade for frames of one length: orders in which the passes see the bits, and subsets.
///
/// Both sides make them of the same seed. All frames may share one: errors know nothing of it.
public final class CascadeOrders: @unchecked Sendable {
    /// Bits of a frame.
    public let frameBits: Int
    /// For each shuffled pass, the bit that stands at each place, and the place at which each bit stands, within its section.
    private let bitAt: [UnsafePointer<UInt16>]
    private let placeOf: [UnsafePointer<UInt16>]
    /// For each subset, a bit for each bit of the frame that is in it.
    let subsets: [[UInt64]]

    /// Bits that a frame has at most, 2²⁶.
    public static let maximumFrameBits = 1 << 26
    static let shuffles = 2
    /// Bits are shuffled within sections of so many: a longer way would not mix errors better, but leave the caches.
    static let sectionBits = 1 << 16
    /// Subsets of half the bits that close a frame: errors that are left escape all of them with 2⁻¹².
    static let subsetCount = 12

    /// Makes orders for frames of 1 to 2²⁶ bits from a public seed.
    public init(frameBits: Int, seed: UInt64) {
        precondition(frameBits > 0 && frameBits <= Self.maximumFrameBits, "a frame of \(frameBits) bits")
        self.frameBits = frameBits
        var random = PublicGenerator(seed: seed ^ UInt64(frameBits) << 32)
        var (bits, places): ([UnsafePointer<UInt16>], [UnsafePointer<UInt16>]) = ([], [])
        for _ in 0..<Self.shuffles {
            let order = UnsafeMutablePointer<UInt16>.allocate(capacity: frameBits)
            let place = UnsafeMutablePointer<UInt16>.allocate(capacity: frameBits)
            for index in 0..<frameBits { order[index] = UInt16(index & (Self.sectionBits - 1)) }
            for start in stride(from: 0, to: frameBits, by: Self.sectionBits) {
                let count = min(Self.sectionBits, frameBits - start)
                var section = UnsafeMutableBufferPointer(start: order + start, count: count)
                section.shuffle(using: &random)
            }
            for index in 0..<frameBits {
                let section = index & ~(Self.sectionBits - 1)
                place[section + Int(order[index])] = UInt16(index - section)
            }
            bits.append(UnsafePointer(order))
            places.append(UnsafePointer(place))
        }
        bitAt = bits
        placeOf = places
        subsets = (0..<Self.subsetCount).map { _ in (0..<(frameBits + 63) / 64).map { _ in random.next() } }
    }

    deinit { for pointer in bitAt + placeOf { pointer.deallocate() } }

    /// The bit that stands at a place of a pass.
    ///
    /// Not inlined: there Swift 6.3.1 with -O makes wrong code of it on x86-64, where a section has 2¹⁶ bits.
    @inline(never) func bit(at place: Int, pass: Int) -> Int {
        pass == 0 ? place : place & ~(Self.sectionBits &- 1) | Int(bitAt[pass &- 1][place])
    }

    /// The place at which a bit stands in a pass.
    @inline(__always) func place(of bit: Int, pass: Int) -> Int {
        pass == 0 ? bit : bit & ~(Self.sectionBits &- 1) | Int(placeOf[pass &- 1][bit])
    }

    /// The frame's bits as a pass sees them; pass 0 sees them as they are.
    func copy(_ bits: SecretWords, pass: Int) -> SecretWords {
        let copy = SecretWords(count: bits.count)
        // A pointer alone keeps nothing alive.
        withExtendedLifetime((bits, copy, self)) {
            if pass == 0 {
                copy.pointer.update(from: bits.pointer, count: bits.count)
            } else {
                shuffle(bits.pointer, into: copy.pointer, wordCount: bits.count, order: bitAt[pass - 1])
            }
        }
        return copy
    }

    private func shuffle(
        _ bits: UnsafeMutablePointer<UInt64>, into copy: UnsafeMutablePointer<UInt64>, wordCount: Int,
        order: UnsafePointer<UInt16>
    ) {
        for word in 0..<wordCount {
            // A section is whole words.
            let source = bits + (word & ~(Self.sectionBits / 64 - 1))
            let end = min(64, frameBits - 64 * word)
            var packed: UInt64 = 0
            for offset in 0..<end {
                let bit = order[64 &* word &+ offset]
                packed |= (source[Int(bit &>> 6)] &>> UInt64(bit & 63) & 1) &<< UInt64(truncatingIfNeeded: offset)
            }
            copy[word] = packed
        }
    }
}
