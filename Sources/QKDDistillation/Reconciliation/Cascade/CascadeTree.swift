/// One pass on the side that corrects: its bits as the pass sees them, and what is known of the binary trees over its blocks.
///
/// Node ids are those of `CascadePlan.places`. A node is *known* when the other side's parity of it is, and *odd* when that
/// differs from the own one. Of a node's halves both are known or neither, but for single bits, which other passes tell.
struct CascadeTree {
    private let copy: SecretWords
    private let known: SecretWords
    private let odd: SecretWords
    private let bits: UnsafeMutablePointer<UInt64>
    private let knownBits: UnsafeMutablePointer<UInt64>
    private let oddBits: UnsafeMutablePointer<UInt64>
    private let log: Int
    private let count: Int
    /// By block, whether a search is under way in it: a second one would find the same error.
    private var isSearched: [Bool]

    /// Odd nodes at which searches stand whose left half is asked for.
    var searches: [Int] = []
    /// Nodes that may be odd, to be searched.
    var pending: [Int] = []
    /// The same, where a search is under way in their block.
    var deferred: [Int] = []

    init(copy: SecretWords, log: Int, blocks: Int, count: Int) {
        self.copy = copy
        self.log = log
        self.count = count
        known = SecretWords(count: (blocks << (log + 1) + 63) / 64)
        odd = SecretWords(count: (blocks << (log + 1) + 63) / 64)
        (bits, knownBits, oddBits) = (copy.pointer, known.pointer, odd.pointer)
        isSearched = [Bool](repeating: false, count: blocks)
    }

    /// Learns the other side's parity of a block.
    mutating func learn(block: Int, _ parity: UInt64) {
        let root = block << (log + 1) + 1
        let difference = parity ^ Parity.of(bits, block << log, min(count, (block + 1) << log))
        set(root, difference)
        if difference != 0 { pending.append(root) }
    }

    /// Learns the other side's parity of a node's left half, and with it that of the right one.
    @inline(__always) func learnHalves(of node: Int, left parity: UInt64) {
        let left = self.left(of: node)
        let depth = self.depth(node) + 1
        let low = self.low(left, depth)
        let difference = parity ^ Parity.of(bits, low, low &+ 1 &<< (log &- depth))
        set(left, difference)
        set(left &+ 1, difference ^ bit(oddBits, node))
    }

    /// What a search comes to that descends from a node.
    enum Descent {
        /// The parity of this node's left half is wanted.
        case asks(Int)
        /// The bit at this place is wrong.
        case found(place: Int)
        /// Nothing is odd here any more.
        case ends
    }

    /// Whether a search that was to begin at a node did so, or waits for another one in the block.
    @inline(__always) mutating func claims(_ node: Int) -> Bool {
        let block = node >> (log + 1)
        guard !isSearched[block] else {
            deferred.append(node)
            return false
        }
        isSearched[block] = true
        return true
    }

    /// Goes down from a node through halves that are known; what is found, or ended, frees the block for others.
    @inline(__always) mutating func descend(from start: Int) -> Descent {
        var node = start
        guard isOdd(node) else {
            isSearched[node >> (log + 1)] = false
            return .ends
        }
        var depth = self.depth(node)
        while depth < log {
            let left = self.left(of: node)
            if bit(knownBits, left) == 0 {
                if low(left &+ 1, depth &+ 1) >= count {
                    // A right half that lies behind the frame's end has nothing in it.
                    set(left, 1)
                } else if bit(knownBits, left &+ 1) != 0 {
                    set(left, 1 ^ bit(oddBits, left &+ 1))
                } else {
                    return .asks(node)
                }
            } else if bit(knownBits, left &+ 1) == 0 {
                set(left &+ 1, 1 ^ bit(oddBits, left))
            }
            node = isOdd(left) ? left : left &+ 1
            depth &+= 1
        }
        isSearched[node >> (log + 1)] = false
        return .found(place: low(node, depth))
    }

    /// The bit at a place was corrected: it is known from now on, and what is known around it turns.
    @inline(__always) mutating func correct(place: Int) {
        bits[place >> 6] ^= 1 &<< UInt64(truncatingIfNeeded: place & 63)
        let tree = (place >> log) << (log + 1)
        var within = 1 &<< log &+ place & ((1 &<< log) &- 1)
        set(tree &+ within, 0)
        var smallest = 0
        within >>= 1
        while within > 0 {
            let node = tree &+ within
            let mask: UInt64 = 1 &<< UInt64(truncatingIfNeeded: node & 63)
            let turned = oddBits[node >> 6] ^ knownBits[node >> 6] & mask
            oddBits[node >> 6] = turned
            if smallest == 0, turned & mask != 0 { smallest = node }
            within >>= 1
        }
        if smallest != 0 { pending.append(smallest) }
    }

    @inline(__always) private func isOdd(_ node: Int) -> Bool { bit(oddBits, node) != 0 }

    @inline(__always) private func bit(_ words: UnsafeMutablePointer<UInt64>, _ index: Int) -> UInt64 {
        words[index >> 6] &>> UInt64(truncatingIfNeeded: index & 63) & 1
    }

    @inline(__always) private func set(_ node: Int, _ difference: UInt64) {
        let shift = UInt64(truncatingIfNeeded: node & 63)
        knownBits[node >> 6] |= 1 &<< shift
        oddBits[node >> 6] = oddBits[node >> 6] & ~(1 &<< shift) | difference &<< shift
    }

    @inline(__always) func left(of node: Int) -> Int { node &+ node & ((2 &<< log) &- 1) }

    @inline(__always) private func depth(_ node: Int) -> Int {
        63 &- (node & ((2 &<< log) &- 1)).leadingZeroBitCount
    }

    @inline(__always) private func low(_ node: Int, _ depth: Int) -> Int {
        let within = node & ((2 &<< log) &- 1)
        return (node >> (log &+ 1)) &<< log &+ (within &- 1 &<< depth) &<< (log &- depth)
    }
}
