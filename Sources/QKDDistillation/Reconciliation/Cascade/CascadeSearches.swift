/// The searches for errors on the side that corrects, in all passes.
///
/// Errors are found in all passes at once: while there are many, two searches hardly ever come to the same one. A pass' own odd
/// blocks have to wait until nothing is left to search in those before it, where blocks are smaller and searches cheaper.
struct CascadeSearches {
    private let plan: CascadePlan
    private let passes: UnsafeMutableBufferPointer<CascadePass>
    /// Passes whose odd segments are searched.
    private var openCount = 1
    private(set) var corrections = 0
    var subsets = CascadeSubsets()
    private var spare = PlaceList()

    /// Begins with bits in the frame's order, those of them that are known to be right, and what the first search has told: the
    /// parities of all blocks, and where it has cut the first pass' blocks; there none is odd any more.
    init(
        plan: CascadePlan, bits: SecretWords, known: SecretWords, roots: [UInt64], cuts: [UInt64]?
    ) {
        self.plan = plan
        let words = plan.wordCount
        passes = .allocate(capacity: plan.blockLogs.count)
        let memory = SecretWords(unsetCount: 3 * words)
        let (scratch, shuffledBits, shuffledKnown) = (
            memory.pointer, memory.pointer + words, memory.pointer + 2 * words
        )
        var root = 0
        for (pass, log) in plan.blockLogs.enumerated() {
            withExtendedLifetime((bits, known, memory)) {
                plan.orders.apply(pass: pass, bits.pointer, scratch: scratch, into: shuffledBits)
                plan.orders.apply(pass: pass, known.pointer, scratch: scratch, into: shuffledKnown)
                passes.initializeElement(
                    at: pass,
                    to: CascadePass(
                        log: log, wordCount: words, ways: plan.orders.ways(pass: pass), bits: shuffledBits,
                        known: shuffledKnown))
            }
            let blocks = plan.blocks(pass)
            if pass == 0, let cuts {
                for (word, middles) in cuts.enumerated() { passes[0].cut(word: word, middles: middles) }
            } else {
                for block in 0..<blocks {
                    let place = root + block
                    passes[pass].learn(block: block, roots[place >> 6] >> UInt64(place & 63) & 1)
                }
            }
            root += blocks
        }
        passes[0].pendAll()
    }

    /// Gives the memory back; nothing can be asked afterwards.
    func free() {
        for pass in passes { pass.free() }
        spare.free()
        passes.deinitialize()
        passes.deallocate()
    }

    /// The frame's bits as they are now.
    func copyBits(to words: UnsafeMutablePointer<UInt64>) { passes[0].copyBits(to: words) }

    /// The own parity of those of the bits `low ..< high` that are in a subset.
    func parity(_ low: Int, _ high: Int, subset: Int) -> UInt64 {
        passes[0].parity(low, high, in: plan.orders.subsets[subset])
    }

    /// Whether more was corrected than there is: parities that contradict each other can go on for ever.
    var leadsNowhere: Bool { corrections > plan.orders.paddedBits }

    /// Halves whose parities are asked for.
    var count: Int { passes.reduce(0) { $0 + $1.asked.count } }

    /// The question for them.
    var question: [UInt8] {
        let width = CascadeWire.middleBytes(plan)
        return [UInt8](unsafeUninitializedCapacity: passes.count * 5 + count * width) { bytes, size in
            guard let start = bytes.baseAddress else { return }
            for pass in passes.indices where passes[pass].asked.count > 0 {
                let asked = passes[pass].asked
                size += CascadeWire.write(
                    UnsafeBufferPointer(start: asked.places, count: asked.count), pass: pass, width: width,
                    to: start + size)
            }
        }
    }

    /// Takes their parities, in the question's order.
    mutating func follow(_ answer: [UInt8]) {
        var index = 0
        answer.withUnsafeBufferPointer { answer in
            for pass in passes.indices where passes[pass].asked.count > 0 {
                let asked = passes[pass].asked
                passes[pass].asked = spare
                passes[pass].asked.removeAll()
                for place in 0..<asked.count {
                    let middle = Int(asked.places[place])
                    let parity = UInt64(answer[index >> 3] &>> UInt8(truncatingIfNeeded: index & 7) & 1)
                    index &+= 1
                    if let start = passes[pass].learn(middle: middle, parity) {
                        search(start, log: middle.trailingZeroBitCount, pass)
                    }
                }
                spare = asked
            }
        }
    }

    /// Starts searches at what is pending; small blocks first, where a search is cheap.
    mutating func begin() {
        repeat {
            var pass = 0
            while pass < openCount, !leadsNowhere {
                guard let start = passes[pass].pending.popLast() else {
                    pass += 1
                    continue
                }
                if passes[pass].isToBeSearched(start) { search(start, log: passes[pass].segmentLog(start), pass) }
                pass = 0
            }
        } while count == 0 && openNext()
    }

    private mutating func openNext() -> Bool {
        guard openCount < passes.count, !leadsNowhere else { return false }
        passes[openCount].pending.removeAll()
        passes[openCount].pendAll()
        openCount += 1
        return true
    }

    @inline(__always) private mutating func search(_ start: Int, log: Int, _ pass: Int) {
        if let wrong = passes[pass].search(start, log: log) { correct(passes[pass].bit(at: wrong)) }
    }

    /// Corrects a bit, in all passes, and notes what has become odd by it.
    mutating func correct(_ bit: Int) {
        corrections += 1
        for pass in passes.indices { passes[pass].correct(bit) }
        if !subsets.nodes.isEmpty { subsets.flip(bit, in: plan.orders.subsets) }
    }
}
