#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A pulsed source of photon pairs between two receivers with threshold detectors, in closed form (Ma, Fung, Lo, Phys. Rev. A
/// 76, 012307 (2007), section III).
public struct PulsedPairLink: Sendable, Equatable {
    /// Efficiency of each side, detectors among it, 0…1.
    public var receiverEfficiency: Double
    /// Y₀: the chance of a click without light, each side.
    public var darkYield: Double
    /// e_d: the chance that a pair makes an error.
    public var misalignment: Double
    /// f: what reconciliation reveals, as a multiple of the entropy.
    public var reconciliationFactor = 1.22
    /// q: the share of pulses for which both sides chose the same basis.
    public var siftedShare = 0.5

    /// Describes a link; what has a default may be changed afterwards.
    public init(receiverEfficiency: Double, darkYield: Double, misalignment: Double) {
        self.receiverEfficiency = receiverEfficiency
        self.darkYield = darkYield
        self.misalignment = misalignment
    }

    /// Coincidences a pulse and their error rate (eqs. (9) and (10)) for λ pairs a mode, losses in dB from the source to
    /// each side.
    public func coincidences(pairs: Double, lossDB: (alice: Double, bob: Double)) -> (gain: Double, errorRate: Double) {
        let alice = pow(10, -lossDB.alice / 10) * receiverEfficiency
        let bob = pow(10, -lossDB.bob / 10) * receiverEfficiency
        let (atAlice, atBob) = (1 + alice * pairs, 1 + bob * pairs)
        let both = 1 + (alice + bob - alice * bob) * pairs
        let live = 1 - darkYield
        let gain = 1 - live / (atAlice * atAlice) - live / (atBob * atBob) + live * live / (both * both)
        let right = 2 * (0.5 - misalignment) * alice * bob * pairs * (1 + pairs) / (atAlice * atBob * both)
        return (gain, gain > 0 ? (0.5 * gain - right) / gain : 0.5)
    }

    /// Secret bits a pulse, q Q [1 − (1 + f) h(E)] (eq. (11)); below zero where there is no key.
    public func rate(pairs: Double, lossDB: (alice: Double, bob: Double)) -> Double {
        let (gain, errorRate) = coincidences(pairs: pairs, lossDB: lossDB)
        return siftedShare * gain * (1 - (1 + reconciliationFactor) * binaryEntropy(errorRate))
    }

    /// The best rate, and the pairs a mode that give it.
    public func best(lossDB: (alice: Double, bob: Double)) -> (pairs: Double, rate: Double) {
        // What is climbed is the share of the coincidences that becomes key where there is none: that has a slope everywhere.
        let found = SimplexSearch().maximum(from: [[log(0.02)], [log(0.2)]]) { point in
            let pairs = exp(min(2, point[0]))
            let rate = rate(pairs: pairs, lossDB: lossDB)
            return rate > 0 ? rate : rate / coincidences(pairs: pairs, lossDB: lossDB).gain
        }
        let pairs = exp(min(2, found.point[0]))
        return (pairs, rate(pairs: pairs, lossDB: lossDB))
    }
}
