#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How likely each start is before the disclosed slots are looked at, from where the clicks begin and end.
///
/// Clicks at the pulses come at `lit` a slot inside the frame and at `dark` a slot outside. The start's and
/// the end's edge each give a likelihood; half a frame may be lost, so a mixture is taken of both edges, of
/// either alone, and of no knowledge.
struct EdgePrior {
    /// Natural logarithms, one for each start from `-reach` to `reach`; the probabilities sum to 1.
    let logProbability: [Double]

    /// Weighs the starts by the pulses at which clicks came.
    init(pulses: [Int], slots: Int, reach: Int, gapSlots: Int, lit: Double, dark: Double) {
        let cost = max(0, min(12, log(max(lit, 1e-12) / max(dark, 1e-12))))
        let gain = max(0, lit - dark)
        let places = 2 * reach + 1
        var atStart = [Double](repeating: 0, count: places)
        var atEnd = atStart
        let beforeStart = SlidingCount(pulses, firstBorder: -reach, places: places)
        let beforeStartGap = SlidingCount(pulses, firstBorder: -reach - gapSlots, places: places)
        let beforeEnd = SlidingCount(pulses, firstBorder: slots - reach, places: places)
        let beforeEndGap = SlidingCount(pulses, firstBorder: slots - reach + gapSlots, places: places)
        for place in 0..<places {
            // A later start leaves out clicks, at a cost, and spares empty slots.
            let outBefore = beforeStart.counts[place] - beforeStartGap.counts[place]
            atStart[place] = gain * Double(place) - cost * Double(outBefore)
            let outAfter = beforeEndGap.counts[place] - beforeEnd.counts[place]
            atEnd[place] = -gain * Double(place) - cost * Double(outAfter)
        }
        let both = Self.normalised(zip(atStart, atEnd).map { $0 + $1 })
        atStart = Self.normalised(atStart)
        atEnd = Self.normalised(atEnd)
        let flat = 1 / Double(places)
        logProbability = (0..<places).map { place in
            log(0.6 * exp(both[place]) + 0.15 * exp(atStart[place]) + 0.15 * exp(atEnd[place]) + 0.1 * flat)
        }
    }

    private static func normalised(_ logarithms: [Double]) -> [Double] {
        let total = logSumExp(logarithms)
        return logarithms.map { $0 - total }
    }
}

/// How many pulses lie before each of a run of borders.
private struct SlidingCount {
    let counts: [Int]

    init(_ pulses: [Int], firstBorder: Int, places: Int) {
        var index = 0
        var result = [Int](repeating: 0, count: places)
        for place in 0..<places {
            while index < pulses.count, pulses[index] < firstBorder + place { index += 1 }
            result[place] = index
        }
        counts = result
    }
}

/// ln Σ exp x, without overflow; -∞ for no terms.
func logSumExp(_ values: [Double]) -> Double {
    guard let greatest = values.max(), greatest > -.infinity else { return -.infinity }
    return greatest + log(values.reduce(0) { $0 + exp($1 - greatest) })
}
