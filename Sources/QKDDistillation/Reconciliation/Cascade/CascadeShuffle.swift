import QKDKernels

/// How a section of a frame is shuffled for a pass: a permutation that is made, and followed bit by bit either way, at little cost.
///
/// Words are put in random order and turned, each 64 of them transposed, all of that twice, and put in random order once more:
/// bits of one word part in the first round, and in the second are turned each for itself, so that two blocks of one pass
/// hardly ever meet twice in another. With a single round they do, and more has to be revealed.
final class CascadeShuffle: @unchecked Sendable {
    /// Words of the section: a multiple of 64, 1024 at most.
    let words: Int
    /// Six tables: where words come from, and where they go to, in each of the three steps. Ten bits are a word, six a turn.
    private let tables: UnsafeMutablePointer<UInt16>

    init(words: Int, random: inout some RandomNumberGenerator) {
        precondition(words > 0 && words % 64 == 0 && words <= BitKernel.shuffledWords, "\(words) words")
        self.words = words
        tables = .allocate(capacity: 6 * words)
        for step in 0..<3 {
            let order = (0..<UInt16(words)).shuffled(using: &random)
            for (index, other) in order.enumerated() {
                let turn = UInt16(truncatingIfNeeded: random.next() & 63)
                (tables + step * words)[index] = other << 6 | turn
                (tables + (step + 3) * words)[Int(other)] = UInt16(index) << 6 | turn
            }
        }
        // The last step turns nothing: the kernel takes places alone.
        for index in 2 * words..<3 * words { tables[index] >>= 6 }
    }

    deinit { tables.deallocate() }

    /// Shuffles the section's bits.
    func apply(
        _ bits: UnsafePointer<UInt64>, scratch: UnsafeMutablePointer<UInt64>,
        into shuffled: UnsafeMutablePointer<UInt64>
    ) {
        BitKernel.shuffle(
            bits, words: words, first: tables, second: tables + words, third: tables + 2 * words, scratch: scratch,
            into: shuffled)
    }

    /// The way of single bits; it lasts as long as the shuffle.
    var way: Way { Way(tables: UnsafePointer(tables), words: words) }
}

extension CascadeShuffle {
    /// The way of single bits through a shuffle.
    struct Way {
        fileprivate let tables: UnsafePointer<UInt16>
        fileprivate let words: Int

        /// The place to which a bit of the section goes.
        @inline(__always) func place(of bit: Int) -> Int {
            let first = Self.forth(bit, Int((tables + 3 &* words)[bit >> 6]))
            let second = Self.forth(first, Int((tables + 4 &* words)[first >> 6]))
            return Int((tables + 2 &* words)[second >> 6]) << 6 | second & 63
        }

        /// The bit that comes to a place.
        @inline(__always) func bit(at place: Int) -> Int {
            let second = Int((tables + 5 &* words)[place >> 6] >> 6) << 6 | place & 63
            let first = Self.back(second, Int((tables + words)[Self.row(second)]))
            return Self.back(first, Int(tables[Self.row(first)]))
        }

        /// Where a bit goes whose word becomes row `entry >> 6`, turned by `entry & 63`: column and row change places.
        @inline(__always) private static func forth(_ bit: Int, _ entry: Int) -> Int {
            let row = entry >> 6
            return (row & ~63 | (bit &+ entry) & 63) << 6 | row & 63
        }

        /// The row from which a bit came.
        @inline(__always) private static func row(_ place: Int) -> Int { place >> 6 & ~63 | place & 63 }

        @inline(__always) private static func back(_ place: Int, _ entry: Int) -> Int {
            entry & ~63 | (place >> 6 &- entry) & 63
        }
    }
}
