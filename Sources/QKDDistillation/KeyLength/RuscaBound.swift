#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Secret bits of decoy-state BB84 with two intensities and biased bases, for finite counts (Rusca, Boaron, Grünenfelder,
/// Martin, Zbinden, Appl. Phys. Lett. 112, 171104 (2018), eqs. (2)–(5) and appendix).
///
/// Needs μ₁ > μ₂ > 0, and detectors whose efficiency does not depend on the basis. Empty pulses are bounded from above by
/// the errors that they would have made: of the routes, by each intensity (eq. (A18), which as printed lacks eᵏ/p_k) and by
/// all errors, the lowest is taken.
public struct RuscaBound: DecoyBound {
    /// The source's intensities.
    public let intensities: DecoyIntensities

    public var proof: KeyProof { .rusca }

    static let terms = 19.0

    /// Prepares the bound; `nil` unless there are two intensities as the proof needs them.
    public init?(_ intensities: DecoyIntensities) {
        let means = intensities.means
        guard means.count == 2, means[0] > means[1], means[1] > 0, intensities.probabilities.allSatisfy({ $0 > 0 })
        else { return nil }
        self.intensities = intensities
    }

    public func keyLength(
        key: DecoyCounts, test: DecoyCounts, leaked: Double, security: SecurityParameters
    ) -> KeyLength {
        let photons = detections(key, security)
        return DecoyLength(
            proof: proof, vacuum: photons.vacuum, single: photons.single,
            testSingle: detections(test, security).single, testErrors: errors(test, security), terms: Self.terms
        ).keyLength(leaked: leaked, security)
    }

    /// Detections that empty pulses and single photons caused, at least.
    func detections(_ counts: DecoyCounts, _ security: SecurityParameters) -> (vacuum: Double, single: Double) {
        let spread = deviation(counts.detected, secrecy: security.secrecy, terms: Self.terms)
        let (bright, dim) = (intensities.means[0], intensities.means[1])
        let none = intensities.chance(ofPhotons: 0)
        let above = intensities.scale(0) * (counts.detections[0] + spread)
        let below = intensities.scale(1) * (counts.detections[1] - spread)
        let vacuum = max(0, none / (bright - dim) * (bright * below - dim * above))
        let ratio = dim * dim / (bright * bright)
        let single =
            intensities.chance(ofPhotons: 1) * bright / (dim * (bright - dim))
            * (below - ratio * above - (1 - ratio) * vacuumAtMost(counts, spread, security) / none)
        return (vacuum, single)
    }

    /// Detections that empty pulses caused, at most: half of them are errors.
    private func vacuumAtMost(_ counts: DecoyCounts, _ spread: Double, _ security: SecurityParameters) -> Double {
        let errorSpread = deviation(counts.wrong, secrecy: security.secrecy, terms: Self.terms)
        let none = intensities.chance(ofPhotons: 0)
        let byIntensity = counts.errors.indices.map { none * intensities.scale($0) * (counts.errors[$0] + errorSpread) }
        return 2 * (min(counts.wrong, byIntensity.min() ?? 0) + spread)
    }

    /// Errors that single photons made, at most.
    private func errors(_ counts: DecoyCounts, _ security: SecurityParameters) -> Double {
        let spread = deviation(counts.wrong, secrecy: security.secrecy, terms: Self.terms)
        return intensities.chance(ofPhotons: 1) / (intensities.means[0] - intensities.means[1])
            * (intensities.scale(0) * (counts.errors[0] + spread) - intensities.scale(1) * (counts.errors[1] - spread))
    }
}
