#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A correlation coefficient E(a, b) = (N++ + N−− − N+− − N−+)/N of one pair of settings.
public struct SettingCorrelation: Sendable, Equatable {
    /// Alice's setting, degrees.
    public var aliceDegrees: Double
    /// Bob's setting, degrees.
    public var bobDegrees: Double
    /// Coincidences with equal outcomes, and all of them.
    public var equal: Int
    /// All coincidences of the two settings.
    public var total: Int

    /// E; `nan` without coincidences.
    public var value: Double { Double(2 * equal - total) / Double(total) }
    /// √((1 − E²)/N).
    public var standardError: Double { ((1 - value * value) / Double(total)).squareRoot() }
}

/// The CHSH quantity S of two settings a side (Clauser, Horne, Shimony, Holt, PRL 23, 880).
///
/// S = |Σ ± E(a, b)|. Which of the four has the minus sign follows from the angles alone, by E = cos 2(a − b), the
/// rotationally symmetric states, or by E = cos 2(a + b), the two others; of these two readings the one with the
/// larger S is taken. The sign is not picked from the data otherwise, which would make S too large.
public struct CHSHEstimate: Sendable, Equatable {
    /// The four coefficients: (a, b), (a, b′), (a′, b), (a′, b′).
    public var correlations: [SettingCorrelation]
    /// The sign of each in S.
    public var signs: [Double]
    /// S with its sign: negative for the singlet.
    public var signedS: Double
    /// S.
    public var s: Double { abs(signedS) }
    /// One standard error of S, from binomial counts.
    public var standardError: Double
    /// How far S is above the local bound 2, in standard errors.
    public var violation: Double { (s - 2) / standardError }

    /// `nil` unless there are 2 × 2 settings, of angles that can violate the bound, with coincidences in each pair.
    init?(_ correlations: [SettingCorrelation]) {
        guard correlations.count == 4, correlations.allSatisfy({ $0.total > 0 }) else { return nil }
        var best: (signed: Double, signs: [Double])?
        for turn in [-1.0, 1] {
            let ideal = correlations.map { cos(($0.aliceDegrees + turn * $0.bobDegrees) * Double.pi / 90) }
            let signs = ideal.map { $0 < 0 ? -1.0 : 1.0 }
            let product = signs[0] * signs[1] * signs[2] * signs[3]
            // 2 is what classical correlations reach; angles such as 0, 45 against 0, 45 give no more.
            guard product < 0, ideal.reduce(0, { $0 + abs($1) }) > 2.05 else { continue }
            let signed = zip(signs, correlations).reduce(0) { $0 + $1.0 * $1.1.value }
            if best.map({ abs(signed) > abs($0.signed) }) ?? true { best = (signed, signs) }
        }
        guard let best else { return nil }
        self.correlations = correlations
        signs = best.signs
        signedS = best.signed
        standardError = correlations.reduce(0) { $0 + $1.standardError * $1.standardError }.squareRoot()
    }
}
