import QKDCore

/// The side of Cascade that corrects its bits: it asks, and follows the answers.
///
/// It has no clock and no wire: `next` takes an answer and gives the next question, so that many frames can be under way at
/// once and the round trip hides.
public final class CascadeCorrector {
    private let plan: CascadePlan
    private var searches: CascadeSearches
    private var waiting = Waiting.nothing

    /// Parities received so far.
    public private(set) var received = 0
    /// Questions asked so far: each costs a round trip.
    public private(set) var questions = 0
    /// Whether all is corrected, as far as Cascade can tell: a hash has to say so too.
    public private(set) var isFinished = false

    private enum Waiting {
        case nothing
        case blocks
        case searches
        case subsets
        case half(of: CascadeSubsets.Node)
    }

    /// Takes a frame's bits, as many as the plan says.
    public init(plan: CascadePlan, bits: BitString) {
        precondition(bits.count == plan.frameBits, "a frame has \(plan.frameBits) bits")
        self.plan = plan
        searches = CascadeSearches(plan: plan, bits: SecretWords(bits.words))
    }

    /// The frame as it is now.
    public var corrected: BitString {
        BitString(words: searches.bits.words, count: plan.frameBits)
    }

    /// Bits corrected so far; one that was flipped twice counts twice.
    public var corrections: Int { searches.corrections }

    /// Takes the answer to the last question, `nil` at first, and gives the next question, or `nil` when all is done.
    ///
    /// Throws `protocolViolation` for an answer of the wrong length, or when the answers lead nowhere.
    public func next(_ answer: [UInt8]?) throws(QKDError) -> [UInt8]? {
        try take(answer ?? [])
        let question = ask()
        guard received <= plan.mostParities, !searches.leadsNowhere else {
            throw QKDError(.protocolViolation, "Cascade: the answers lead nowhere")
        }
        guard let question else {
            isFinished = true
            return nil
        }
        questions += 1
        return question
    }

    private func take(_ answer: [UInt8]) throws(QKDError) {
        defer { withExtendedLifetime(self) {} }
        let count =
            switch waiting {
            case .nothing: 0
            case .blocks: plan.blocks(searches.trees.count)
            case .searches: searches.count
            case .subsets: plan.orders.subsets.count
            case .half: 1
            }
        try CascadeWire.check(answer, count: count)
        received += count
        switch waiting {
        case .nothing: break
        case .blocks: searches.learnBlocks(answer)
        case .searches: searches.follow(answer)
        case .subsets: learnSubsets(answer)
        case .half(let node): learnHalf(of: node, answer)
        }
        waiting = .nothing
    }

    private func ask() -> [UInt8]? {
        while !searches.leadsNowhere {
            searches.begin()
            if searches.count > 0 {
                waiting = .searches
                return searches.question
            }
            if searches.trees.count < plan.blockLogs.count {
                waiting = .blocks
                return [UInt8(searches.trees.count)]
            }
            if searches.subsets.nodes.isEmpty {
                waiting = .subsets
                return [CascadeWire.subsets]
            }
            // One search at a time: two would find the same error, and errors are rare by now.
            guard let node = searches.subsets.smallestOdd else { return nil }
            if node.high - node.low == 1 {
                // What comes of it in the blocks goes first.
                searches.correct(node.low)
            } else if let left = plan.places(ofNode: 2 * node.id, blockLog: plan.wholeLog), left.high < node.high {
                waiting = .half(of: node)
                var writer = CascadeNodeWriter()
                writer.begin(pass: plan.blockLogs.count + node.subset, count: 1)
                writer.append(node: 2 * node.id)
                return writer.bytes
            } else {
                // The right half lies behind the frame's end.
                searches.subsets.learn(
                    .init(subset: node.subset, id: 2 * node.id, low: node.low, high: node.high, isOdd: true))
                searches.subsets.forget(node)
            }
        }
        return nil
    }
}

extension CascadeCorrector {
    private func learnSubsets(_ answer: [UInt8]) {
        for (subset, mask) in plan.orders.subsets.enumerated() {
            let own = Parity.of(searches.bits.pointer, 0, plan.frameBits, mask: mask)
            let other = UInt64(answer[subset >> 3] >> UInt8(subset & 7) & 1)
            searches.subsets.learn(.init(subset: subset, id: 1, low: 0, high: plan.frameBits, isOdd: own != other))
        }
    }

    private func learnHalf(of node: CascadeSubsets.Node, _ answer: [UInt8]) {
        guard let left = plan.places(ofNode: 2 * node.id, blockLog: plan.wholeLog) else { return }
        let own = Parity.of(searches.bits.pointer, left.low, left.high, mask: plan.orders.subsets[node.subset])
        let isOdd = own != UInt64(answer[0] & 1)
        searches.subsets.learn(
            .init(subset: node.subset, id: 2 * node.id, low: left.low, high: left.high, isOdd: isOdd))
        searches.subsets.learn(
            .init(subset: node.subset, id: 2 * node.id + 1, low: left.high, high: node.high, isOdd: !isOdd))
    }
}
