#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Secret bits of BBM92, and of BB84 with single photons: Tomamichel, Lim, Gisin, Renner, Nat. Commun. 3, 634 (2012), eq. (2),
/// with 4/ε in the deviation as two later transcriptions have it, where the paper's own text has 2/ε: unverified, and the
/// more careful of the two.
public struct PairBound: Sendable {
    /// Bits of the key's basis that became the raw key, n.
    public var keyBits: Int
    /// Bits of the other basis that were compared, k.
    public var testBits: Int
    /// Those of them that differed.
    public var testErrors: Int

    /// States the counts.
    public init(keyBits: Int, testBits: Int, testErrors: Int) {
        self.keyBits = keyBits
        self.testBits = testBits
        self.testErrors = testErrors
    }

    /// n[1 − h(Q + μ)] − leak − log₂ 2/(ε² ε_cor), with μ² = (n + k)/(nk) · (k + 1)/k · ln 4/ε.
    public func keyLength(leaked: Double, security: SecurityParameters) -> KeyLength {
        let (key, test) = (Double(keyBits), Double(testBits))
        let fixed = log2(2 / (security.secrecy * security.secrecy * security.correctness))
        var phase = 0.5
        if keyBits > 0, testBits > 0 {
            let deviation = (key + test) / (key * test) * (test + 1) / test * log(4 / security.secrecy)
            phase = min(0.5, Double(testErrors) / test + deviation.squareRoot())
        }
        return KeyLength(
            proof: .tomamichel, formula: key * (1 - binaryEntropy(phase)) - leaked - fixed, vacuum: 0, single: key,
            phaseError: phase, leaked: leaked, fixed: fixed)
    }
}
