import QKDCore

/// Counts for each of the three intensities.
public struct PerIntensity: Sendable, Equatable {
    /// Signal, decoy, vacuum.
    public var values = [0, 0, 0]

    /// Starts at zero.
    public init() {}

    /// Takes counts in the order signal, decoy, vacuum.
    public init(signal: Int, decoy: Int, vacuum: Int) { values = [signal, decoy, vacuum] }

    /// The count of one intensity.
    public subscript(intensity: Intensity) -> Int {
        get { values[Int(intensity.rawValue)] }
        set { values[Int(intensity.rawValue)] = newValue }
    }

    /// The sum over the intensities.
    public var total: Int { values[0] + values[1] + values[2] }

    /// Adds counts one by one.
    public static func += (left: inout PerIntensity, right: PerIntensity) {
        for index in 0..<3 { left.values[index] += right.values[index] }
    }
}

/// Counts for each basis and intensity.
public struct PerBasisAndIntensity: Sendable, Equatable {
    /// Counts in the Z basis.
    public var z = PerIntensity()
    /// Counts in the X basis.
    public var x = PerIntensity()

    /// Starts at zero.
    public init() {}

    /// The counts of one basis.
    public subscript(basis: Basis) -> PerIntensity {
        get { basis == .z ? z : x }
        set { if basis == .z { z = newValue } else { x = newValue } }
    }

    /// The sum over bases and intensities.
    public var total: Int { z.total + x.total }

    /// Adds counts one by one.
    public static func += (left: inout PerBasisAndIntensity, right: PerBasisAndIntensity) {
        left.z += right.z
        left.x += right.x
    }
}

/// What sifting counted, over one frame or, added up, over many.
///
/// Disclosed slots are left out of every count but their own two, so that detected / sent is an unbiased gain.
public struct SiftingCounts: Sendable, Equatable {
    /// Slots that Alice sent, disclosed ones left out.
    public var sent = PerIntensity()
    /// Slots that Alice sent by her basis, disclosed ones left out.
    public var sentInBasis = PerBasisAndIntensity()
    /// Slots among them with at least one click, whatever the double-click rule makes of it.
    public var detected = PerIntensity()
    /// Sifted bits: same basis on both sides, double clicks resolved by the rule.
    public var sifted = PerBasisAndIntensity()
    /// Sifted bits on which the two differ.
    public var errors = PerBasisAndIntensity()
    /// Slots in which both detectors of one basis clicked and no other.
    public var sameBasisDoubleClicks = 0
    /// Slots in which detectors of both bases clicked.
    public var crossBasisDoubleClicks = 0
    /// Slots thrown away by the double-click rule.
    public var discardedDoubleClicks = 0
    /// Slots that were disclosed for the clock.
    public var disclosedSlots = 0
    /// Disclosed slots with at least one click.
    public var disclosedDetections = 0

    /// Starts at zero.
    public init() {}

    /// Adds another frame's counts.
    public static func += (left: inout SiftingCounts, right: SiftingCounts) {
        left.sent += right.sent
        left.sentInBasis += right.sentInBasis
        left.detected += right.detected
        left.sifted += right.sifted
        left.errors += right.errors
        left.sameBasisDoubleClicks += right.sameBasisDoubleClicks
        left.crossBasisDoubleClicks += right.crossBasisDoubleClicks
        left.discardedDoubleClicks += right.discardedDoubleClicks
        left.disclosedSlots += right.disclosedSlots
        left.disclosedDetections += right.disclosedDetections
    }

    /// Errors among the sifted bits of one basis, of one intensity or of all.
    public func qber(_ basis: Basis, _ intensity: Intensity? = nil) -> BinomialEstimate {
        guard let intensity else { return BinomialEstimate(errors[basis].total, of: sifted[basis].total) }
        return BinomialEstimate(errors[basis][intensity], of: sifted[basis][intensity])
    }

    /// Errors among all sifted bits of both bases, of one intensity or of all.
    public func qber(_ intensity: Intensity? = nil) -> BinomialEstimate {
        guard let intensity else { return BinomialEstimate(errors.total, of: sifted.total) }
        return BinomialEstimate(
            errors.z[intensity] + errors.x[intensity], of: sifted.z[intensity] + sifted.x[intensity])
    }

    /// The gain: detected slots among sent ones of an intensity.
    public func gain(_ intensity: Intensity) -> BinomialEstimate {
        BinomialEstimate(detected[intensity], of: sent[intensity])
    }
}
