import QKDCore

/// A lock that lasts longer: what a short block left open of the skew would smear the peak over a long slice.
extension OffsetLock {
    /// The lock refined on a block up to four times as long, in bins a quarter as wide down to 4 ns; `nil` when the
    /// peak does not stand out there or the captures have no more.
    func extended(_ tags: TagPair, weights: TagWeights) -> OffsetLock? {
        let first = max(tags.aliceSpan.lowerBound, tags.bobSpan.lowerBound - relation.offsetPS)
        let last = min(tags.aliceSpan.upperBound, tags.bobSpan.upperBound - relation.offsetPS)
        let length = min(4 * blockPS, last - first)
        guard length > blockPS else { return nil }
        let start = max(first, min(last - length, relation.referencePS - length / 2))
        let width = offsetUncertaintyPS / 1.5
        let fine = max(4_000, width / 4)
        let ratio = width / fine
        // The old block left the skew open by 1.5 old bins over its length, which is up to four times that here.
        let reach = Int((2 * 4 * ratio).rounded(.up)) * 2
        let bends = OffsetZoom.bends(driftUncertainty, length, fine)
        let bend = OffsetZoom.bendBins(length, fine)
        let wide = Int((LinePeak.bendStep * Double(bends)).rounded(.up))
        let plane = DifferencePlane(
            tags, weights: weights, startPS: start, durationPS: length,
            relation: relation.stated(atPS: start + length / 2), segments: 64, bins: 2 * (reach + wide) + 64,
            binPS: fine)
        guard let line = LinePeak(in: plane, reach: reach, bends: bends), line.logProbability < -25 else { return nil }
        var longer = self
        longer.relation = plane.relation
        longer.relation.add(
            offsetPS: line.positionPS, skew: Double(line.driftBins) * fine / Double(length),
            driftPerSecond: line.bendBins / bend)
        longer.offsetUncertaintyPS = 1.5 * fine
        longer.skewUncertainty = 1.5 * fine / Double(length)
        longer.driftUncertainty = min(driftUncertainty, 1.5 * LinePeak.bendStep / bend)
        longer.blockStartPS = start
        longer.blockPS = length
        longer.peakPairs = line.sum
        longer.backgroundPairs = line.background
        return longer
    }
}
