#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// The sum over what Alice sends and over the sixteen patterns in which four detectors click.
struct SlotOutcomes {
    /// Click probability of a slot, by intensity.
    private(set) var gains = [Double](repeating: 0, count: Intensity.allCases.count)
    /// Sifted slots and errors per slot sent, by basis and intensity.
    private(set) var sifted = [[BB84Expectation.Sifted]](
        repeating: Array(repeating: .init(), count: Intensity.allCases.count), count: Basis.allCases.count)

    /// Given the code, the four detectors click independently: coherent light splits into independent Poisson numbers.
    init(_ link: BB84LinkModel, balances: [DeadTimeBalance], acceptance: [Double], background: [Double]) {
        for intensity in Intensity.allCases {
            let k = Int(intensity.rawValue)
            for state in BB84State.all {
                let probability = link.probability(of: state, intensity)
                let stateShare = (state.basis == .z ? link.aliceZProbability : 1 - link.aliceZProbability) / 2
                let means = link.detectedMeans(state, intensity)
                let clicks = (0..<4).map { index in
                    let silent = 1 + acceptance[index] * expm1(-means[index])
                    return balances[index].liveFraction * (1 - silent * (1 - background[index]))
                }
                gains[k] += stateShare * (1 - clicks.reduce(1) { $0 * (1 - $1) })
                let outcomes = Self.outcomes(clicks, rule: link.doubleClickRule)
                let right = outcomes[state.index]
                let wrong = outcomes[state.index ^ 1]
                sifted[Int(state.basis.rawValue)][k].sifted += probability * (right + wrong)
                sifted[Int(state.basis.rawValue)][k].errors += probability * wrong
            }
        }
    }

    /// Probability that each detector is a slot's outcome, from the four click probabilities.
    static func outcomes(_ clicks: [Double], rule: DoubleClickRule) -> [Double] {
        var outcomes = [Double](repeating: 0, count: clicks.count)
        for pattern in 1..<1 << clicks.count {
            let fired = pattern.nonzeroBitCount
            if fired > 1, rule == .discard { continue }
            var probability = 1.0
            for index in clicks.indices {
                probability *= pattern >> index & 1 == 1 ? clicks[index] : 1 - clicks[index]
            }
            for index in clicks.indices where pattern >> index & 1 == 1 {
                outcomes[index] += probability / Double(fired)
            }
        }
        return outcomes
    }
}
