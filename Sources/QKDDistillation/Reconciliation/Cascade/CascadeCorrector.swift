import QKDCore

/// The side of Cascade that corrects its bits: it asks, and follows the answers.
///
/// It has no clock and no wire: `next` takes an answer and gives the next question, so that many frames can be under way at
/// once and the round trip hides.
public final class CascadeCorrector {
    private let plan: CascadePlan
    private let bits: SecretWords
    private var first: CascadeFirstCorrection?
    private var firstCorrections = 0
    private var roots: [UInt64] = []
    private var searches: CascadeSearches?
    private var waiting = Waiting.nothing

    /// Parities received so far.
    public private(set) var received = 0
    /// Questions asked so far: each costs a round trip.
    public private(set) var questions = 0
    /// Whether all is corrected, as far as Cascade can tell: a hash has to say so too.
    public private(set) var isFinished = false

    private enum Waiting {
        case nothing
        case roots
        case turns
        case searches
        case half(of: CascadeSubsets.Node)
    }

    /// Takes a frame's bits, as many as the plan says.
    public init(plan: CascadePlan, bits: BitString) {
        precondition(bits.count == plan.frameBits, "a frame has \(plan.frameBits) bits")
        self.plan = plan
        self.bits = SecretWords(bits.words, count: plan.wordCount)
    }

    deinit { searches?.free() }

    /// The frame as it is now.
    public var corrected: BitString {
        withExtendedLifetime(bits) { searches?.copyBits(to: bits.pointer) }
        return BitString(words: bits.words, count: plan.frameBits)
    }

    /// Bits corrected so far; one that was flipped twice counts twice.
    public var corrections: Int { firstCorrections + (searches?.corrections ?? 0) }

    /// Takes the answer to the last question, `nil` at first, and gives the next question, or `nil` when all is done.
    ///
    /// Throws `protocolViolation` for an answer of the wrong length, or when the answers lead nowhere.
    public func next(_ answer: [UInt8]?) throws(QKDError) -> [UInt8]? {
        try take(answer ?? [])
        let question = ask()
        guard received <= plan.mostParities, searches?.leadsNowhere != true else {
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
        let count =
            switch waiting {
            case .nothing: 0
            case .roots: plan.rootCount
            case .turns: first?.count ?? 0
            case .searches: searches?.count ?? 0
            case .half: 1
            }
        try CascadeWire.check(answer, count: count)
        received += count
        switch waiting {
        case .nothing: break
        case .roots:
            roots = CascadeWire.words(answer, from: 0)
            if !plan.firstStarts.isEmpty { first = CascadeFirstCorrection(plan: plan, bits: bits, blocks: roots) }
        case .turns: first?.learn(CascadeWire.words(answer, from: 0))
        case .searches: searches?.follow(answer)
        case .half(let node): learnHalf(of: node, UInt64(answer[0] & 1))
        }
    }

    private func ask() -> [UInt8]? {
        if case .nothing = waiting {
            waiting = .roots
            return [CascadeWire.roots]
        }
        if let question = first?.question {
            waiting = .turns
            return question
        }
        if searches == nil { beginSearches() }
        while searches?.leadsNowhere == false {
            searches?.begin()
            if let searches, searches.count > 0 {
                waiting = .searches
                return searches.question
            }
            if searches?.subsets.nodes.isEmpty == true { learnSubsets() }
            // One search at a time: two would find the same error, and errors are rare by now.
            guard let node = searches?.subsets.smallestOdd else { return nil }
            if node.log == 0 {
                // What comes of it in the blocks goes first.
                searches?.correct(node.start)
            } else if node.middle < plan.frameBits {
                waiting = .half(of: node)
                return CascadeWire.question(middle: node.middle, pass: plan.blockLogs.count + node.subset, plan)
            } else {
                // The right half lies behind the frame's end.
                searches?.subsets.cut(node, isLeftOdd: true)
            }
        }
        return nil
    }

    private func beginSearches() {
        let known = SecretWords(count: plan.wordCount)
        if let first {
            first.correct(bits, known: known)
            firstCorrections = first.count
        }
        searches = CascadeSearches(plan: plan, bits: bits, known: known, roots: roots, cuts: first?.cuts)
        first = nil
    }

    private func learnSubsets() {
        let others = plan.rootCount - plan.orders.subsets.count
        for subset in plan.orders.subsets.indices {
            let place = others + subset
            let parity = roots[place >> 6] >> UInt64(place & 63) & 1
            let own = searches?.parity(0, plan.orders.paddedBits, subset: subset)
            searches?.subsets.learn(.init(subset: subset, start: 0, log: plan.wholeLog, isOdd: own != parity))
        }
    }

    private func learnHalf(of node: CascadeSubsets.Node, _ parity: UInt64) {
        let own = searches?.parity(node.start, node.middle, subset: node.subset)
        searches?.subsets.cut(node, isLeftOdd: own != parity)
    }
}
