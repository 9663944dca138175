/// A proof for decoy-state BB84 with biased bases: what counts of both bases are worth.
public protocol DecoyBound: Sendable {
    /// The source's intensities.
    var intensities: DecoyIntensities { get }
    /// The proof's label.
    var proof: KeyProof { get }

    /// The length of a key from the counts of the key's basis and of the other one, and the bits that reconciliation
    /// and verification revealed.
    func keyLength(key: DecoyCounts, test: DecoyCounts, leaked: Double, security: SecurityParameters) -> KeyLength
}

extension KeyProof {
    /// The bound for a source's intensities; `nil` where the proof does not cover them, or no decoys at all.
    public func bound(_ intensities: DecoyIntensities) -> (any DecoyBound)? {
        switch self {
        case .limLiteral: LimBound(intensities, reading: .literal)
        case .limClipped: LimBound(intensities, reading: .clipped)
        case .limClippedErrors: LimBound(intensities, reading: .clippedErrors)
        case .rusca: RuscaBound(intensities)
        case .tomamichel: nil
        }
    }

    /// How many intensities the proof takes; 0 for one without decoys.
    public var intensityCount: Int {
        switch self {
        case .limLiteral, .limClipped, .limClippedErrors: 3
        case .rusca: 2
        case .tomamichel: 0
        }
    }
}
