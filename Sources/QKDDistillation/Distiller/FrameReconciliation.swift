import QKDCore

/// A frame of the raw key on its way through reconciliation and verification.
struct FrameReconciliation: Sendable {
    /// What became of it.
    struct Outcome: Sendable {
        var alice: BitString
        var bob: BitString
        var method = ReconciliationMethod.cascade
        var isVerified = false
        var isReconciled = false
        var revealed = 0
        var roundTrips = 0
    }

    /// How it is reconciled.
    enum Way: Sendable {
        case cascade(CascadePlan)
        case ldpc(LDPCPlan, errorRate: Double, seed: UInt64)
    }

    let way: Way
    let tags: VerificationHash
    /// Spoils a bit on the way, so that the tags must differ.
    var isSpoiled = false

    /// What LDPC keeps from frame to frame: making a code takes longer than using it.
    struct Coders: Sendable {
        var encoder = LDPCEncoder()
        var decoder = LDPCDecoder()
    }

    /// Has both sides talk to the end, and compare tags.
    func run(alice: BitString, bob: BitString, _ coders: inout Coders) -> Outcome {
        var outcome = Outcome(alice: alice, bob: bob)
        do {
            switch way {
            case .cascade(let plan): try cascade(plan, &outcome)
            case .ldpc(let plan, let errorRate, let seed): try ldpc(plan, errorRate, seed, &coders, &outcome)
            }
        } catch {
            // Counted as a frame that broke off: what had been revealed counts too.
            outcome.isReconciled = false
        }
        guard outcome.isReconciled else { return outcome }
        if isSpoiled {
            var words = outcome.bob.words
            words[0] ^= 1
            outcome.bob = BitString(words: words, count: outcome.bob.count)
        }
        outcome.isVerified = tags.tag(outcome.alice) == tags.tag(outcome.bob)
        return outcome
    }

    private func cascade(_ plan: CascadePlan, _ outcome: inout Outcome) throws(QKDError) {
        let reference = CascadeReference(plan: plan, bits: outcome.alice)
        let corrector = CascadeCorrector(plan: plan, bits: outcome.bob)
        defer {
            outcome.revealed = reference.revealed
            outcome.roundTrips = corrector.questions
        }
        var answer: [UInt8]?
        while let question = try corrector.next(answer) { answer = try reference.answer(question) }
        outcome.isReconciled = true
        outcome.bob = corrector.corrected
    }

    /// All bits of the syndrome count as revealed, also those that the punctured bits hide.
    private func ldpc(
        _ plan: LDPCPlan, _ errorRate: Double, _ seed: UInt64, _ coders: inout Coders, _ outcome: inout Outcome
    ) throws(QKDError) {
        outcome.method = .ldpc
        var random = PublicGenerator(seed: seed)
        let message = try coders.encoder.message(for: outcome.alice, plan: plan, using: &random)
        outcome.revealed = plan.syndromeBits
        outcome.roundTrips = 1
        let received = try LDPCMessage(bytes: message.bytes)
        guard let bits = try coders.decoder.decode(outcome.bob, received, qber: errorRate) else { return }
        outcome.isReconciled = true
        outcome.bob = bits
    }
}
