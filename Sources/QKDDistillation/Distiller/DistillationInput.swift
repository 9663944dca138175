import QKDCore

/// What two parties have after sifting: the raw key of both, and what the other basis told.
public struct DistillationInput: Sendable {
    /// Alice's bits of the key's basis. They stand; Bob's are corrected.
    public var alice: BitString
    /// Bob's bits, as many.
    public var bob: BitString
    /// What the length of the key is reckoned from.
    public var evidence: Evidence

    /// What bounds an eavesdropper's knowledge.
    public enum Evidence: Sendable {
        /// Decoy-state BB84: the source's intensities, brightest first; that of each bit of the key, by its place among them;
        /// the counts of the other basis, all of which was compared.
        case decoys(DecoyIntensities, ofBits: [UInt8], test: DecoyCounts)
        /// Pairs, or single photons: bits of the other basis that were compared, and how many differed.
        case comparison(bits: Int, errors: Int)
    }

    /// States what there is; both keys have the same length, and `ofBits` too.
    public init(alice: BitString, bob: BitString, evidence: Evidence) {
        precondition(alice.count == bob.count, "two keys of one length")
        if case .decoys(let intensities, let ofBits, let test) = evidence {
            precondition(ofBits.count == alice.count, "each bit has an intensity")
            precondition(test.detections.count == intensities.means.count, "counts for each intensity")
        }
        self.alice = alice
        self.bob = bob
        self.evidence = evidence
    }

    /// The error rate that the other basis lets expect; `nil` where nothing was compared.
    public var expectedErrorRate: Double? {
        switch evidence {
        case .decoys(_, _, let test): test.detected > 0 ? test.errorRate : nil
        case .comparison(let bits, let errors): bits > 0 ? Double(errors) / Double(bits) : nil
        }
    }
}
