/// The searches for errors in all passes so far, on the side that corrects.
///
/// Errors are found in all passes at once: while there are many, two searches hardly ever come to the same one.
struct CascadeSearches {
    private let plan: CascadePlan
    let bits: SecretWords
    private(set) var trees: [CascadeTree] = []
    var subsets = CascadeSubsets()
    private(set) var corrections = 0

    init(plan: CascadePlan, bits: SecretWords) {
        self.plan = plan
        self.bits = bits
    }

    /// Begins the next pass with the parities of its blocks.
    mutating func learnBlocks(_ answer: [UInt8]) {
        let pass = trees.count
        let count = plan.blocks(pass)
        var tree = CascadeTree(
            copy: plan.orders.copy(bits, pass: pass), log: plan.blockLogs[pass], blocks: count, count: plan.frameBits)
        for block in 0..<count { tree.learn(block: block, UInt64(answer[block >> 3] >> UInt8(block & 7) & 1)) }
        trees.append(tree)
    }

    /// Whether more was corrected than there is: parities that contradict each other can go on for ever.
    var leadsNowhere: Bool { corrections > plan.frameBits }

    /// Halves whose parities are asked for.
    var count: Int { trees.reduce(0) { $0 + $1.searches.count } }

    /// The question for them.
    var question: [UInt8] {
        var writer = CascadeNodeWriter()
        for pass in trees.indices where !trees[pass].searches.isEmpty {
            writer.begin(pass: pass, count: trees[pass].searches.count)
            for node in trees[pass].searches { writer.append(node: trees[pass].left(of: node)) }
        }
        return writer.bytes
    }

    /// Takes their parities, in the question's order.
    mutating func follow(_ answer: [UInt8]) {
        var index = 0
        for pass in trees.indices {
            let nodes = trees[pass].searches
            trees[pass].searches = []
            for node in nodes {
                trees[pass].learnHalves(of: node, left: UInt64(answer[index >> 3] >> UInt8(index & 7) & 1))
                index &+= 1
                descend(from: node, pass)
            }
        }
    }

    /// Starts searches at what is pending, where none is under way; small blocks first, where a search is cheap.
    mutating func begin() {
        for pass in trees.indices where !trees[pass].deferred.isEmpty {
            trees[pass].pending += trees[pass].deferred
            trees[pass].deferred.removeAll(keepingCapacity: true)
        }
        while !leadsNowhere, let pass = trees.firstIndex(where: { !$0.pending.isEmpty }) {
            let node = trees[pass].pending.removeLast()
            if trees[pass].claims(node) { descend(from: node, pass) }
        }
    }

    @inline(__always) private mutating func descend(from node: Int, _ pass: Int) {
        switch trees[pass].descend(from: node) {
        case .asks(let node): trees[pass].searches.append(node)
        case .found(let place): correct(plan.orders.bit(at: place, pass: pass))
        case .ends: break
        }
    }

    /// Corrects a bit, in all passes so far, and notes what has become odd by it.
    mutating func correct(_ bit: Int) {
        corrections += 1
        bits.pointer[bit >> 6] ^= 1 << UInt64(bit & 63)
        for pass in trees.indices {
            trees[pass].correct(place: plan.orders.place(of: bit, pass: pass))
        }
        if !subsets.nodes.isEmpty { subsets.flip(bit, in: plan.orders.subsets) }
    }
}
