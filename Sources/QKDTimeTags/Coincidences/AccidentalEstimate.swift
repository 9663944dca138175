import QKDCore

/// A pair of inputs, one of each side.
public struct ChannelPair: Hashable, Sendable {
    /// Alice's input.
    public var alice: UInt8
    /// Bob's input.
    public var bob: UInt8

    /// Names the pair.
    public init(alice: UInt8, bob: UInt8) {
        self.alice = alice
        self.bob = bob
    }
}

/// How many of the coincidences are accidental, estimated in two ways.
public struct AccidentalEstimate: Sendable, Equatable {
    /// Shifts at which coincidences were counted, ps.
    public var shiftsPS: [Int64] = []
    /// Coincidences at each.
    public var countsAtShifts: [Int] = []
    /// The mean over the shifts for each pair of channels.
    public var byChannels: [ChannelPair: Double] = [:]
    /// S_A S_B τ_c T, with the rates S over the correlated time T.
    public var byRates: Double = 0

    /// The mean over the shifts.
    public var byShifts: Double { Double(countsAtShifts.reduce(0, +)) / Double(max(1, countsAtShifts.count)) }
    /// One standard error of that mean, from the counts as Poisson numbers.
    public var byShiftsError: Double {
        Double(countsAtShifts.reduce(0, +)).squareRoot() / Double(max(1, countsAtShifts.count))
    }

    /// Share of these that is really among the coincidences.
    ///
    /// One-to-one matching gives a true partner precedence, so that only tags without one make accidental
    /// coincidences: (1 − C/N_A)(1 − C/N_B), next to 1 unless most tags are paired.
    public func shareInMatches(_ tags: AlignedTags, coincidences: Int) -> Double {
        guard !tags.aliceTimesPS.isEmpty, !tags.bobTimesPS.isEmpty else { return 1 }
        return (1 - Double(coincidences) / Double(tags.aliceTimesPS.count))
            * (1 - Double(coincidences) / Double(tags.bobTimesPS.count))
    }

    /// Counts at `shifts` multiples, to both sides, of 20 windows or of `leastShiftPS` if that is more.
    ///
    /// `leastShiftPS` keeps the shifts clear of a peak that is wide against the window. A pulsed source has
    /// coincidences at multiples of its period also: there the estimate says how often a click meets a wrong pulse.
    public init(
        _ tags: AlignedTags, alice: TagBatch, bob: TagBatch, matcher: CoincidenceMatcher, shifts: Int = 4,
        leastShiftPS: Int64 = 10_000
    ) {
        let unit = max(20 * matcher.windowPS, leastShiftPS)
        var table = [Int](repeating: 0, count: 1 << 16)
        for multiple in 1...max(1, shifts) {
            for sign in [Int64(-1), 1] where !Task.isCancelled {
                let shift = sign * Int64(multiple) * unit
                let found = matcher.match(tags, shiftPS: shift)
                shiftsPS.append(shift)
                countsAtShifts.append(found.count)
                for (a, b) in zip(found.aliceIndices, found.bobIndices) {
                    table[Int(alice.channels[Int(a)]) << 8 | Int(bob.channels[Int(b)])] += 1
                }
            }
        }
        for (index, count) in table.enumerated() where count > 0 {
            byChannels[ChannelPair(alice: UInt8(index >> 8), bob: UInt8(index & 255))] =
                Double(count) / Double(shiftsPS.count)
        }
        let seconds = tags.seconds
        if seconds > 0 {
            byRates =
                Double(tags.aliceTimesPS.count) * Double(tags.bobTimesPS.count) * Double(matcher.windowPS) * 1e-12
                / seconds
        }
    }
}
