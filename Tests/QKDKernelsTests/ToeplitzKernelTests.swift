import QKDKernels
import QKDPhysics
import Testing

@Suite struct ToeplitzKernelTests {
    /// Two rows, three columns, seed 1 0 1 1: T = [1 0 1; 1 1 0], because T[i][j] = seed[i + 2 - j].
    @Test func byHand() {
        let seed: [UInt64] = [0b1101]
        let cases: [UInt64: UInt64] = [0b001: 0b11, 0b010: 0b10, 0b100: 0b01, 0b111: 0b00, 0b110: 0b11]
        for (input, output) in cases {
            #expect(ToeplitzKernel.multiplyTwin([input], inputBits: 3, seed: seed, outputBits: 2) == [output])
            for level in KernelLevel.available {
                #expect(Self.product([input], 3, seed, 2, level: level) == [output])
            }
        }
    }

    /// The twin against the sum that defines it.
    @Test(arguments: [(1, 1), (2, 1), (3, 3), (63, 62), (64, 64), (65, 1), (67, 66), (129, 65), (131, 131)])
    func definition(inputBits: Int, outputBits: Int) {
        var random = SeededGenerator(seed: 3, stream: "\(inputBits) \(outputBits)")
        let input = Self.bits(inputBits, &random)
        let seed = Self.bits(inputBits + outputBits - 1, &random)
        let twin = ToeplitzKernel.multiplyTwin(input, inputBits: inputBits, seed: seed, outputBits: outputBits)
        #expect(twin.count == (outputBits + 63) / 64)
        for i in 0..<64 * twin.count {
            var sum = 0 as UInt64
            if i < outputBits {
                for j in 0..<inputBits { sum ^= Self.bit(seed, i + inputBits - 1 - j) & Self.bit(input, j) }
            }
            #expect(Self.bit(twin, i) == sum, "row \(i)")
        }
    }

    @Test func randomSizes() {
        var random = SeededGenerator(seed: 4, stream: "sizes")
        var sizes = (0..<60).map { _ in
            let inputBits = Int.random(in: 1...700, using: &random)
            return (inputBits, Int.random(in: 1...inputBits, using: &random))
        }
        // One row, as many rows as columns, whole words and beside them, also where vectors of words begin anew.
        for inputBits in [1, 63, 64, 65, 127, 128, 255, 256, 257, 767, 769, 1500] {
            sizes += [(inputBits, 1), (inputBits, inputBits), (inputBits, (inputBits + 1) / 2)]
        }
        for (inputBits, outputBits) in sizes { Self.compare(inputBits, outputBits, nil, &random) }
    }

    /// All shapes are right, not only those that are chosen: pieces below a word, of odd lengths, of several blocks.
    @Test(arguments: [3, 9, 27, 81, 243])
    func everyShape(pieces: Int) {
        var random = SeededGenerator(seed: 5, stream: "\(pieces)")
        let third = pieces / 3
        // With pieces of a bit more than the blocks, in which Karatsuba's halving goes from one size to the next.
        for blocks in [1, 2, 4, 5, 8, 9] where pieces * blocks < 300 {
            for pieceBits in [128 * blocks - third, 128 * blocks, 128 * blocks + third] where pieceBits > 0 {
                let inputBits = max(1, pieces * pieceBits * 2 / 3)
                let ring = PolynomialRing(pieces: pieces, atLeast: inputBits + (inputBits + 1) / 2 - 1)
                Self.compare(inputBits, (inputBits + 1) / 2, ring, &random)
            }
        }
        for inputBits in [1, 2, 70, 511] {
            Self.compare(inputBits, inputBits, PolynomialRing(pieces: pieces, atLeast: 2 * inputBits - 1), &random)
        }
    }

    /// A size of practice, by rows that are added up directly.
    @Test func longInput() {
        let (inputBits, outputBits) = (1_000_003, 499_999)
        var random = SeededGenerator(seed: 6, stream: "long")
        let input = Self.bits(inputBits, &random)
        let seed = Self.bits(inputBits + outputBits - 1, &random)
        let reversed = Self.reversed(input, inputBits)
        // What the other levels give was compared above; here they would take long.
        let output = Self.product(input, inputBits, seed, outputBits)
        let some = (0..<200).map { _ in Int.random(in: 0..<outputBits, using: &random) }
        for row in [0, 1, 63, 64, outputBits - 1] + some {
            // Row i is the seed's bits i ..< i + n, the last of them for the first bit.
            var sum = 0 as UInt64
            for word in reversed.indices { sum ^= reversed[word] & Self.word(seed, row + 64 * word) }
            #expect(Self.bit(output, row) == UInt64(sum.nonzeroBitCount & 1), "row \(row)")
        }
    }

    @Test func linear() {
        var random = SeededGenerator(seed: 7, stream: "linear")
        let (inputBits, outputBits) = (30_011, 17_003)
        let seed = Self.bits(inputBits + outputBits - 1, &random)
        let (a, b) = (Self.bits(inputBits, &random), Self.bits(inputBits, &random))
        func hash(_ input: [UInt64]) -> [UInt64] { Self.product(input, inputBits, seed, outputBits) }
        #expect(hash(zip(a, b).map { $0 ^ $1 }) == zip(hash(a), hash(b)).map { $0 ^ $1 })
        #expect(hash(a) != hash(b))
        #expect(hash([UInt64](repeating: 0, count: a.count)).allSatisfy { $0 == 0 })
    }

    /// Whoever is asked hears of rising shares, and a no ends the work without an output.
    @Test func stops() {
        var random = SeededGenerator(seed: 8, stream: "stops")
        let (input, seed) = (Self.bits(5000, &random), Self.bits(7499, &random))
        var shares: [Double] = []
        let all = Self.product(input, 5000, seed, 2500) {
            shares.append($0)
            return true
        }
        #expect(shares.count > 3 && shares == shares.sorted() && shares.allSatisfy { (0...1).contains($0) })
        for stop in shares.indices {
            var asked = -1
            let output = Self.product(input, 5000, seed, 2500) { _ in
                asked += 1
                return asked < stop
            }
            #expect(asked == stop && output.allSatisfy { $0 == 0 } && output != all)
        }
    }

    private static func compare(
        _ inputBits: Int, _ outputBits: Int, _ ring: PolynomialRing?, _ random: inout SeededGenerator
    ) {
        let input = bits(inputBits, &random)
        let seed = bits(inputBits + outputBits - 1, &random)
        let twin = ToeplitzKernel.multiplyTwin(input, inputBits: inputBits, seed: seed, outputBits: outputBits)
        for level in KernelLevel.available {
            let isSame = product(input, inputBits, seed, outputBits, ring: ring, level: level) == twin
            #expect(isSame, "\(level.name), \(inputBits) to \(outputBits) bits")
        }
    }

    private static func product(
        _ input: [UInt64], _ inputBits: Int, _ seed: [UInt64], _ outputBits: Int, ring: PolynomialRing? = nil,
        level: KernelLevel = .current, goOn: (Double) -> Bool = { _ in true }
    ) -> [UInt64] {
        var output = [UInt64](repeating: 0, count: (outputBits + 63) / 64)
        _ = output.withUnsafeMutableBufferPointer { output in
            input.withUnsafeBufferPointer { input in
                seed.withUnsafeBufferPointer { seed in
                    ToeplitzKernel.multiply(
                        input, inputBits: inputBits, seed: seed, output: output, outputBits: outputBits, ring: ring,
                        level: level, goOn: goOn)
                }
            }
        }
        return output
    }

    private static func bits(_ count: Int, _ random: inout SeededGenerator) -> [UInt64] {
        var words = (0..<(count + 63) / 64).map { _ in UInt64.random(in: .min ... .max, using: &random) }
        if count % 64 != 0 { words[count / 64] &= (1 << UInt64(count % 64)) - 1 }
        return words
    }

    private static func bit(_ words: [UInt64], _ index: Int) -> UInt64 { words[index / 64] >> (index % 64) & 1 }

    private static func word(_ words: [UInt64], _ bit: Int) -> UInt64 {
        let next = bit / 64 + 1 < words.count ? words[bit / 64 + 1] : 0
        return words[bit / 64] >> (bit % 64) | next << (64 - bit % 64)
    }

    private static func reversed(_ words: [UInt64], _ count: Int) -> [UInt64] {
        var reversed = [UInt64](repeating: 0, count: words.count)
        for index in 0..<count { reversed[index / 64] |= bit(words, count - 1 - index) << (index % 64) }
        return reversed
    }
}
