import QKDCore
import QKDDistillation
import Testing

struct ToeplitzHashTests {
    /// By hand: 4 bits to 3, seed 1 1 0 1 0 0, hence the rows 1 0 1 1, 0 1 0 1 and 0 0 1 0.
    @Test func byHand() throws {
        let hash = try ToeplitzHash(inputBits: 4, outputBits: 3, seed: BitString(bits: [1, 1, 0, 1, 0, 0]))
        let cases: [([UInt8], [UInt8])] = [
            ([1, 0, 0, 0], [1, 0, 0]), ([0, 1, 0, 0], [0, 1, 0]), ([0, 0, 1, 0], [1, 0, 1]),
            ([0, 0, 0, 1], [1, 1, 0]), ([1, 1, 1, 1], [1, 0, 1]), ([0, 0, 0, 0], [0, 0, 0]),
        ]
        for (input, output) in cases {
            #expect(try hash.hash(BitString(bits: input)) == BitString(bits: output), "\(input)")
        }
    }

    @Test func seedBits() {
        #expect(ToeplitzHash.seedBits(inputBits: 1000, outputBits: 500) == 1499)
        #expect(ToeplitzHash.seedBits(inputBits: 1, outputBits: 1) == 1)
        #expect(ToeplitzHash.seedBits(inputBits: 1000, outputBits: 0) == 0)
    }

    @Test func noOutput() throws {
        let hash = try ToeplitzHash(inputBits: 5, outputBits: 0, seed: BitString())
        #expect(try hash.hash(BitString(bits: [1, 0, 1, 1, 1])) == BitString())
    }

    /// One row over as many columns as the seed has bits: the parity of the input backwards and the seed.
    @Test func oneBit() throws {
        let hash = try ToeplitzHash(inputBits: 3, outputBits: 1, seed: BitString(bits: [1, 0, 0]))
        #expect(try hash.hash(BitString(bits: [0, 0, 1])) == BitString(bits: [1]))
        #expect(try hash.hash(BitString(bits: [1, 1, 0])) == BitString(bits: [0]))
    }

    @Test(arguments: [(0, 0, 0), (-1, 0, 0), (10, 11, 20), (10, -1, 8), (Int.max, Int.max, 0), (1 << 36 + 1, 1, 0)])
    func wrongSizes(inputBits: Int, outputBits: Int, seedBits: Int) {
        let seed = BitString(bits: [UInt8](repeating: 0, count: seedBits))
        let error = #expect(throws: QKDError.self) {
            try ToeplitzHash(inputBits: inputBits, outputBits: outputBits, seed: seed)
        }
        #expect(error?.kind == .outOfRange)
    }

    @Test func wrongLengths() throws {
        for seedBits in [0, 13, 15] {
            let seed = BitString(bits: [UInt8](repeating: 1, count: seedBits))
            let error = #expect(throws: QKDError.self) { try ToeplitzHash(inputBits: 10, outputBits: 5, seed: seed) }
            #expect(error?.kind == .invalidInput)
        }
        let hash = try ToeplitzHash(inputBits: 10, outputBits: 5, seed: BitString(words: [0x2A5A], count: 14))
        for bits in [0, 9, 11] {
            let error = #expect(throws: QKDError.self) { try hash.hash(BitString(words: [0], count: bits)) }
            #expect(error?.kind == .invalidInput)
        }
    }

    @Test func progress() throws {
        let hash = try ToeplitzHash(
            inputBits: 5000, outputBits: 1000, seed: BitString(words: Array(repeating: 0x9E37, count: 94), count: 5999))
        var shares: [Double] = []
        let bits = BitString(words: Array(repeating: 0xABCD, count: 79), count: 5000)
        _ = try hash.hash(bits, progress: { shares.append($0) })
        #expect(shares.count > 2 && shares == shares.sorted() && shares.first == 0 && shares.last == 1)
    }

    @Test func cancelled() async throws {
        let hash = try ToeplitzHash(
            inputBits: 5000, outputBits: 1000, seed: BitString(words: Array(repeating: 0x9E37, count: 94), count: 5999))
        let bits = BitString(words: Array(repeating: 0xABCD, count: 79), count: 5000)
        var asked = 0
        let error = #expect(throws: QKDError.self) {
            try hash.hash(
                bits,
                isCancelled: {
                    asked += 1
                    return asked == 3
                })
        }
        #expect(error?.kind == .interrupted && asked == 3)
        // Without a word of the caller's, the task's own state counts.
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return #expect(throws: QKDError.self) { try hash.hash(bits) }
        }
        #expect(await task.value?.kind == .interrupted)
    }
}
