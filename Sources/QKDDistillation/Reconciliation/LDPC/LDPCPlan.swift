import QKDCore

/// How a frame is reconciled: which mother code, and how many of its bits are punctured and shortened.
///
/// A frame of the mother code is, in this order, `punctured` bits that Alice draws at random and tells nobody, the
/// payload, and `shortened` bits that are 0 for both. Both parties know that from the plan alone. Source: Elkouss,
/// Martinez-Mateo, Martin, Quantum Inf. Comput. 11, 226 (2011).
public struct LDPCPlan: Sendable, Equatable {
    /// Both numbers are multiples of this, so that parts of a frame are whole words.
    public static let step = 64
    /// The error rates that plans can be made for.
    public static let errorRates = 0.005...0.11

    /// What the mother code is made from.
    public let profile: LDPCProfile
    /// Bits of a frame that Alice draws.
    public let punctured: Int
    /// Bits of a frame that are 0.
    public let shortened: Int

    /// Bits of a frame of any mother code.
    public static var frameBits: Int { LDPCProfile.columns * LDPCProfile.lifting }
    /// Bits of a syndrome, all of which are sent.
    public var syndromeBits: Int { profile.checks }
    /// Key bits that one frame reconciles.
    public var payloadBits: Int { Self.frameBits - punctured - shortened }
    /// Bits of information that the syndrome gives away about the payload.
    ///
    /// Not all of `syndromeBits`: the punctured bits are uniform, unknown and used once, and each has a check that no
    /// other punctured bit touches. Whatever the payload, they make that many of the syndrome's bits uniform, as a
    /// one-time pad does; what is left to learn about the payload are the others' bits.
    public var leakedBits: Int { syndromeBits - punctured }

    /// The cheapest plan by which at most one frame in a hundred fails, if its bits differ independently at this rate.
    ///
    /// `nil` outside `errorRates`.
    public init?(qber: Double) {
        guard let efficiency = LDPCEfficiency.at(qber: qber) else { return nil }
        self.init(leakPerPayloadBit: efficiency * binaryEntropy(qber))
    }

    /// The plan that gives away at least so much a payload bit, and as little more as goes.
    ///
    /// A few punctured bits cost next to nothing, more of them slow the decoder down; shortened ones only take room. So
    /// up to one check in 25 is punctured away, and beyond that a longer code shortened.
    init?(leakPerPayloadBit leak: Double) {
        guard leak > 0, leak < 1 else { return nil }
        let bits = Double(Self.frameBits)
        let profiles = LDPCProfile.all
        let longer = profiles.firstIndex { Double($0.checks) >= leak * bits } ?? profiles.endIndex
        if longer < profiles.endIndex {
            let checks = Double(profiles[longer].checks)
            let punctured = Int((checks - leak * bits) / (1 - leak)) / Self.step * Self.step
            if longer == 0 || Double(punctured) <= 0.04 * checks {
                self.init(rows: profiles[longer].rows, punctured: punctured, shortened: 0)
                return
            }
        }
        let shortened = bits - Double(profiles[longer - 1].checks) / leak
        let steps = Int((shortened / Double(Self.step)).rounded(.up))
        self.init(rows: profiles[longer - 1].rows, punctured: 0, shortened: max(0, steps) * Self.step)
    }

    /// Names a plan by its numbers; `nil` if there is none: as another party may state them.
    ///
    /// Punctured bits stay within the columns that may be, shortened ones within a quarter of the frame.
    public init?(rows: Int, punctured: Int, shortened: Int) {
        guard let profile = LDPCProfile.of(rows: rows) else { return nil }
        guard punctured >= 0, punctured <= profile.puncturable * LDPCProfile.lifting, punctured % Self.step == 0 else {
            return nil
        }
        guard shortened >= 0, shortened <= Self.frameBits / 4, shortened % Self.step == 0 else { return nil }
        (self.profile, self.punctured, self.shortened) = (profile, punctured, shortened)
    }
}
