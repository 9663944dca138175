import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds one frame in Bob's tags: start, slot numbering and skew, from the light itself and a few disclosed slots.
///
/// Four steps. The envelope of light and darkness gives candidate starts to a twentieth of the gap. Folding at
/// the nominal period gives the skew and the phase. The disclosed slots give the numbering: a log likelihood
/// ratio is summed over pairs of a click and a disclosed slot, for every start that the edges allow. A line
/// through the clicks at the pulses gives the start and the period.
public struct FrameSynchroniser: Sendable {
    /// What is looked for.
    public var search: FrameSearch

    /// Prepares a search.
    public init(_ search: FrameSearch) { self.search = search }

    /// Finds the frame in a batch.
    ///
    /// The batch should reach a gap beyond the search window plus the frame's length on both sides. Throws
    /// `noLock` when nothing significant is found, `outOfRange` or `invalidInput` for an impossible search.
    public func lock(_ tags: TagBatch) throws -> FrameLock {
        try lock(times: tags.times[...], channels: tags.channels[...])
    }

    /// Finds the frame in slices of times (ps) and channels of the same length; see `lock(_:)`.
    public func lock(times: ArraySlice<Int64>, channels: ArraySlice<UInt8>) throws -> FrameLock {
        try search.validate()
        guard times.count == channels.count else {
            throw QKDError(.invalidInput, "\(times.count) times but \(channels.count) channels")
        }
        let reachPS = Int64((search.lengthPS * (1 + FrameSearch.greatestSkew)).rounded(.up)) + 2 * search.gapPS
        let fromPS = search.nominalStartPS - search.uncertaintyPS
        let toPS = search.nominalStartPS + search.uncertaintyPS
        let spannedPS = fromPS - 2 * search.gapPS..<toPS + reachPS
        let clicks = ClickList(
            times: times, channels: channels, detectors: search.detectors,
            startPS: spannedPS.lowerBound, endPS: spannedPS.upperBound)
        var search = search
        search.gapPS = LightEnvelope.gapToLookAt(clicks, within: spannedPS, gapPS: search.gapPS)
        let envelope = LightEnvelope(
            clicks, startPS: spannedPS.lowerBound, endPS: spannedPS.upperBound, gapPS: search.gapPS)
        let candidates = envelope.candidates(lengthPS: search.lengthPS, fromPS: fromPS, toPS: toPS)
        guard !candidates.isEmpty else {
            throw QKDError(.noLock, "no light comes or goes in \(clicks.count) clicks around the expected start")
        }
        let fold = PeriodFold()
        let trials = candidates.compactMap { FrameTrial($0, clicks: clicks, search: search, fold: fold) }
        guard !trials.isEmpty else {
            throw QKDError(
                .noLock, "\(candidates.count) candidate frames, none with pulses at the slot period within the skews")
        }
        return try FrameChoice(trials, search: search).lock(clicks: clicks, search: search)
    }
}

/// Chooses among all places of all candidate frames.
struct FrameChoice {
    private let trial: FrameTrial
    private let start: Int
    private let evidence: Double
    private let significance: Double
    private let margin: Double
    private let places: Int

    /// Finds the best place and what stands against it; `trials` is not empty.
    init(_ trials: [FrameTrial], search: FrameSearch) {
        var best = (trial: 0, place: 0, score: -Double.infinity)
        var all: [Double] = []
        // Every candidate frame is as likely as any other.
        let share = log(Double(trials.count))
        for (number, trial) in trials.enumerated() {
            for place in trial.evidence.indices {
                let score = trial.evidence[place] + trial.logPrior[place] - share
                if score > best.score { best = (number, place, score) }
                all.append(score)
            }
        }
        places = all.count
        trial = trials[best.trial]
        start = best.place - trial.reach
        evidence = trial.evidence[best.place]
        significance = best.score
        // The two edges of one frame may have made two candidates: the same place in another is no rival.
        var offset = 0
        for other in trials {
            let place = other.place(ofPulse: start, of: trial)
            if other.evidence.indices.contains(place) { all[offset + place] = -.infinity }
            offset += other.evidence.count
        }
        margin = best.score - logSumExp(all)
    }

    /// The lock at the chosen place, or `noLock` when the evidence is too weak.
    func lock(clicks: ClickList, search: FrameSearch) throws -> FrameLock {
        guard significance >= search.significanceNats, margin >= search.marginNats else {
            func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
            throw QKDError(
                .noLock,
                "the disclosed slots fit no place: best of \(places) has \(tenths(significance)) of "
                    + "\(search.significanceNats) nats, \(tenths(margin)) of \(search.marginNats) above the others")
        }
        let fit = FrameFit(trial.line.renumbered(from: start), clicks: clicks, in: trial.range, search: search)
        return FrameLock(
            startPS: fit.line.referencePS, startFractionPS: fit.line.interceptPS,
            centreStandardErrorPS: fit.centreErrorPS, slotPeriodPS: fit.line.periodPS,
            skew: fit.line.periodPS / search.slotPeriodPS - 1,
            skewStandardError: fit.periodErrorPS / search.slotPeriodPS,
            residualRMSPS: fit.signalRMSPS, inWindowRMSPS: fit.plainRMSPS, windowHalfWidthPS: fit.halfWidthPS,
            inWindowTags: fit.inside, backgroundPerPS: fit.backgroundPerPS,
            score: evidence, candidates: places, significance: significance, margin: margin)
    }
}
