#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The intensities of a decoy-state source, brightest first, and how often each is sent.
public struct DecoyIntensities: Sendable, Equatable {
    /// Mean photon numbers of the pulses, falling.
    public var means: [Double]
    /// Chances of being sent; they sum to 1.
    public var probabilities: [Double]

    /// States intensities; `means` and `probabilities` have one entry each.
    public init(means: [Double], probabilities: [Double]) {
        precondition(means.count == probabilities.count, "an intensity is a mean and a probability")
        self.means = means
        self.probabilities = probabilities
    }

    /// The chance τ_n that a pulse of any intensity has `photons` photons (0 or 1).
    public func chance(ofPhotons photons: Int) -> Double {
        zip(means, probabilities).reduce(0) { sum, next in
            sum + next.1 * exp(-next.0) * (photons == 0 ? 1 : next.0)
        }
    }

    /// eᵏ/p_k, by which a count of one intensity is set against those of the others.
    func scale(_ intensity: Int) -> Double { exp(means[intensity]) / probabilities[intensity] }
}

/// What was counted in one basis, by intensity, brightest first. Plans have expected counts, which are no whole numbers.
public struct DecoyCounts: Sendable, Equatable {
    /// Slots in which both sides chose the basis and a detector clicked.
    public var detections: [Double]
    /// Those of them in which the bits differ.
    public var errors: [Double]

    /// States counts; the arrays have an entry for each intensity.
    public init(detections: [Double], errors: [Double]) {
        precondition(detections.count == errors.count, "detections and errors have the same intensities")
        self.detections = detections
        self.errors = errors
    }

    /// Detections of all intensities.
    public var detected: Double { detections.reduce(0, +) }
    /// Errors of all intensities.
    public var wrong: Double { errors.reduce(0, +) }
    /// Errors a detection; 0 without detections.
    public var errorRate: Double { detected > 0 ? wrong / detected : 0 }
}

/// How sure a key has to be.
public struct SecurityParameters: Sendable, Equatable {
    /// ε_sec: how far the key may be from an ideal secret one.
    public var secrecy: Double
    /// ε_cor: the chance that the two keys differ.
    public var correctness: Double

    /// 1e-9 and 1e-15, as Lim et al. 2014 and most experiments since.
    public init(secrecy: Double = 1e-9, correctness: Double = 1e-15) {
        self.secrecy = secrecy
        self.correctness = correctness
    }
}
