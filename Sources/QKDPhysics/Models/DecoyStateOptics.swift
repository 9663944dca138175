import QKDCore

/// Bob's passive receiver: a basis splitter, and in each basis a pair of detectors behind an imperfect analyser.
///
/// A photon of state (b, i) meets detector (b, i) with p_b (1 − e_d), its partner with p_b e_d, and each
/// detector of the other basis with (1 − p_b)/2. For coherent light these are the shares in which the
/// *mean* splits, so the counts at the four detectors are independent Poisson numbers.
///
/// Source: misalignment e_d as e_detector of Ma et al. 2005 (arXiv quant-ph/0503005, eq. 9); biased
/// passive choice: Lo, Chau, Ardehali, J. Cryptology 18, 133 (2005).
public struct DecoyStateOptics: Sendable, Equatable {
    /// Share of the Z arm at Bob's basis splitter, 0…1.
    public let zProbability: Double
    /// Share e_d of a pulse that reaches the wrong detector of its own basis, 0…1.
    public let misalignment: Double

    /// States a receiver.
    ///
    /// Both shares are taken to the nearest multiple of 2⁻²⁵, which makes the products multiples of 2⁻⁵⁰
    /// and the sum of the four weights exactly 1.
    public init(zProbability: Double, misalignment: Double) {
        self.zProbability = Self.onGrid(zProbability)
        self.misalignment = Self.onGrid(misalignment)
    }

    private static func onGrid(_ value: Double) -> Double { (value * 0x1p25).rounded() * 0x1p-25 }

    /// Probability that Bob measures in a basis.
    public func probability(of basis: Basis) -> Double {
        basis == .z ? zProbability : 1 - zProbability
    }

    /// The shares of a pulse at the detectors Z0, Z1, X0, X1; they sum to exactly 1.
    public func weights(_ state: BB84State) -> SIMD4<Double> {
        var weights = SIMD4<Double>()
        for detector in BB84State.all {
            weights[detector.index] =
                if detector.basis != state.basis {
                    probability(of: detector.basis) / 2
                } else if detector.bit == state.bit {
                    probability(of: state.basis) * (1 - misalignment)
                } else {
                    probability(of: state.basis) * misalignment
                }
        }
        return weights
    }

    /// Throws `outOfRange`, naming the field, if a share is outside 0…1.
    public func validate(_ source: String = "receiver") throws(QKDError) {
        for (field, value) in [("zProbability", zProbability), ("misalignment", misalignment)]
        where !(0...1).contains(value) {
            throw QKDError(.outOfRange, "\(field) is \(value)", at: .init(source, field: field))
        }
    }
}
