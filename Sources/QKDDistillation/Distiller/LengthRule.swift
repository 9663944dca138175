import QKDCore

/// The proof in use, and what it makes of the counts.
struct LengthRule {
    private enum Bound {
        case decoys(any DecoyBound, ofBits: [UInt8], test: DecoyCounts)
        case comparison(bits: Int, errors: Int)
    }

    private let bound: Bound
    private let input: DistillationInput
    private let security: SecurityParameters

    /// Throws `invalidInput` where the proof does not cover the evidence.
    init(_ input: DistillationInput, _ options: DistillationOptions) throws(QKDError) {
        self.input = input
        security = options.security
        switch input.evidence {
        case .comparison(let bits, let errors):
            guard options.proof == nil || options.proof == .tomamichel else {
                throw QKDError(
                    .invalidInput, "\(options.proof?.rawValue ?? "") is a proof for decoy states; there are none")
            }
            bound = .comparison(bits: bits, errors: errors)
        case .decoys(let intensities, let ofBits, let test):
            let proof = options.proof ?? .usual(for: intensities)
            guard let found = proof.bound(intensities) else {
                let means = intensities.means.map { "\($0)" }.joined(separator: ", ")
                throw QKDError(.invalidInput, "\(proof.rawValue) does not cover the intensities \(means)")
            }
            bound = .decoys(found, ofBits: ofBits, test: test)
        }
    }

    /// Bits of the key, and the terms. `wrong` says for each raw bit whether it differed.
    ///
    /// All detections go into the bound, those of discarded frames too, because which frames fail is no free choice; then all
    /// bits of those frames are taken off: a string without some of its bits has lost at most their number in min-entropy.
    func length(wrong: BitString, _ report: DistillationReport) -> (bits: Int, terms: DistillationReport.Length) {
        let leaked = Double(report.revealed.total)
        let key: KeyLength
        switch bound {
        case .decoys(let bound, let ofBits, let test):
            let counts = Self.counts(bound.intensities.means.count, ofBits, wrong)
            key = bound.keyLength(key: counts, test: test, leaked: leaked, security: security)
        case .comparison(let bits, let errors):
            key = PairBound(keyBits: input.alice.count, testBits: bits, testErrors: errors)
                .keyLength(leaked: leaked, security: security)
        }
        let allowed = key.formula - Double(report.frames.discardedBits)
        let terms = DistillationReport.Length(
            proof: key.proof.rawValue, statement: key.proof.statement, secrecy: security.secrecy,
            correctness: security.correctness, vacuum: key.vacuum, single: key.single, phaseErrorRate: key.phaseError,
            leaked: leaked, fixed: key.fixed, discarded: Double(report.frames.discardedBits), bound: allowed)
        return (allowed >= 1 ? Int(allowed.rounded(.down)) : 0, terms)
    }

    /// Counts of the key's basis by intensity.
    private static func counts(_ kinds: Int, _ ofBits: [UInt8], _ wrong: BitString) -> DecoyCounts {
        var (all, errors) = ([Int](repeating: 0, count: kinds), [Int](repeating: 0, count: kinds))
        for (index, intensity) in ofBits.enumerated() {
            all[Int(intensity)] += 1
            errors[Int(intensity)] += Int(wrong[index])
        }
        return DecoyCounts(detections: all.map(Double.init), errors: errors.map(Double.init))
    }
}
