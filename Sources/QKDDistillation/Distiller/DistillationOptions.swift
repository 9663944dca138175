/// How a key is distilled.
public struct DistillationOptions: Sendable, Equatable {
    /// How sure the key has to be.
    public var security = SecurityParameters()
    /// The proof that its length rests on; `nil` for the one that fits the evidence: Lim's as printed for three intensities,
    /// Rusca's for two, Tomamichel's without.
    public var proof: KeyProof?
    /// How keys are reconciled.
    public var method = ReconciliationMethod.auto
    /// What a question and its answer take between the parties, seconds.
    public var roundTripS = 0.0
    /// Raw bits that come a second: with the round trip they decide what `auto` is.
    public var rawBitsPerSecond = 0.0
    /// Frames that Cascade may have under way.
    public var framesInFlight = 64
    /// Bits that Cascade reconciles and verifies as one; a rest is shared out among the frames. LDPC has lengths of its own.
    public var frameBits = 1 << 17
    /// Frames that are reconciled at the same time.
    public var workers = 1
    /// Frames, by number, whose reconciliation is made to fail, to see that it is noticed.
    public var failing: Set<Int> = []

    /// The usual ones.
    public init() {}

    /// The method that is in use at an error rate.
    func method(atErrorRate errorRate: Double) -> ReconciliationMethod {
        method.chosen(
            errorRate: errorRate, frameBits: frameBits, roundTripS: roundTripS, rawBitsPerSecond: rawBitsPerSecond,
            framesInFlight: framesInFlight)
    }
}
