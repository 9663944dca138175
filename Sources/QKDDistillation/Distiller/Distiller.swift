import QKDCore

/// From raw keys to secret ones, both parties in one process: what each would tell the other is counted as if it went over a
/// channel.
public struct Distiller: Sendable {
    /// How.
    public var options: DistillationOptions

    /// Makes a distiller.
    public init(_ options: DistillationOptions = .init()) { self.options = options }

    /// Both keys, and the account. On an abort both are empty.
    public struct Result: Sendable {
        /// Alice's key; empty on an abort.
        public var alice: BitString
        /// Bob's key.
        public var bob: BitString
        /// The account.
        public var report: DistillationReport
    }

    /// What is done at the moment, for who waits.
    public enum Stage: String, Sendable { case reconciliation, amplification }

    /// Distils. `random` gives the public random numbers: the orders in which bits are looked at, the tags' keys, the seed of
    /// amplification; it has to be fresh. `progress` gets a stage and its share done, from any thread.
    ///
    /// Throws `invalidInput` for a proof that does not cover the evidence, and what cancellation throws.
    public func run(
        _ input: DistillationInput, random: inout some RandomNumberGenerator,
        progress: @escaping @Sendable (Stage, Double) -> Void = { _, _ in }
    ) async throws -> Result {
        let length = try LengthRule(input, options)
        var report = DistillationReport(rawBits: input.alice.count)
        report.testErrorRate = input.expectedErrorRate
        func aborted(_ reason: String) -> Result {
            report.abort = reason
            return Result(alice: BitString(), bob: BitString(), report: report)
        }
        guard input.alice.count > 0 else { return aborted("there are no raw bits") }
        guard let expected = input.expectedErrorRate else { return aborted("nothing of the other basis was compared") }
        let threshold = ErrorThreshold(options, errorRate: expected)
        guard expected <= threshold.errorRate else {
            return aborted(
                "the error rate of the other basis, \(percent(expected)), is above \(percent(threshold.errorRate)), "
                    + "beyond which no key is left where f is \((100 * threshold.factor).rounded() / 100)")
        }
        let frames = FrameBatch(input, options, random: &random)
        let outcomes = try await frames.run(expected: expected) { progress(.reconciliation, $0) }
        let (alice, bob, wrong) = account(outcomes, input, tagBits: frames.tags.tagBits, &report)
        guard report.frames.verified > 0 else { return aborted("no frame was verified") }

        let key = length.length(wrong: wrong, report)
        report.length = key.terms
        guard key.bits > 0 else {
            return aborted("too few detections for a key: the bound is \(Int(key.terms.bound.rounded(.down))) bits")
        }
        // Never more than there is, whatever the bound.
        let bits = min(key.bits, alice.count)
        let seed = (0..<(ToeplitzHash.seedBits(inputBits: alice.count, outputBits: bits) + 63) / 64).map { _ in
            random.next()
        }
        report.seedBits = ToeplitzHash.seedBits(inputBits: alice.count, outputBits: bits)
        let hash = try ToeplitzHash(
            inputBits: alice.count, outputBits: bits, seed: BitString(words: seed, count: report.seedBits))
        report.secretBits = bits
        // Each party does this for itself, so here both do it at the same time.
        async let other = hash.hash(bob)
        let own = try hash.hash(alice, progress: { progress(.amplification, $0) })
        return try await Result(alice: own, bob: other, report: report)
    }

    /// Puts verified frames together, and counts.
    private func account(
        _ outcomes: [FrameReconciliation.Outcome], _ input: DistillationInput, tagBits: Int,
        _ report: inout DistillationReport
    ) -> (alice: BitString, bob: BitString, wrong: BitString) {
        var place = 0
        var wrong: [BitString] = []
        for outcome in outcomes {
            let range = place..<place + outcome.alice.count
            place = range.upperBound
            report.revealed.reconciliation += outcome.revealed
            if outcome.isReconciled { report.revealed.verification += tagBits }
            report.frames.roundTrips = max(report.frames.roundTrips, outcome.roundTrips)
            report.frames.longestBits = max(report.frames.longestBits, outcome.alice.count)
            if outcome.isVerified {
                let differs = outcome.bob.difference(from: input.bob.slice(range))
                report.frames.errors += differs.words.reduce(0) { $0 + $1.nonzeroBitCount }
                wrong.append(differs)
            } else {
                report.frames.discardedBits += outcome.alice.count
                // Nobody knows its errors: all that could be.
                wrong.append(BitString(words: outcome.alice.words.map { _ in .max }, count: outcome.alice.count))
            }
        }
        let verified = outcomes.filter(\.isVerified)
        report.frames.total = outcomes.count
        report.frames.byLDPC = outcomes.filter { $0.method == .ldpc }.count
        report.frames.verified = verified.count
        report.frames.unreconciled = outcomes.filter { !$0.isReconciled }.count
        report.frames.unequal = outcomes.count - verified.count - report.frames.unreconciled
        let bits = input.alice.count - report.frames.discardedBits
        if bits > 0 {
            let rate = Double(report.frames.errors) / Double(bits)
            report.frames.errorRate = rate
            let told = verified.reduce(0) { $0 + $1.revealed }
            if rate > 0 { report.revealed.factor = Double(told) / (Double(bits) * binaryEntropy(rate)) }
        }
        return (.joined(verified.map(\.alice)), .joined(verified.map(\.bob)), .joined(wrong))
    }

    private func percent(_ rate: Double) -> String { "\((rate * 10_000).rounded() / 100) %" }
}
