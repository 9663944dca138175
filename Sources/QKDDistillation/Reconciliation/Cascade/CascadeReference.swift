import QKDCore

/// The side of Cascade whose bits stand: it answers, and counts what it has revealed.
public final class CascadeReference {
    private let plan: CascadePlan
    private let copies: [SecretWords]
    /// Parities revealed so far, each of which tells an eavesdropper one bit at most.
    public private(set) var revealed = 0

    /// Takes a frame's bits, as many as the plan says.
    public init(plan: CascadePlan, bits: BitString) {
        precondition(bits.count == plan.frameBits, "a frame has \(plan.frameBits) bits")
        self.plan = plan
        let words = SecretWords(bits.words)
        copies = plan.blockLogs.indices.map { plan.orders.copy(words, pass: $0) }
    }

    /// Answers a question of the other side.
    ///
    /// Throws `protocolViolation`, with the offset, for bytes that are none, and when more is asked for than there are bits.
    public func answer(_ question: [UInt8]) throws(QKDError) -> [UInt8] {
        defer { withExtendedLifetime(self) {} }
        guard let kind = question.first else { throw CascadeWire.violation("an empty question", 0) }
        let parities: ParityPacker
        if kind & CascadeWire.kindMask == CascadeWire.nodes {
            parities = try nodes(question)
        } else {
            guard question.count == 1 else { throw CascadeWire.violation("bytes after the question", 1) }
            parities = kind == CascadeWire.subsets ? subsets() : try blocks(Int(kind))
        }
        revealed += parities.count
        guard revealed <= plan.mostParities else {
            throw CascadeWire.violation("more is asked for than the frame has bits", 0)
        }
        return parities.answer
    }

    private func blocks(_ pass: Int) throws(QKDError) -> ParityPacker {
        guard pass < copies.count else { throw CascadeWire.violation("there is no pass \(pass)", 0) }
        var parities = ParityPacker(capacity: plan.blocks(pass))
        let log = plan.blockLogs[pass]
        let copy = copies[pass].pointer
        for block in 0..<plan.blocks(pass) {
            parities.append(Parity.of(copy, block << log, min(plan.frameBits, (block + 1) << log)))
        }
        return parities
    }

    private func subsets() -> ParityPacker {
        var parities = ParityPacker(capacity: plan.orders.subsets.count)
        for subset in plan.orders.subsets {
            parities.append(Parity.of(copies[0].pointer, 0, plan.frameBits, mask: subset))
        }
        return parities
    }

    private func nodes(_ question: [UInt8]) throws(QKDError) -> ParityPacker {
        var reader = CascadeNodeReader(question)
        var parities = ParityPacker(capacity: question.count)
        while !reader.isAtEnd {
            let (pass, count) = try reader.begin()
            let subset = pass - copies.count
            guard subset < plan.orders.subsets.count else {
                throw CascadeWire.violation("there is no pass \(pass)", 0)
            }
            let log = subset < 0 ? plan.blockLogs[pass] : plan.wholeLog
            let copy = copies[subset < 0 ? pass : 0].pointer
            for _ in 0..<count {
                let id = try reader.node()
                guard let (low, high) = plan.places(ofNode: id, blockLog: log) else {
                    throw CascadeWire.violation("there is no node \(id) in pass \(pass)", 0)
                }
                parities.append(
                    subset < 0
                        ? Parity.of(copy, low, high)
                        : Parity.of(copy, low, high, mask: plan.orders.subsets[subset]))
            }
        }
        return parities
    }
}
