import QKDCore
import QKDSifting
import QKDTimeTags

/// Sifts two parties' captures: clocks from the tags alone, coincidences, keys and figures.
public struct TwoPartySift: Sendable {
    /// What the two parties did.
    public enum Setting: String, Sendable, CaseIterable, Codable {
        /// Both measure photons of entangled pairs; how outcomes go together is read off.
        case bbm92
        /// Alice's tags are her transmitter's triggers, an input for each state; outcomes are correlated.
        case bb84
    }

    /// The width of the coincidence window.
    public enum Window: Sendable, Equatable {
        /// Twice the fitted peak's full width at half maximum (98 % of a Gaussian).
        case automatic
        /// Full width, ps.
        case fullWidthPS(Int64)
    }

    /// What is done about second tags that electronics makes of one click.
    public enum Dedup: Sendable, Equatable {
        /// Peaks of fixed delay are looked for and removed (Bob's only in BB84: Alice's tags are a pulse train).
        case automatic
        /// Tags less than this after another one of the same input are removed, ps.
        case withinPS(Int64)
        /// Nothing.
        case off
    }

    /// What the two parties did.
    public var setting: Setting
    /// Which input is which detector; tags of other inputs are left out.
    public var map: DetectorMap
    /// How outcomes go together, for bases in which it is not to be read off.
    public var correlations: [Basis: OutcomeCorrelation] = [:]
    /// Offset that is expected, ps, and how far around it is searched.
    public var expectedOffsetPS: Int64 = 0
    /// Half width of the searched offsets, ps.
    public var searchRangePS: Int64 = Picoseconds.perSecond
    /// Greatest skew, dimensionless.
    public var maximumSkew = 50e-6
    /// The coincidence window.
    public var window = Window.fullWidthPS(1_000)
    /// Second tags.
    public var dedup = Dedup.off
    /// The taggers' unit of time, ps; the coarser of the two.
    public var resolutionPS = 1.0
    /// Confidence of the intervals.
    public var confidence = 0.95

    /// Prepares with the defaults above.
    public init(setting: Setting, map: DetectorMap) {
        self.setting = setting
        self.map = map
    }

    /// Sifts two captures, each in time order; `progress` is told what is begun.
    ///
    /// No coincidence is looked for in a hole of either capture, and its time does not count. Throws `noLock` when
    /// they do not correlate, `invalidInput` or `outOfRange` for captures and options that cannot be used, and
    /// `interrupted`.
    public func run(
        alice: TagBatch, bob: TagBatch, progress: (String) -> Void = { _ in }
    ) throws -> (report: TwoPartyReport, sift: EntangledSift) {
        guard confidence > 0, confidence < 1 else { throw QKDError(.outOfRange, "a confidence lies between 0 and 1") }
        if dedup != .off { progress("looking for second tags") }
        let cleanAlice = try clean(Self.mapped(alice, map.alice), isAlice: true)
        let cleanBob = try clean(Self.mapped(bob, map.bob), isAlice: false)
        let (a, b) = (cleanAlice.tags, cleanBob.tags)
        try Cancellation.check()
        progress("finding offset and clocks")
        let clock = try ClockRecovery(search: search).recover(alice: a, bob: b)
        progress("matching coincidences")
        let matcher = try CoincidenceMatcher(windowPS: windowPS(clock))
        let aligned = try AlignedTags(
            alice: a, bob: b, clock: clock, aliceHolesPS: alice.holeStretchesPS, bobHolesPS: bob.holeStretchesPS)
        let found = matcher.match(aligned)
        let least = max(10_000, Int64(10 * clock.peakSigmaPS))
        let chance = AccidentalEstimate(aligned, alice: a, bob: b, matcher: matcher, leastShiftPS: least)
        try Cancellation.check()
        let share = chance.shareInMatches(aligned, coincidences: found.count)
        var forced = correlations
        if setting == .bb84 { forced = [.z: .correlated, .x: .correlated].merging(correlations) { $1 } }
        let sift = try EntangledSifter(map: map, correlations: forced).sift(
            aliceTags: found.aliceIndices, bobTags: found.bobIndices, aliceChannels: a.channels,
            bobChannels: b.channels
        ) { share * (chance.byChannels[ChannelPair(alice: $0, bob: $1)] ?? 0) }
        var report = TwoPartyReport(
            self, clock: clock, aligned: aligned, coincidences: found.count, accidentals: chance,
            windowPS: matcher.windowPS, sift: sift)
        report.accidentalsInCoincidences = share * chance.byShifts
        report.aliceTags = alice.count
        report.bobTags = bob.count
        report.aliceGhosts = cleanAlice.removed
        report.bobGhosts = cleanBob.removed
        report.holes = [alice.holes.count, bob.holes.count]
        return (report, sift)
    }

    /// The search that the options describe.
    var search: OffsetSearch {
        var search = OffsetSearch()
        search.centrePS = expectedOffsetPS
        search.rangePS = searchRangePS
        search.maximumSkew = maximumSkew
        if setting == .bb84 { search.weights = TagWeights(aliceStates: map.alice.states, bobStates: map.bob.states) }
        return search
    }

    func windowPS(_ clock: RecoveredClock) -> Int64 {
        switch window {
        case .automatic: max(1, Int64((2 * clock.peakFWHMPS).rounded()))
        case .fullWidthPS(let width): width
        }
    }

    private static func mapped(_ tags: TagBatch, _ map: PartyMap) -> TagBatch {
        var known = [Bool](repeating: false, count: 256)
        for entry in map.detectors { known[Int(entry.channel)] = true }
        guard tags.channels.contains(where: { !known[Int($0)] }) else { return tags }
        var kept = TagBatch(capacity: tags.count)
        for (time, channel) in zip(tags.times, tags.channels) where known[Int(channel)] {
            kept.append(timePS: time, channel: channel)
        }
        return kept
    }

    private func clean(_ tags: TagBatch, isAlice: Bool) throws -> (tags: TagBatch, removed: Int) {
        switch dedup {
        case .off: return (tags, 0)
        case .withinPS(let deadTimePS):
            guard deadTimePS >= 0 else { throw QKDError(.outOfRange, "a dead time must not be negative") }
            let left = GhostPulses.remove(within: deadTimePS, from: tags).tags
            return (left, tags.count - left.count)
        case .automatic:
            if isAlice, setting == .bb84 { return (tags, 0) }
            let finder = GhostPulses(resolutionPS: resolutionPS)
            let peaks = finder.find(in: tags)
            guard !peaks.isEmpty else { return (tags, 0) }
            let left = finder.remove(peaks, from: tags).tags
            return (left, tags.count - left.count)
        }
    }
}
