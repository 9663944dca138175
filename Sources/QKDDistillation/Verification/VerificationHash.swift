import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A tag by which two parties see whether their frames are equal: almost strongly universal, keyed by public random numbers
/// that are drawn after the frames are fixed.
///
/// Two polynomials in the frame's 32-bit parts over GF(p), p = 2⁶¹ − 1 (Carter and Wegman, J. Comput. Syst. Sci. 18, 143 (1979);
/// den Boer, J. Comput. Secur. 2, 65 (1993)), each at a random point: n parts collide in both with at most ((n + 1)/p)².
/// Their values x, y go through a x + b y + c, pairwise independent, of which the lowest bits are the tag.
public struct VerificationHash: Sendable {
    /// Bits of a tag.
    public let tagBits: Int
    private let points: (UInt64, UInt64)
    private let lines: [(UInt64, UInt64, UInt64)]

    private static let prime: UInt64 = (1 << 61) - 1
    private static let laneBits = 56

    /// Bits that one tag takes at most.
    public static let maximumTagBits = 2 * laneBits

    /// Draws a hash whose tags have `tagBits` bits, 1 to 112.
    public init(tagBits: Int, random: inout some RandomNumberGenerator) {
        precondition((1...Self.maximumTagBits).contains(tagBits), "a tag of \(tagBits) bits")
        self.tagBits = tagBits
        func draw(_ random: inout some RandomNumberGenerator) -> UInt64 { .random(in: 0..<Self.prime, using: &random) }
        points = (draw(&random), draw(&random))
        lines = (0..<2).map { _ in (draw(&random), draw(&random), draw(&random)) }
    }

    /// Bits of tag for which `tags` frames of at most 2²⁶ bits are all equal but for `chance`.
    ///
    /// The polynomials' share, 2⁻⁷⁸ at most, and that of the prime, which is no power of two, are below what the bit on top leaves.
    public static func tagBits(chance: Double, tags: Int) -> Int {
        max(1, min(maximumTagBits, Int(log2(2 * Double(max(1, tags)) / chance).rounded(.up))))
    }

    /// The frame's tag, lowest bits first.
    public func tag(_ bits: BitString) -> (UInt64, UInt64) {
        var (first, second): (UInt64, UInt64) = (1, 1)
        for word in bits.words {
            for part in [word & 0xFFFF_FFFF, word >> 32] {
                first = Self.sum(Self.product(first, points.0), part)
                second = Self.sum(Self.product(second, points.1), part)
            }
        }
        let values = lines.map { line in
            Self.sum(Self.sum(Self.product(line.0, first), Self.product(line.1, second)), line.2)
        }
        let low = min(tagBits, Self.laneBits)
        let high = tagBits - low
        return (values[0] & (1 << UInt64(low) - 1), values[1] & (1 << UInt64(high) - 1))
    }

    @inline(__always) private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let sum = left &+ right
        return sum >= prime ? sum &- prime : sum
    }

    @inline(__always) private static func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let wide = left.multipliedFullWidth(by: right)
        let folded = (wide.low & prime) &+ (wide.low >> 61 | wide.high << 3)
        return folded >= prime ? folded &- prime : folded
    }
}
