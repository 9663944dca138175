import QKDCore
import QKDKernels

/// The side of Cascade whose bits stand: it answers, and counts what it has revealed.
public final class CascadeReference {
    private let plan: CascadePlan
    /// For each pass, the parity of all bits in front of each place: two of them give any node's.
    private let memory: SecretWords
    private let prefixes: UnsafeMutablePointer<UInt64>
    private var search: CascadeFirstSearch?
    /// Parities revealed so far, each of which tells an eavesdropper one bit at most.
    public private(set) var revealed = 0

    /// Takes a frame's bits, as many as the plan says.
    public init(plan: CascadePlan, bits: BitString) {
        precondition(bits.count == plan.frameBits, "a frame has \(plan.frameBits) bits")
        self.plan = plan
        let words = SecretWords(bits.words, count: plan.wordCount)
        let (scratch, copy) = (SecretWords(unsetCount: plan.wordCount), SecretWords(unsetCount: plan.wordCount))
        memory = SecretWords(unsetCount: plan.blockLogs.count * (plan.wordCount + 1))
        prefixes = memory.pointer
        withExtendedLifetime((words, scratch, copy)) {
            for pass in plan.blockLogs.indices {
                plan.orders.apply(pass: pass, words.pointer, scratch: scratch.pointer, into: copy.pointer)
                BitKernel.prefix(copy.pointer, words: plan.wordCount, into: prefix(pass))
            }
        }
    }

    private func prefix(_ pass: Int) -> UnsafeMutablePointer<UInt64> { prefixes + pass * (plan.wordCount + 1) }

    /// Answers a question of the other side.
    ///
    /// Throws `protocolViolation`, with the offset, for bytes that are none, and when more is asked for than there are bits.
    public func answer(_ question: [UInt8]) throws(QKDError) -> [UInt8] {
        defer { withExtendedLifetime(self) {} }
        guard let kind = question.first else { throw CascadeWire.violation("an empty question", 0) }
        let (answer, count): ([UInt8], Int) =
            switch kind & CascadeWire.kindMask {
            case CascadeWire.nodes: try nodes(question)
            case CascadeWire.turns: try turns(question)
            default: try roots(question)
            }
        revealed += count
        guard revealed <= plan.mostParities else {
            throw CascadeWire.violation("more is asked for than the frame has bits", 0)
        }
        return answer
    }

    private func roots(_ question: [UInt8]) throws(QKDError) -> ([UInt8], Int) {
        guard question == [CascadeWire.roots] else { throw CascadeWire.violation("an unknown question", 0) }
        var parities = ParityPacker(capacity: plan.rootCount)
        for (pass, log) in plan.blockLogs.enumerated() {
            let prefix = prefix(pass)
            for block in 0..<plan.blocks(pass) {
                parities.append(bit(prefix, block << log) ^ bit(prefix, (block + 1) << log))
            }
        }
        for subset in plan.orders.subsets { parities.append(parity(0, plan.orders.paddedBits, in: subset)) }
        return (parities.answer, parities.count)
    }

    private func turns(_ question: [UInt8]) throws(QKDError) -> ([UInt8], Int) {
        let log = Int(question[0] & ~CascadeWire.kindMask)
        let isFirst = search == nil
        guard !plan.firstStarts.isEmpty, log > 0, log == (isFirst ? plan.blockLogs[0] : (search?.log ?? 0) - 1) else {
            throw CascadeWire.violation("a step of the first search out of turn", 0)
        }
        let asked = isFirst ? plan.blocks(0) : search?.count ?? 0
        guard question.count == 1 + (asked + 7) / 8 else {
            throw CascadeWire.violation("\(question.count - 1) bytes do not tell of \(asked) nodes", question.count)
        }
        let bits = CascadeWire.words(question, from: 1)
        var search =
            search ?? CascadeFirstSearch(prefix: prefix(0), words: plan.wordCount, log: plan.blockLogs[0])
        if isFirst { search.begin(odd: bits, plan.firstStarts) } else { search.turn(bits) }
        self.search = search
        let packed = SecretWords(count: search.count / 64 + 2)
        search.halves(into: packed.pointer)
        return (CascadeWire.bytes(packed.pointer, count: search.count), search.count)
    }

    private func nodes(_ question: [UInt8]) throws(QKDError) -> ([UInt8], Int) {
        let width = CascadeWire.middleBytes(plan)
        var parities = ParityPacker(capacity: question.count / width)
        var offset = 0
        while offset < question.count {
            let pass = Int(question[offset] & ~CascadeWire.kindMask)
            let subset = pass - plan.blockLogs.count
            guard question[offset] & CascadeWire.kindMask == CascadeWire.nodes, subset < plan.orders.subsets.count
            else { throw CascadeWire.violation("an unknown question", offset) }
            guard question.count - offset >= 5 else { throw CascadeWire.violation("no number of nodes", offset) }
            let count = (1...4).reduce(0) { $0 | Int(question[offset + $1]) << (8 * ($1 - 1)) }
            offset += 5
            guard count <= (question.count - offset) / width else {
                throw CascadeWire.violation("\(count) nodes do not fit", offset)
            }
            let most = 1 << (subset < 0 ? plan.blockLogs[pass] : plan.wholeLog)
            let prefix = prefix(subset < 0 ? pass : 0)
            for _ in 0..<count {
                let middle = CascadeWire.middle(question, at: offset, width: width)
                let half = middle & -middle
                guard half > 0, half < most, middle < plan.orders.paddedBits else {
                    throw CascadeWire.violation("there is no node with the middle \(middle) in pass \(pass)", offset)
                }
                offset &+= width
                parities.append(
                    subset < 0
                        ? bit(prefix, middle &- half) ^ bit(prefix, middle)
                        : parity(middle - half, middle, in: plan.orders.subsets[subset]))
            }
        }
        return (parities.answer, parities.count)
    }

    @inline(__always) private func bit(_ words: UnsafeMutablePointer<UInt64>, _ place: Int) -> UInt64 {
        words[place >> 6] &>> UInt64(truncatingIfNeeded: place & 63) & 1
    }

    /// The parity of those of the bits `low ..< high` that are in a subset.
    private func parity(_ low: Int, _ high: Int, in subset: [UInt64]) -> UInt64 {
        let prefix = prefix(0)
        return Parity.of(low, high) { word in
            (prefix[word] ^ (prefix[word] >> 1 | prefix[word + 1] << 63)) & subset[word]
        }
    }
}
