#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What random sampling costs when a rate seen in one set of detections is claimed for another: γ of Lim 2014, eq. (5)
/// (Fung, Ma, Chau, Phys. Rev. A 81, 012318 (2010)).
///
/// `rate` was seen in `sample` detections and is claimed for `rest`; 0.5 where the formula says nothing.
func samplingPenalty(secrecy: Double, rate: Double, sample: Double, rest: Double) -> Double {
    guard rate > 0, rate < 1, sample > 0, rest > 0 else { return 0.5 }
    let both = sample + rest
    let spread = (1 - rate) * rate
    let argument = both / (sample * rest * spread) * (21 * 21) / (secrecy * secrecy)
    return (both * spread / (sample * rest * log(2)) * log2(argument)).squareRoot()
}

/// Hoeffding's deviation √(x/2 ln(terms/ε)) for `count` events that are parted among the intensities.
func deviation(_ count: Double, secrecy: Double, terms: Double) -> Double {
    (max(0, count) / 2 * log(terms / secrecy)).squareRoot()
}

/// The length formula that the decoy proofs share, once the single photons are bounded.
struct DecoyLength {
    var proof: KeyProof
    var vacuum: Double
    /// Single photons in the key's basis and in the other one; may be below zero.
    var single: Double
    var testSingle: Double
    /// Errors of single photons in the other basis, at most.
    var testErrors: Double
    /// How many times ε is spent: 21 (Lim), 19 (Rusca).
    var terms: Double

    /// Below this slope a plan's search is led towards settings that have a key.
    private static let guidance = 100.0

    func keyLength(leaked: Double, _ security: SecurityParameters) -> KeyLength {
        let fixed = 6 * log2(terms / security.secrecy) + log2(2 / security.correctness)
        var length = KeyLength(
            proof: proof, formula: 0, vacuum: max(0, vacuum), single: max(0, single), phaseError: 0.5,
            leaked: leaked, fixed: fixed)
        guard single > 0, testSingle > 0 else {
            // Nothing is secret; how far the bounds are from saying something leads a search on.
            length.formula = min(single, testSingle) - leaked - fixed
            return length
        }
        // No error at all still may hide some: the penalty's argument wants a rate, and half an error is one.
        let rate = max(testErrors, 0.5) / testSingle
        let phase =
            rate < 0.5
            ? rate + samplingPenalty(secrecy: security.secrecy, rate: rate, sample: testSingle, rest: single) : rate
        length.phaseError = min(0.5, phase)
        length.formula = vacuum + single * (1 - binaryEntropy(length.phaseError)) - leaked - fixed
        if phase > 0.5 { length.formula -= Self.guidance * (phase - 0.5) }
        return length
    }
}
