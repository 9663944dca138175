import QKDCore

/// A slot whose code Alice has made public for the sake of the clock; it takes no part in the key.
public struct DisclosedSlot: Sendable, Equatable {
    /// Index in the frame, from 0.
    public var slot: UInt32
    /// What Alice sent in it.
    public var code: PulseCode

    /// Discloses what was sent in `slot`.
    public init(slot: UInt32, code: PulseCode) {
        self.slot = slot
        self.code = code
    }
}

/// What is known of the skew before a frame is looked at, from the frames before it.
public struct SkewPrior: Sendable, Equatable {
    /// Expected skew, dimensionless: Bob's seconds an Alice's second, minus 1.
    public var skew: Double
    /// How far off it may be (one standard deviation, dimensionless), drift since the last frame included.
    public var standardError: Double

    /// States an expectation and its error.
    public init(skew: Double, standardError: Double) {
        self.skew = skew
        self.standardError = standardError
    }
}

/// Where a frame is looked for in Bob's tags, and by which marks it is known.
///
/// The clocks follow t_B = o + (1 + s) t_A; o is the wanted start and s the skew.
public struct FrameSearch: Sendable {
    /// When the pulse of slot 0 is expected, picoseconds on Bob's clock.
    public var nominalStartPS: Int64
    /// The start lies within ± this of the nominal one, picoseconds.
    public var uncertaintyPS: Int64
    /// Slots in the frame.
    public var slots: Int
    /// Slot period on Alice's clock, picoseconds.
    public var slotPeriodPS: Double
    /// The skews that are looked for, dimensionless; within ±50e-6.
    public var skewRange: ClosedRange<Double>
    /// What earlier frames say of the skew; six standard deviations around it are searched.
    public var skewPrior: SkewPrior?
    /// The disclosed slots, in the order of their index.
    public var disclosed: [DisclosedSlot]
    /// The BB84 state that each input of the tagger stands for; tags of other inputs are left out.
    public var detectors: [UInt8: BB84State]
    /// The tagger's unit of time, picoseconds: a tag t stands for the interval [t, t + resolution).
    public var resolutionPS: Int64
    /// Mean photon numbers of signal, decoy and vacuum in any common unit: only their ratios matter.
    public var relativeMeans: [Double] = [1, 0.2, 0]
    /// The error rate in equal bases that the likelihood reckons with; a rough figure is enough.
    public var expectedErrorRate = 0.03
    /// Dark time that is sure before and after a frame, picoseconds.
    public var gapPS: Int64 = Picoseconds.perMillisecond
    /// How many nats the evidence for the slot must exceed the number of places tried.
    ///
    /// Data that have nothing to do with Alice's list lock with a probability below e to the minus this, by
    /// Markov's inequality; in simulated frames 999 of 1000 such lists stay below -2. A true frame with 60 clicks
    /// in disclosed slots and unbiased bases brings 24 ± 5.
    public var significanceNats = 7.0
    /// How many nats the chosen place must stand above all others together.
    public var marginNats = 7.0

    /// Describes a search; see the properties for units. Limits that have a default may be changed afterwards.
    public init(
        nominalStartPS: Int64, uncertaintyPS: Int64, slots: Int, slotPeriodPS: Double,
        skewRange: ClosedRange<Double> = -20e-6...20e-6, skewPrior: SkewPrior? = nil,
        disclosed: [DisclosedSlot], detectors: [UInt8: BB84State], resolutionPS: Int64
    ) {
        self.nominalStartPS = nominalStartPS
        self.uncertaintyPS = uncertaintyPS
        self.slots = slots
        self.slotPeriodPS = slotPeriodPS
        self.skewRange = skewRange
        self.skewPrior = skewPrior
        self.disclosed = disclosed
        self.detectors = detectors
        self.resolutionPS = resolutionPS
    }

    /// The largest skew that folding at the nominal period can tell, dimensionless.
    public static let greatestSkew = 50e-6

    /// The frame's nominal length, picoseconds.
    var lengthPS: Double { Double(slots) * slotPeriodPS }

    /// The skews to search: the range, narrowed by the prior.
    var searchedSkews: ClosedRange<Double> {
        guard let skewPrior else { return skewRange }
        let reach = 6 * skewPrior.standardError
        let low = max(skewRange.lowerBound, skewPrior.skew - reach)
        let high = min(skewRange.upperBound, skewPrior.skew + reach)
        // A prior that contradicts the range is no help; the range is the user's word.
        return low <= high ? low...high : skewRange
    }

    /// Throws `outOfRange` or `invalidInput` for a search that cannot be made.
    func validate() throws {
        func require(_ condition: Bool, _ message: String) throws {
            guard condition else { throw QKDError(.outOfRange, message) }
        }
        try require(slots > 0 && slots <= Int(UInt32.max), "a frame has 1 to 2^32-1 slots, not \(slots)")
        try require(slotPeriodPS.isFinite && slotPeriodPS > 0, "the slot period must be positive")
        // Far below where sums of picoseconds could overflow, and enough for any bench.
        let mostPS = 1_000 * Picoseconds.perSecond
        try require(nominalStartPS.magnitude <= UInt64.max / 8, "the nominal start is beyond all clocks")
        try require(lengthPS <= Double(mostPS), "a frame of more than 1000 s")
        try require(
            uncertaintyPS >= 0 && uncertaintyPS <= mostPS, "the start's uncertainty must be 0 to 1000 s")
        try require(
            resolutionPS > 0 && Double(resolutionPS) <= slotPeriodPS / 8,
            "the tagger's resolution must be positive and at most an eighth of the slot period")
        try require(
            abs(skewRange.lowerBound) <= Self.greatestSkew && abs(skewRange.upperBound) <= Self.greatestSkew,
            "the skew range must lie within ±50e-6")
        try require(
            gapPS >= 20 && gapPS <= mostPS && (2 * uncertaintyPS + Int64(lengthPS)) / gapPS < 1_000_000,
            "the dark time around a frame must be positive, and above a millionth of what is searched")
        try require(
            relativeMeans.count == Intensity.allCases.count
                && relativeMeans.allSatisfy { $0 >= 0 && $0.isFinite } && relativeMeans.contains { $0 > 0 },
            "three relative means are needed, none negative and one positive")
        try require(
            expectedErrorRate > 0 && expectedErrorRate < 0.5, "the expected error rate must lie between 0 and 0.5")
        if let skewPrior {
            try require(
                skewPrior.skew.isFinite && skewPrior.standardError > 0, "the skew prior's error must be positive")
        }
        guard !disclosed.isEmpty else { throw QKDError(.invalidInput, "no disclosed slots to find the frame by") }
        var previous = -1
        for entry in disclosed {
            guard Int(entry.slot) > previous, Int(entry.slot) < slots else {
                throw QKDError(
                    .invalidInput, "disclosed slots must rise and lie in the frame: \(entry.slot) after \(previous)")
            }
            previous = Int(entry.slot)
        }
    }
}
