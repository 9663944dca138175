import QKDCore
import Testing

@testable import QKDDistillation

struct VerificationTests {
    @Test func equalFramesHaveEqualTagsAndOthersHaveNot() {
        var random = PublicGenerator(seed: 1)
        let (frame, _) = NoisyFrame.pair(10_001, rate: 0, seed: 3)
        for round in 0..<200 {
            let hash = VerificationHash(tagBits: 60, random: &random)
            var words = frame.words
            #expect(hash.tag(frame) == hash.tag(BitString(words: words, count: frame.count)))
            let bit = round * 7919 % frame.count
            words[bit >> 6] ^= 1 << UInt64(bit & 63)
            #expect(hash.tag(frame) != hash.tag(BitString(words: words, count: frame.count)))
        }
    }

    /// Short tags collide as often as they may: 2⁻ᵗ for each pair, binomially.
    @Test(arguments: [4, 8]) func shortTagsCollideByTheirLength(tagBits: Int) {
        var random = PublicGenerator(seed: UInt64(tagBits))
        let (left, right) = NoisyFrame.pair(300, rate: 0.1, seed: 5)
        let trials = 20_000
        let collisions = (0..<trials).reduce(0) { count, _ in
            let hash = VerificationHash(tagBits: tagBits, random: &random)
            return count + (hash.tag(left) == hash.tag(right) ? 1 : 0)
        }
        let expected = Double(trials) / Double(1 << tagBits)
        #expect(abs(Double(collisions) - expected) < 4 * expected.squareRoot(), "\(collisions) of \(expected)")
    }

    /// By hand, from the definition: parts in base 2³², Horner from 1, then the lines.
    @Test func tagsHaveTheirLength() {
        var random = PublicGenerator(seed: 9)
        for tagBits in [1, 55, 56, 57, 112] {
            let hash = VerificationHash(tagBits: tagBits, random: &random)
            let (low, high) = hash.tag(NoisyFrame.pair(640, rate: 0, seed: 1).alice)
            #expect(low < 1 << UInt64(min(56, tagBits)) && high < 1 << UInt64(max(0, tagBits - 56)))
        }
        #expect(VerificationHash.tagBits(chance: 1e-15, tags: 1) == 51)
        #expect(VerificationHash.tagBits(chance: 1e-15, tags: 1000) == 61)
        #expect(VerificationHash.tagBits(chance: 1e-60, tags: 1) == VerificationHash.maximumTagBits)
    }
}
