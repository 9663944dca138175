/// The argument that a key's length rests on. A key is worth no more than it, so each is labelled with it.
public enum KeyProof: String, Sendable, CaseIterable {
    /// Lim, Curty, Walenta, Xu, Zbinden, Phys. Rev. A 89, 022307 (2014), as printed: bounds may be below zero.
    case limLiteral = "lim2014-literal"
    /// The same; the lower bound of the weakest intensity's counts is no less than zero.
    case limClipped = "lim2014-clipped"
    /// The same; besides, single photons made no more errors than there were.
    case limClippedErrors = "lim2014-clipped-errors"
    /// Rusca, Boaron, Grünenfelder, Martin, Zbinden, Appl. Phys. Lett. 112, 171104 (2018): one decoy.
    case rusca = "rusca2018"
    /// Tomamichel, Lim, Gisin, Renner, Nat. Commun. 3, 634 (2012), for pairs (BBM92) and single photons.
    case tomamichel = "tomamichel2012"

    /// The one for a source of decoys where none is asked for: Rusca's for two intensities, else Lim's as printed.
    public static func usual(for intensities: DecoyIntensities) -> KeyProof {
        intensities.means.count == 2 ? .rusca : .limLiteral
    }

    /// What a report says of it in one line.
    public var statement: String {
        switch self {
        case .limLiteral: "Lim 2014, three intensities, bounds as printed"
        case .limClipped: "Lim 2014, three intensities, counts clipped at zero"
        case .limClippedErrors: "Lim 2014, three intensities, counts clipped at zero, errors at those counted"
        case .rusca: "Rusca 2018, two intensities"
        case .tomamichel: "Tomamichel 2012, pairs or single photons"
        }
    }
}

/// How long a key may be, and what that was reckoned from.
public struct KeyLength: Sendable, Equatable {
    /// The argument behind it.
    public var proof: KeyProof
    /// Bits by the formula, neither cut to a whole number nor at zero: planning needs to know how far below zero it is.
    public var formula: Double
    /// Detections in the key's basis that came from empty pulses, at least.
    public var vacuum: Double
    /// Detections in the key's basis that came from single photons, at least.
    public var single: Double
    /// The phase error rate of those, at most; 0.5 where nothing is known.
    public var phaseError: Double
    /// Bits that reconciliation revealed.
    public var leaked: Double
    /// Bits that ε_sec and ε_cor cost whatever the length.
    public var fixed: Double

    /// Whole bits; 0 where there is no key.
    public var bits: Int { formula >= 1 ? Int(formula.rounded(.down)) : 0 }
}
