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

    /// How long a frame is.
    public let length: LDPCLength
    /// What the mother code is made from.
    public let profile: LDPCProfile
    /// Bits of a frame that Alice draws.
    public let punctured: Int
    /// Bits of a frame that are 0.
    public let shortened: Int

    /// Bits of a syndrome, all of which are sent.
    public var syndromeBits: Int { profile.rows * length.lifting }
    /// Key bits that one frame reconciles.
    public var payloadBits: Int { length.frameBits - punctured - shortened }
    /// Bits of information that the syndrome gives away about the payload.
    ///
    /// Not all of `syndromeBits`: the punctured bits are uniform, unknown and used once, and each has a check that no
    /// other punctured bit touches. Whatever the payload, they make that many of the syndrome's bits uniform, as a
    /// one-time pad does; what is left to learn about the payload are the others' bits.
    public var leakedBits: Int { syndromeBits - punctured }

    /// The cheapest plan by which at most one frame in a hundred fails, if its bits differ independently at this rate.
    ///
    /// `slack` gives away so much more, 0.04 for 4 %: frames fail less often and the decoder needs fewer sweeps. `nil`
    /// outside `errorRates`, or for a slack outside 0 to 1.
    public init?(qber: Double, length: LDPCLength = .medium, slack: Double = 0) {
        guard let leak = LDPCEfficiency.leak(qber: qber, length: length), (0...1).contains(slack) else { return nil }
        self.init(leakPerPayloadBit: leak * (1 + slack), length: length)
    }

    /// The plan that gives away at least so much a payload bit, and little more.
    ///
    /// A few punctured bits cost next to nothing, more of them slow the decoder down; shortened ones take room. So up to
    /// one check in 25 is punctured away, and beyond that the code before is shortened. Simulated frames show that what
    /// is left of a code is a little worse than the whole: hence a sixth of the share that is gone on top.
    init?(leakPerPayloadBit leak: Double, length: LDPCLength) {
        guard leak > 0, leak < 1 else { return nil }
        let bits = Double(length.frameBits)
        let profiles = LDPCProfile.all
        let checks = profiles.map { Double($0.rows * length.lifting) }
        let longer = checks.firstIndex { $0 >= leak * bits } ?? profiles.endIndex
        if longer < profiles.endIndex {
            let gone = (checks[longer] - leak * bits) / (1 - leak) / checks[longer]
            if longer == 0 || gone <= 0.04 {
                let more = leak * (1 + gone / 6)
                let steps = Int((checks[longer] - more * bits) / (1 - more) / Double(Self.step))
                self.init(
                    rows: profiles[longer].rows, punctured: max(0, steps) * Self.step, shortened: 0, length: length)
                return
            }
        }
        let gone = max(0, 1 - checks[longer - 1] / leak / bits)
        let steps = ((bits - checks[longer - 1] / (leak * (1 + gone / 6))) / Double(Self.step)).rounded(.up)
        self.init(
            rows: profiles[longer - 1].rows, punctured: 0, shortened: max(0, Int(steps)) * Self.step, length: length)
    }

    /// Names a plan by its numbers, as another party may state them; `nil` if there is none.
    ///
    /// Punctured bits stay within the columns that may be, shortened ones within a quarter of the frame.
    public init?(rows: Int, punctured: Int, shortened: Int, length: LDPCLength = .medium) {
        guard let profile = LDPCProfile.of(rows: rows) else { return nil }
        let mostPunctured = profile.puncturable * length.lifting
        guard punctured >= 0, punctured <= mostPunctured, punctured % Self.step == 0 else { return nil }
        guard shortened >= 0, shortened <= length.frameBits / 4, shortened % Self.step == 0 else { return nil }
        (self.profile, self.punctured, self.shortened, self.length) = (profile, punctured, shortened, length)
    }
}
