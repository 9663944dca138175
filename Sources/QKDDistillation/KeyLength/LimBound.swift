/// Secret bits of decoy-state BB84 with three intensities and biased bases, for finite counts (Lim et al. 2014, eqs. (1)–(5)).
///
/// Needs μ₁ > μ₂ + μ₃, μ₂ > μ₃ ≥ 0, and detectors whose efficiency does not depend on the basis. What the paper calls X is
/// the basis of the key here, what it calls Z the other one.
public struct LimBound: DecoyBound {
    /// Which of the three sound readings of the formulas is taken.
    public enum Reading: Sendable, CaseIterable {
        /// As printed.
        case literal
        /// A lower bound of counts is no less than zero.
        case clipped
        /// Besides, single photons made no more errors than were counted.
        case clippedErrors

        /// The proof's label.
        public var proof: KeyProof {
            switch self {
            case .literal: .limLiteral
            case .clipped: .limClipped
            case .clippedErrors: .limClippedErrors
            }
        }
    }

    /// The source's intensities.
    public let intensities: DecoyIntensities
    /// The reading that is taken.
    public let reading: Reading

    public var proof: KeyProof { reading.proof }

    static let terms = 21.0

    /// Prepares the bound; `nil` unless there are three intensities as the proof needs them.
    public init?(_ intensities: DecoyIntensities, reading: Reading = .literal) {
        let means = intensities.means
        guard means.count == 3, means[0] > means[1] + means[2], means[1] > means[2], means[2] >= 0,
            intensities.probabilities.allSatisfy({ $0 > 0 })
        else { return nil }
        self.intensities = intensities
        self.reading = reading
    }

    public func keyLength(
        key: DecoyCounts, test: DecoyCounts, leaked: Double, security: SecurityParameters
    ) -> KeyLength {
        let photons = detections(key.detections, security)
        let testPhotons = detections(test.detections, security)
        return DecoyLength(
            proof: proof, vacuum: photons.vacuum, single: photons.single, testSingle: testPhotons.single,
            testErrors: errors(test, security), terms: Self.terms
        ).keyLength(leaked: leaked, security)
    }

    /// Eqs. (2) and (3): detections that empty pulses and single photons caused, at least.
    func detections(_ counts: [Double], _ security: SecurityParameters) -> (vacuum: Double, single: Double) {
        let spread = deviation(counts.reduce(0, +), secrecy: security.secrecy, terms: Self.terms)
        let means = intensities.means
        let none = intensities.chance(ofPhotons: 0)
        let gap = means[1] - means[2]
        let weakest = lower(counts[2], spread, 2)
        let vacuum = max(0, none * (means[1] * weakest - means[2] * upper(counts[1], spread, 1)) / gap)
        let share = (means[1] * means[1] - means[2] * means[2]) / (means[0] * means[0])
        let single =
            intensities.chance(ofPhotons: 1) * means[0]
            * (lower(counts[1], spread, 1, clips: false) - upper(counts[2], spread, 2)
                - share * (upper(counts[0], spread, 0) - vacuum / none))
            / (means[0] * gap - means[1] * means[1] + means[2] * means[2])
        return (vacuum, single)
    }

    /// Eq. (4): errors that single photons made, at most.
    func errors(_ counts: DecoyCounts, _ security: SecurityParameters) -> Double {
        let spread = deviation(counts.wrong, secrecy: security.secrecy, terms: Self.terms)
        let means = intensities.means
        let most =
            intensities.chance(ofPhotons: 1) / (means[1] - means[2])
            * (upper(counts.errors[1], spread, 1) - lower(counts.errors[2], spread, 2))
        return reading == .clippedErrors ? min(most, counts.wrong) : most
    }

    private func upper(_ count: Double, _ spread: Double, _ intensity: Int) -> Double {
        intensities.scale(intensity) * (count + spread)
    }

    private func lower(_ count: Double, _ spread: Double, _ intensity: Int, clips: Bool = true) -> Double {
        let bound = intensities.scale(intensity) * (count - spread)
        return clips && reading != .literal ? max(0, bound) : bound
    }
}
