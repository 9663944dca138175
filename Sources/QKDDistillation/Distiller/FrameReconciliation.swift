import QKDCore

/// A frame of the raw key on its way through reconciliation and verification.
struct FrameReconciliation {
    /// What became of it.
    struct Outcome: Sendable {
        var alice: BitString
        var bob: BitString
        var isVerified = false
        var isReconciled = false
        var revealed = 0
        var corrections = 0
        var roundTrips = 0
    }

    let plan: CascadePlan
    let tags: VerificationHash
    /// Spoils a bit on the way, so that the tags must differ.
    var isSpoiled = false

    /// Has both sides talk to the end, and compare tags.
    func run(alice: BitString, bob: BitString) -> Outcome {
        var outcome = Outcome(alice: alice, bob: bob)
        let reference = CascadeReference(plan: plan, bits: alice)
        let corrector = CascadeCorrector(plan: plan, bits: bob)
        do {
            var answer: [UInt8]?
            while let question = try corrector.next(answer) { answer = try reference.answer(question) }
            outcome.isReconciled = true
        } catch {
            // Counted as a frame that broke off: what had been revealed counts too.
            outcome.isReconciled = false
        }
        outcome.revealed = reference.revealed
        outcome.corrections = corrector.corrections
        outcome.roundTrips = corrector.questions
        guard outcome.isReconciled else { return outcome }
        outcome.bob = corrector.corrected
        if isSpoiled {
            var words = outcome.bob.words
            words[0] ^= 1
            outcome.bob = BitString(words: words, count: outcome.bob.count)
        }
        outcome.isVerified = tags.tag(outcome.alice) == tags.tag(outcome.bob)
        return outcome
    }
}
