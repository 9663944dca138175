import QKDKernels
import QKDPhysics
import Testing

@Suite struct BitKernelTests {
    /// Masks from none to all, with words of no and of all bits among them.
    private static func masks(_ words: Int, _ random: inout SeededGenerator) -> [[UInt64]] {
        let some = (0..<words).map { _ in random.next() }
        return [
            some.map { _ in 0 }, some.map { _ in .max }, some, some.map { $0 & 0x0101_0000_8001_0000 },
            some.enumerated().map { $0 % 3 == 0 ? .max : $0 % 3 == 1 ? 0 : $1 },
        ]
    }

    @Test(arguments: [1, 2, 3, 64, 257])
    func packsAndUnpacks(words: Int) {
        var random = SeededGenerator(seed: 6, stream: "bits \(words)")
        let plane = (0..<words).map { _ in random.next() }
        for mask in Self.masks(words, &random) {
            let twin = BitKernel.compressTwin(plane, under: mask)
            for level in KernelLevel.available {
                var packed = [UInt64](repeating: 0, count: words + 1)
                let count = BitKernel.compress(plane, under: mask, words: words, into: &packed, level: level)
                #expect(count == twin.count)
                #expect((0..<count).allSatisfy { UInt8(packed[$0 / 64] >> UInt64($0 % 64) & 1) == twin[$0] })
                // What lies behind the last bit belongs to nobody.
                packed[count / 64] |= .max << UInt64(count % 64)
                var back = [UInt64](repeating: .max, count: words)
                #expect(BitKernel.expand(packed, under: mask, words: words, into: &back, level: level) == count)
                #expect(back == zip(plane, mask).map { $0 & $1 } && back == BitKernel.expandTwin(twin, under: mask))
            }
        }
    }

    @Test(arguments: [0, 1, 2, 100])
    func prefixes(words: Int) {
        var random = SeededGenerator(seed: 7, stream: "prefix")
        for bits in [(0..<words).map { _ in random.next() }, (0..<words).map { _ in UInt64.max }] {
            var prefix = [UInt64](repeating: 0, count: words + 1)
            BitKernel.prefix(bits, words: words, into: &prefix)
            let twin = BitKernel.prefixTwin(bits)
            #expect(twin.indices.allSatisfy { UInt8(prefix[$0 / 64] >> UInt64($0 % 64) & 1) == twin[$0] })
        }
    }

    @Test(arguments: [64, 192, 1024])
    func shuffles(words: Int) {
        var random = SeededGenerator(seed: 8, stream: "shuffle")
        let order = 0..<UInt16(words)
        let tables = (0..<2).map { _ in
            order.shuffled(using: &random).map { $0 << 6 | UInt16.random(in: 0..<64, using: &random) }
        }
        let third = order.shuffled(using: &random)
        let bits = (0..<words).map { _ in random.next() }
        let places = BitKernel.shuffleTwin(first: tables[0], second: tables[1], third: third)
        #expect(Set(places).count == 64 * words)
        for level in KernelLevel.available {
            var (scratch, shuffled) = (bits, bits)
            BitKernel.shuffle(
                bits, words: words, first: tables[0], second: tables[1], third: third, scratch: &scratch,
                into: &shuffled, level: level)
            let wrong = places.enumerated().filter { bit, place in
                bits[bit / 64] >> UInt64(bit % 64) & 1 != shuffled[place / 64] >> UInt64(place % 64) & 1
            }
            #expect(wrong.isEmpty, "\(level.name)")
        }
    }
}
