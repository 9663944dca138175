#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// Looks closely at one place of the coarse correlation: direct differences in ever finer bins.
///
/// A true peak that stands h deviations high over a block stands h √(k f) high in bins k times finer, over a share f
/// of the block; only so much of it is looked at as makes the answer clear. The last step looks at a short stretch,
/// over which even a satellite's drift moves the peak by less than a bin.
struct OffsetZoom {
    private let search: OffsetSearch
    private let tags: TagPair
    private let coarse: CoarseCorrelation
    private let startPS: Int64

    private static let finestBinPS = 20_000.0
    /// What is looked for where it would bend a line, per second: a low satellite changes the skew by 3.6e-7.
    static let greatestDrift = 4e-7
    private static let greatestRatio = 64.0
    private static let segments = 64
    /// Deviations that a true peak is given the tags to reach; it takes part of them to choose among the lines.
    private static let aim = 12.0
    private static let leastEvidence = 12.0
    /// Stretches that the last step tries, as parts of the block, and how much they are lengthened.
    private static let stretches = [0.5, 0.3, 0.7, 0.1, 0.9]
    private static let lengthenings = [1.0, 4, 16]

    init(_ search: OffsetSearch, _ tags: TagPair, _ coarse: CoarseCorrelation, startPS: Int64) {
        self.search = search
        self.tags = tags
        self.coarse = coarse
        self.startPS = startPS
    }

    /// What is known of the relation after a step.
    private struct State {
        var relation: ClockRelation
        var offsetErrorPS: Double
        var skewError: Double
        var driftError = OffsetZoom.greatestDrift
    }

    /// The lock at a coarse peak; `nil` where nothing but chance is.
    func lock(_ peak: CoarsePeak) -> OffsetLock? {
        let blockPS = coarse.blockPS
        // The lag is rounded twice, by the bins and by the line's steps.
        var state = State(
            relation: ClockRelation(
                referencePS: startPS + blockPS / 2, offsetPS: peak.offsetPS, skew: peak.skew),
            offsetErrorPS: 1.25 * coarse.binPS, skewError: 1.5 * coarse.skewStep)
        let pairs = max(1, Double(peak.pairs))
        // What the whole block would show in bins of the present width.
        var height = Double(peak.height)
        var width = coarse.binPS
        let rates = Double(tags.alice.count) * Double(tags.bob.count) / tags.aliceLengthPS / tags.bobLengthPS
        while width > Self.greatestRatio * Self.finestBinPS {
            let ratio = self.ratio(width: width, height: height, rates: rates)
            let fine = max(width / ratio, Self.finestBinPS)
            let share = self.share(height: height, ratio: width / fine, pairs: pairs)
            let found = look(&state, startPS: startPS, durationPS: blockPS, binPS: fine, share: share)
            // A chance peak does not grow when the bins shrink; a true one is far above this already.
            guard let found, found.logProbability < -Self.leastEvidence else { return nil }
            height = (-2 * found.logProbability / share).squareRoot()
            width = fine
        }
        let fine = min(width / 4, Self.finestBinPS)
        let perSecond = pairs / Double(blockPS)
        let needed = max(400 / perSecond, 256 * rates * 2 * fine / (perSecond * perSecond))
        let least = max(needed, min(1e11, Double(blockPS) / 16))
        for lengthening in Self.lengthenings {
            let length = min(blockPS, Int64(min(Double(blockPS), least * lengthening)))
            for stretch in Self.stretches {
                let start = startPS + Int64(stretch * Double(blockPS - length))
                if let lock = finish(state, startPS: start, durationPS: max(1, length), binPS: fine) { return lock }
                if length == blockPS { break }
            }
            if length == blockPS { break }
        }
        return nil
    }

    /// The part of the block that makes a peak of `height` clear in bins `ratio` times finer.
    private func share(height: Double, ratio: Double, pairs: Double) -> Double {
        let clear = Self.aim / max(1, height)
        return min(1, max(clear * clear / ratio, 200 / pairs))
    }

    /// How much finer the next bins are best: fewer tags have to be looked at, but more lines.
    private func ratio(width: Double, height: Double, rates: Double) -> Double {
        var best = (cost: Double.infinity, ratio: 8.0)
        for ratio in [8.0, 16, 32, Self.greatestRatio] {
            let differences = rates * 4.5 * width * Double(coarse.blockPS)
            // A line's bin is added up in a tenth of the time that a difference takes.
            let cost =
                differences * share(height: height, ratio: ratio, pairs: .infinity)
                + 0.1 * 24 * ratio * ratio * Double(Self.segments)
            if cost < best.cost { best = (cost, ratio) }
        }
        return best.ratio
    }

    /// Finds the line in one plane and moves the state there.
    private func look(
        _ state: inout State, startPS: Int64, durationPS: Int64, binPS: Double, share: Double
    ) -> LinePeak? {
        let relation = state.relation.stated(atPS: startPS + durationPS / 2)
        let away = abs(Double(relation.referencePS - state.relation.referencePS))
        let drift = 2 * state.skewError * Double(durationPS)
        let reach = Int((drift / binPS).rounded(.up)) + 1
        let half = state.offsetErrorPS + state.skewError * away
        let bends = Self.bends(state.driftError, durationPS, binPS)
        let bins =
            2 * Int((half / binPS + LinePeak.bendStep * Double(bends)).rounded(.up)) + reach + 16
        let plane = DifferencePlane(
            tags, weights: search.weights, startPS: startPS, durationPS: durationPS, relation: relation,
            segments: Self.segments, bins: bins, binPS: binPS, share: share)
        guard let line = LinePeak(in: plane, reach: reach, bends: bends) else { return nil }
        state.relation = relation
        let step = binPS / Double(durationPS)
        let bend = Self.bendBins(durationPS, binPS)
        state.relation.add(
            offsetPS: line.positionPS, skew: Double(line.driftBins) * step, driftPerSecond: line.bendBins / bend)
        state.driftError = min(state.driftError, 1.5 * LinePeak.bendStep / bend)
        state.offsetErrorPS = 1.5 * binPS
        state.skewError = min(state.skewError, 1.5 * step)
        return line
    }

    /// How far a drift of 1/s bends a line at the ends of a plane, bins.
    static func bendBins(_ durationPS: Int64, _ binPS: Double) -> Double {
        let half = 0.5e-12 * Double(durationPS)
        return 0.5e12 * half * half / binPS
    }

    /// Steps of bend that a drift of up to `drift` makes.
    static func bends(_ drift: Double, _ durationPS: Int64, _ binPS: Double) -> Int {
        Int(min(64, (drift * bendBins(durationPS, binPS) / LinePeak.bendStep).rounded()))
    }

    private func finish(_ before: State, startPS: Int64, durationPS: Int64, binPS: Double) -> OffsetLock? {
        var state = before
        guard let line = look(&state, startPS: startPS, durationPS: durationPS, binPS: binPS, share: 1) else {
            return nil
        }
        let step = binPS / Double(durationPS)
        let bends = Double(2 * Self.bends(before.driftError, durationPS, binPS) + 1)
        let trials = 2 * Double(search.rangePS) / binPS * max(1, 2 * search.maximumSkew / step) * bends
        let looks = SearchEffort.blocks * Double(Self.stretches.count * Self.lengthenings.count)
        let logFalseAlarm = line.logProbability + log(trials) + log(looks)
        guard logFalseAlarm < log(search.falseAlarm) else { return nil }
        return OffsetLock(
            relation: state.relation, offsetUncertaintyPS: state.offsetErrorPS, skewUncertainty: state.skewError,
            driftUncertainty: state.driftError,
            blockStartPS: startPS, blockPS: durationPS, peakPairs: line.sum, backgroundPairs: line.background,
            logFalseAlarm: logFalseAlarm, candidates: 1)
    }
}
