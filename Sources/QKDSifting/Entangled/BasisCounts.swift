import QKDCore

/// How the outcomes of one basis go together.
public enum OutcomeCorrelation: String, Sendable, CaseIterable, Codable {
    /// Equal outcomes are right, as with Φ+ or in prepare and measure.
    case correlated
    /// Opposite outcomes are right, as with the singlet; Bob's bits are inverted.
    case anticorrelated
}

/// What coincidences of one basis on both sides gave.
public struct BasisCounts: Sendable, Equatable {
    /// Coincidences by Alice's bit (row) and Bob's detector's bit (column), as found.
    public var outcomes = [[0, 0], [0, 0]]
    /// Accidental ones among them, as estimated.
    public var accidentals = [[0.0, 0], [0, 0]]
    /// How the outcomes are taken to go together.
    public var correlation = OutcomeCorrelation.correlated
    /// Whether the correlation was read off these counts and not given.
    public var isDetected = false

    /// Starts at zero.
    public init() {}

    /// Coincidences in which both used the basis.
    public var total: Int { outcomes[0][0] + outcomes[0][1] + outcomes[1][0] + outcomes[1][1] }
    /// Those with a wrong pair of outcomes.
    public var errors: Int { Self.wrong(outcomes, correlation) }
    /// Wrong over all.
    public var qber: BinomialEstimate { BinomialEstimate(errors, of: total) }
    /// V = 1 − 2 QBER.
    public var visibility: Double { 1 - 2 * qber.rate }

    /// The interval of the visibility that belongs to the QBER's Clopper–Pearson interval.
    public func visibilityInterval(confidence: Double) -> ClosedRange<Double> {
        let interval = qber.interval(confidence: confidence)
        return (1 - 2 * interval.upperBound)...(1 - 2 * interval.lowerBound)
    }

    /// The QBER that would be left without accidental coincidences; `nil` if they would leave nothing.
    ///
    /// It says what the source does. The key has the QBER with accidentals.
    public var accidentalFreeQBER: Double? {
        let chance = accidentals[0][0] + accidentals[0][1] + accidentals[1][0] + accidentals[1][1]
        let rest = Double(total) - chance
        guard rest > 0 else { return nil }
        return max(0, Double(errors) - Self.wrong(accidentals, correlation)) / rest
    }

    /// How many standard deviations apart equal and opposite outcomes are; under 5 a detected correlation is a guess.
    public var contrast: Double {
        let equal = outcomes[0][0] + outcomes[1][1]
        return total > 0 ? abs(Double(2 * equal - total)) / Double(total).squareRoot() : 0
    }

    private static func wrong<Number: AdditiveArithmetic>(
        _ table: [[Number]], _ correlation: OutcomeCorrelation
    ) -> Number {
        correlation == .correlated ? table[0][1] + table[1][0] : table[0][0] + table[1][1]
    }

    /// Takes the given correlation, or the one of the majority.
    mutating func settle(_ given: OutcomeCorrelation?) {
        isDetected = given == nil
        correlation =
            given
            ?? (outcomes[0][0] + outcomes[1][1] >= outcomes[0][1] + outcomes[1][0]
                ? .correlated : .anticorrelated)
    }
}
