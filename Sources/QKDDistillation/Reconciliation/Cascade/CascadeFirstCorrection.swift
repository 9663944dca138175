import QKDKernels

/// The first search on the side that corrects.
final class CascadeFirstCorrection {
    private var search: CascadeFirstSearch
    private let prefix: SecretWords
    private let words: Int
    /// Where the searches go, packed: at first a bit a block, then a bit a search.
    private var turns: SecretWords
    private var turnCount: Int
    /// The middles at which the blocks were cut, 64 places a word.
    private(set) var cuts: [UInt64]

    /// Takes the frame's bits, and the other side's parities of all blocks, packed, with a word more.
    init(plan: CascadePlan, bits: SecretWords, blocks: [UInt64]) {
        words = plan.wordCount
        prefix = SecretWords(unsetCount: words + 1)
        let own = SecretWords(count: plan.blocks(0) / 64 + 2)
        turns = own
        turnCount = plan.blocks(0)
        cuts = [UInt64](repeating: 0, count: words)
        search = CascadeFirstSearch(prefix: prefix.pointer, words: words, log: plan.blockLogs[0])
        withExtendedLifetime((bits, prefix, own)) {
            BitKernel.prefix(bits.pointer, words: words, into: prefix.pointer)
            let count = search.blocks(plan.firstStarts, into: own.pointer)
            for word in 0..<(count + 63) / 64 { own.pointer[word] ^= blocks[word] }
            // Behind the blocks' parities stand others.
            if count & 63 != 0 { own.pointer[count >> 6] &= 1 << UInt64(count & 63) - 1 }
            search.begin(odd: own.pointer, plan.firstStarts)
        }
    }

    /// Halves whose parities are asked for; in the end, bits that were found to be wrong.
    var count: Int { search.count }

    /// The next question, `nil` when all searches have come to single bits.
    var question: [UInt8]? {
        guard search.count > 0, search.log > 0 else { return nil }
        return withExtendedLifetime(turns) {
            CascadeWire.bytes(turns.pointer, count: turnCount, after: CascadeWire.turns | UInt8(search.log))
        }
    }

    /// Takes the other side's parities, packed, with a word more.
    func learn(_ parities: [UInt64]) {
        let halves = SecretWords(count: search.count / 64 + 2)
        withExtendedLifetime((prefix, halves)) {
            search.halves(into: halves.pointer)
            for word in 0..<(search.count + 63) / 64 { halves.pointer[word] ^= parities[word] }
            search.turn(halves.pointer) { cuts[$0] |= $1 }
        }
        (turns, turnCount) = (halves, search.count)
    }

    /// Corrects the frame's bits, and notes which are known to be right.
    func correct(_ bits: SecretWords, known: SecretWords) {
        guard search.log == 0 else { return }
        let found = search.found
        withExtendedLifetime((bits, known, found)) {
            for word in 0..<words {
                bits.pointer[word] ^= found.pointer[word]
                known.pointer[word] = found.pointer[word]
            }
        }
    }
}
