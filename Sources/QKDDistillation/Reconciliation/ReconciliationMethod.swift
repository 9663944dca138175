/// How raw keys are made equal.
public enum ReconciliationMethod: String, Sendable, CaseIterable, Codable {
    /// Two-way, revealing the least, in some hundred round trips a frame.
    case cascade
    /// One-way: one message a frame, which reveals more.
    case ldpc
    /// Cascade, unless its round trips would hold up the raw key.
    case auto

    /// f of Cascade: what it reveals over the entropy of the errors, from 1 to 10 %. A more careful guess would give keys away.
    public static let cascadeFactor = 1.04

    /// Round trips of a Cascade frame, as seen from 1 to 5 % of errors in frames of 1e5 bits: 290 to 420.
    static let roundTrips = 350.0

    /// What `auto` comes to: Cascade where `framesInFlight` frames of `frameBits` keep up with the raw key in spite of the
    /// round trip, or where the error rate is none that our codes are made for.
    public func chosen(
        errorRate: Double, frameBits: Int, roundTripS: Double, rawBitsPerSecond: Double, framesInFlight: Int
    ) -> ReconciliationMethod {
        guard LDPCPlan.errorRates.contains(errorRate) else { return .cascade }
        guard self == .auto else { return self }
        let pace = Double(framesInFlight * frameBits)
        return roundTripS * Self.roundTrips * rawBitsPerSecond > pace ? .ldpc : .cascade
    }
}
