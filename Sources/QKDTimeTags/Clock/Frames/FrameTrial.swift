import QKDCore

/// One candidate frame, looked at closely: its pulse line and the evidence for every start near the envelope's.
struct FrameTrial {
    /// Clicks of the candidate.
    let range: Range<Int>
    /// The pulse line; pulse 0 is the one next to the envelope's start.
    let line: PulseLine
    /// Starts from `-reach` to `reach` were tried.
    let reach: Int
    /// Log likelihood ratio of each start by the disclosed slots.
    let evidence: [Double]
    /// Log probability of each start by the edges.
    let logPrior: [Double]

    /// The phasors of clicks without a rhythm exceed this power once in e³⁰ places.
    private static let leastPower = 30.0

    /// Looks at a candidate; `nil` when it has no pulses at the slot period.
    init?(_ candidate: FrameCandidate, clicks: ClickList, search: FrameSearch, fold: PeriodFold) {
        let lengthPS = Int64(search.lengthPS.rounded())
        range = clicks.range(
            fromPS: candidate.startPS - search.gapPS, toPS: candidate.startPS + lengthPS + search.gapPS)
        guard
            let rhythm = fold.rhythm(
                of: clicks, in: range, referencePS: candidate.startPS, resolutionPS: search.resolutionPS,
                slotPeriodPS: search.slotPeriodPS, skews: search.searchedSkews),
            rhythm.power >= Self.leastPower
        else { return nil }
        var line = PulseLine(
            referencePS: candidate.startPS, interceptPS: rhythm.pulsePS,
            periodPS: search.slotPeriodPS * (1 + rhythm.skew))
        for divisor in [4.0, 8, 8, 16, 16] {
            line =
                line.residuals(
                    of: clicks, in: range, halfWidthPS: search.slotPeriodPS / divisor,
                    resolutionPS: search.resolutionPS
                ).fitted
        }
        self.line = line
        let coarse = search.slotPeriodPS / 16
        let rough = line.residuals(of: clicks, in: range, halfWidthPS: coarse, resolutionPS: search.resolutionPS)
        let rms = rough.meanSquare(halfWidthPS: coarse, line).signal.squareRoot()
        let halfWidth = min(coarse, max(4 * rms, 1.5 * Double(search.resolutionPS)))
        let hits = PulseClicks(
            clicks, in: range, line: line, halfWidthPS: halfWidth, resolutionPS: search.resolutionPS)
        let background = rough.backgroundPerPS(line) * 2 * halfWidth
        let lit = max(1, Double(hits.pulses.count) - background) / Double(search.slots)
        let dark = (background + 1) / Double(search.slots)

        // The envelope is good to two bins of a twentieth of the gap; the first click may be late on top.
        let gapSlots = max(1, Int(Double(search.gapPS) / search.slotPeriodPS))
        reach = min(gapSlots, gapSlots / 5 + Int(8 / lit))
        evidence = hits.evidence(
            disclosed: search.disclosed,
            likelihood: CodeLikelihood(search, backgroundShare: background / Double(max(1, hits.pulses.count))),
            reach: reach)
        logPrior =
            EdgePrior(
                pulses: hits.pulses, slots: search.slots, reach: reach, gapSlots: gapSlots, lit: lit, dark: dark
            ).logProbability
    }

    /// The index in `evidence` of the start that is next to the arrival of a pulse of another candidate's line.
    func place(ofPulse number: Int, of other: FrameTrial) -> Int {
        let arrival =
            Double(other.line.referencePS - line.referencePS) + other.line.interceptPS
            + Double(number) * other.line.periodPS - line.interceptPS
        return Int((arrival / line.periodPS).rounded()) + reach
    }
}
