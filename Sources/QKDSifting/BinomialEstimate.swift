/// A probability estimated from how often something happened in a number of trials.
public struct BinomialEstimate: Sendable, Equatable {
    /// How often it happened.
    public var successes: Int
    /// How often it could have.
    public var trials: Int

    /// Takes `successes` of `trials`; 0 <= successes <= trials.
    public init(_ successes: Int, of trials: Int) {
        precondition(successes >= 0 && successes <= trials, "more successes than trials")
        self.successes = successes
        self.trials = trials
    }

    /// The relative frequency; `nan` without trials.
    public var rate: Double { Double(successes) / Double(trials) }

    /// The standard error √(p(1-p)/n) of the rate; `nan` without trials, 0 at rates 0 and 1.
    public var standardError: Double { (rate * (1 - rate) / Double(trials)).squareRoot() }

    /// The Clopper–Pearson interval (Biometrika 26, 404): it holds the true probability with at least `confidence`.
    ///
    /// 0…1 without trials. `confidence` lies between 0 and 1.
    public func interval(confidence: Double) -> ClosedRange<Double> {
        precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
        guard trials > 0 else { return 0...1 }
        let tail = 0.5 * (1 - confidence)
        let (k, rest) = (Double(successes), Double(trials - successes))
        let low = successes == 0 ? 0 : IncompleteBeta.inverse(lower: tail, a: k, b: rest + 1)
        let high = successes == trials ? 1 : IncompleteBeta.inverse(upper: tail, a: k + 1, b: rest)
        return low...max(low, high)
    }
}
