import CQKDKernels

/// The shape of a cyclic convolution of bits by a transform over GF(2)[x] / (x^2L + x^L + 1), in which x has the order
/// 3 L, so that its powers are all the roots of unity it takes: Schönhage's for characteristic 2, Acta Informatica 7
/// (1977) 395. A transform is shifts and additions alone; products are left only of the pieces.
public struct PolynomialRing: Sendable, Equatable {
    /// How many pieces bits are cut into: a power of 3, 3 or more.
    public let pieces: Int
    /// Bits of a piece, L: a multiple of a third of `pieces`.
    public let pieceBits: Int

    /// The shape of this many pieces with the shortest ones that make at least `bits` bits (1 or more) in all.
    public init(pieces: Int, atLeast bits: Int) {
        precondition(bits >= 1, "there are bits to convolve")
        var power = 3
        while power < pieces { power *= 3 }
        precondition(power == pieces, "a power of 3")
        let third = pieces / 3
        let least = (bits - 1) / pieces + 1
        self.pieces = pieces
        pieceBits = (least - 1) / third * third + third
    }

    /// The shape that should take the least time for at least `bits` bits (1 or more).
    public init(atLeast bits: Int) {
        var best = PolynomialRing(pieces: 3, atLeast: bits)
        var pieces = 9
        // Far more pieces than bits in each are all padding.
        while pieces / 3 <= 4 * (bits / pieces + 1) {
            let ring = PolynomialRing(pieces: pieces, atLeast: bits)
            if ring.convolutionNS < best.convolutionNS { best = ring }
            pieces *= 3
        }
        self = best
    }

    /// Bits after which the convolution begins again.
    public var bits: Int { pieces * pieceBits }

    /// Words of an element: two halves of whole vectors of four words.
    var elementWords: Int { 2 * halfWords }

    var halfWords: Int { (pieceBits + 255) / 256 * 4 }

    /// As the kernels take it.
    var shape: qkd_gf2_ring { qkd_gf2_ring(pieces: pieces, bits: pieceBits, words: halfWords) }

    /// About what one element takes in one level of a transform: fitted to a Zen 3 at 3.5 GHz; only ratios matter.
    var columnNS: Double { 14 + 0.5 * Double(halfWords) }

    /// About what one product of elements takes, likewise: three of halves, and what is copied.
    var productNS: Double {
        let blocks = (pieceBits + 127) / 128
        return 15 + 5 * Double(blocks) + 3 * Self.karatsubaNS(blocks).whole
    }

    /// About what a convolution takes: two transforms, products, a transform back.
    var convolutionNS: Double {
        var levels = 0
        var power = 1
        while power < pieces {
            power *= 3
            levels += 1
        }
        return Double(pieces) * (productNS + Double(3 * levels) * columnNS)
    }

    /// About what a product of so many blocks of 128 bits takes, and one of one block less: each is made of two of the
    /// upper half of the blocks, rounded up, and one of the rest.
    private static func karatsubaNS(_ blocks: Int) -> (whole: Double, oneLess: Double) {
        let known = [0, 4, 7, 11.5, 14.0]
        guard blocks > 4 else { return (known[blocks], known[max(0, blocks - 1)]) }
        let (half, oneLess) = karatsubaNS((blocks + 1) / 2)
        let added = 0.3 * Double(blocks)
        return blocks % 2 == 0
            ? (3 * half + added, 2 * half + oneLess + added) : (2 * half + oneLess + added, 3 * oneLess + added)
    }
}
