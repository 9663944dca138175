import QKDPhysics
import Testing

@testable import QKDKernels

@Suite struct PolynomialKernelTests {
    /// (x^63 + 1)(x^64 + x + 1) = x^127 + 2 x^64 + x^63 + x + 1, and 2 is 0.
    @Test func byHand() {
        let a: [UInt64] = [1 << 63 | 1, 0]
        let b: [UInt64] = [0b11, 1]
        let product: [UInt64] = [1 << 63 | 0b11, 1 << 63, 0, 0]
        #expect(PolynomialKernel.productTwin(a, b) == product)
        for level in KernelLevel.available { #expect(PolynomialKernel.product(a, b, level: level) == product) }
    }

    /// Squares spread bits: (sum of x^i)^2 = sum of x^2i.
    @Test func squareOfOnes() {
        let ones = [UInt64](repeating: .max, count: 3)
        let square = [UInt64](repeating: 0x5555_5555_5555_5555, count: 6)
        #expect(PolynomialKernel.productTwin(ones, ones) == square)
        for level in KernelLevel.available { #expect(PolynomialKernel.product(ones, ones, level: level) == square) }
    }

    /// Halving meets odd and even numbers of words and blocks at all its depths.
    @Test func everyNumberOfWords() {
        var random = SeededGenerator(seed: 1, stream: "words")
        for count in 1...70 {
            let a = (0..<count).map { _ in UInt64.random(in: .min ... .max, using: &random) }
            let b = (0..<count).map { _ in UInt64.random(in: .min ... .max, using: &random) }
            let twin = PolynomialKernel.productTwin(a, b)
            for level in KernelLevel.available {
                #expect(PolynomialKernel.product(a, b, level: level) == twin, "\(level.name), \(count) words")
            }
        }
    }

    @Test func longOperands() {
        var random = SeededGenerator(seed: 2, stream: "long")
        for count in [127, 200, 333] {
            let a = (0..<count).map { _ in UInt64.random(in: .min ... .max, using: &random) }
            let b = (0..<count).map { _ in UInt64.random(in: .min ... .max, using: &random) }
            let twin = PolynomialKernel.productTwin(a, b)
            for level in KernelLevel.available {
                #expect(PolynomialKernel.product(a, b, level: level) == twin, "\(level.name), \(count) words")
            }
        }
    }

    @Test func wiped() {
        var words: [UInt64] = [1, .max, 7]
        Wipe.zero(&words)
        #expect(words == [0, 0, 0])
        words = []
        Wipe.zero(&words)
    }
}

@Suite struct PolynomialRingTests {
    @Test(arguments: [1, 2, 3, 64, 1000, 12_345, 1_499_999, 150_000_000, 1 << 37])
    func shapes(bits: Int) {
        let chosen = PolynomialRing(atLeast: bits)
        #expect(chosen.bits >= bits)
        for pieces in [3, 9, 27, 81, 243, 729] {
            let ring = PolynomialRing(pieces: pieces, atLeast: bits)
            #expect(ring.pieces == pieces && ring.bits >= bits)
            // x^(3 L / pieces) is a root of unity, and a third of a piece's bits fewer would not do.
            #expect(3 * ring.pieceBits % pieces == 0)
            #expect((ring.pieceBits - pieces / 3) * pieces < bits)
            #expect(ring.halfWords % 4 == 0 && 64 * ring.halfWords >= ring.pieceBits)
            #expect(chosen.convolutionNS <= ring.convolutionNS)
        }
    }
}
