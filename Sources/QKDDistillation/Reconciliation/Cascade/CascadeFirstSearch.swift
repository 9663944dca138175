import QKDKernels

/// The search in all odd blocks of the first pass at once, halving by halving, 64 bits a word: while every second block is odd,
/// to follow each by itself would cost many times as much. Either side has one; `nodes` are the first bits of the nodes at which
/// the searches stand.
struct CascadeFirstSearch {
    private let prefix: UnsafePointer<UInt64>
    private let words: Int
    private let nodes: SecretWords
    private let scratch: SecretWords
    /// log₂ of the length of the nodes; 0 where single bits are found.
    private(set) var log: Int
    /// How many searches there are.
    private(set) var count = 0

    /// Begins at blocks of 2^`log` bits, 64 at most. `prefix` has the parities in front of each of the own bits, and has to
    /// last as long as the search.
    init(prefix: UnsafePointer<UInt64>, words: Int, log: Int) {
        self.prefix = prefix
        self.words = words
        self.log = log
        nodes = SecretWords(unsetCount: words)
        scratch = SecretWords(unsetCount: words + 1)
    }

    /// The parities of the 2^`log` bits from each bit on.
    private func sums(_ log: Int) {
        let next = scratch.pointer
        if log == 6 {
            for word in 0..<words { next[word] = (prefix[word] ^ prefix[word &+ 1]) & 1 }
        } else {
            let (half, rest) = (UInt64(1) &<< UInt64(log), 64 &- UInt64(1) &<< UInt64(log))
            for word in 0..<words {
                next[word] = prefix[word] ^ (prefix[word] &>> half | prefix[word &+ 1] &<< rest)
            }
        }
    }

    /// The own parities of blocks, packed, by their first bits.
    func blocks(_ starts: [UInt64], into packed: UnsafeMutablePointer<UInt64>) -> Int {
        withExtendedLifetime(scratch) {
            sums(log)
            return BitKernel.compress(scratch.pointer, under: starts, words: words, into: packed)
        }
    }

    /// Begins in the odd ones of the blocks.
    mutating func begin(odd packed: UnsafePointer<UInt64>, _ starts: [UInt64]) {
        BitKernel.expand(packed, under: starts, words: words, into: nodes.pointer)
        count = (0..<words).reduce(0) { $0 + nodes.pointer[$1].nonzeroBitCount }
    }

    /// The own parities of the left halves of all nodes, packed.
    func halves(into packed: UnsafeMutablePointer<UInt64>) {
        withExtendedLifetime((nodes, scratch)) {
            sums(log - 1)
            _ = BitKernel.compress(scratch.pointer, under: nodes.pointer, words: words, into: packed)
        }
    }

    /// Goes on to the halves that are odd: the left ones where `packed` says so, else the right ones. `split` gets each word's
    /// middles, where a half begins from now on.
    mutating func turn(_ packed: UnsafePointer<UInt64>, split: (Int, UInt64) -> Void = { _, _ in }) {
        withExtendedLifetime((nodes, scratch)) {
            let (at, left) = (nodes.pointer, scratch.pointer)
            BitKernel.expand(packed, under: at, words: words, into: left)
            let half = UInt64(1) &<< UInt64(log &- 1)
            for word in 0..<words {
                split(word, at[word] &<< half)
                at[word] = left[word] | (at[word] ^ left[word]) &<< half
            }
        }
        log -= 1
    }

    /// The bits that are wrong, once `log` is 0.
    var found: SecretWords { nodes }
}
