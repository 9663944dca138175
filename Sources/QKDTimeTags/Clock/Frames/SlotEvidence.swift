import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a click of each detector says about the code that Alice sent: log likelihood ratios against a code
/// drawn at random from the disclosed ones.
///
/// The mean of the ratio itself over such random codes is 1, so by Markov's inequality data that have nothing
/// to do with the list exceed x nats with a probability of at most e⁻ˣ a place tried.
struct CodeLikelihood {
    /// Natural logarithms, `[code raw value & 15] · 4 + state index of the detector`.
    let logRatio: [Double]

    /// Prepares the table; `backgroundShare` is the part of clicks in the window that no pulse caused.
    init(_ search: FrameSearch, backgroundShare: Double) {
        var counts = [Double](repeating: 0, count: 16)
        for entry in search.disclosed { counts[Int(entry.code.rawValue & 15)] += 1 }
        let total = Double(search.disclosed.count)
        let error = search.expectedErrorRate
        let means = search.relativeMeans
        let averageMean = (0..<16).reduce(0.0) { sum, raw in
            sum + counts[raw] / total * means[Int(PulseCode(rawValue: UInt8(raw)).intensity.rawValue)]
        }
        // A list of vacuum slots alone says nothing; any positive scale will do.
        let scale = averageMean > 0 ? averageMean : 1
        let share = min(0.9, max(1e-4, backgroundShare))
        var table = [Double](repeating: 0, count: 64)
        for detector in 0..<4 {
            let state = BB84State(index: detector)
            var average = 0.0
            for raw in 0..<16 {
                let code = PulseCode(rawValue: UInt8(raw))
                let match = code.basis != state.basis ? 0.5 : code.bit == state.bit ? 1 - error : error
                let light = means[Int(code.intensity.rawValue)] / scale
                let likelihood = (1 - share) * 2 * match * light + share
                table[raw * 4 + detector] = likelihood
                average += counts[raw] / total * likelihood
            }
            for raw in 0..<16 { table[raw * 4 + detector] = log(table[raw * 4 + detector] / average) }
        }
        logRatio = table
    }
}

/// Clicks at the pulses of a line: which pulse, which detector.
struct PulseClicks {
    /// Pulse numbers, rising.
    var pulses: [Int] = []
    /// State indices of the detectors.
    var detectors: [UInt8] = []

    /// Takes the clicks within ± `halfWidthPS` of a pulse; a detector counts once a pulse.
    init(_ clicks: ClickList, in range: Range<Int>, line: PulseLine, halfWidthPS: Double, resolutionPS: Int64) {
        pulses.reserveCapacity(range.count)
        detectors.reserveCapacity(range.count)
        let middle = 0.5 * Double(resolutionPS) - line.interceptPS
        let inverse = 1 / line.periodPS
        var here = Int.min
        var seen: UInt8 = 0
        for index in range {
            let time = Double(clicks.times[index] - line.referencePS) + middle
            let number = (time * inverse).rounded()
            guard abs(time - number * line.periodPS) <= halfWidthPS else { continue }
            let detector = clicks.detectors[index]
            if Int(number) != here {
                here = Int(number)
                seen = 0
            }
            if seen & (1 << detector) != 0 { continue }
            seen |= 1 << detector
            pulses.append(here)
            detectors.append(detector)
        }
    }

    /// The log likelihood ratio of every start from `-reach` to `reach`: slot 0 is pulse *start*.
    ///
    /// Only pairs of a click and a disclosed slot that some start would bring together are visited.
    func evidence(disclosed: [DisclosedSlot], likelihood: CodeLikelihood, reach: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: 2 * reach + 1)
        sums.withUnsafeMutableBufferPointer { sums in
            disclosed.withUnsafeBufferPointer { disclosed in
                likelihood.logRatio.withUnsafeBufferPointer { table in
                    var first = 0
                    for index in pulses.indices {
                        let pulse = pulses[index]
                        let detector = Int(detectors[index])
                        // start = pulse - slot, and |start| <= reach.
                        while first < disclosed.count, Int(disclosed[first].slot) < pulse - reach { first += 1 }
                        var entry = first
                        while entry < disclosed.count {
                            let start = pulse - Int(disclosed[entry].slot)
                            if start < -reach { break }
                            sums[start + reach] += table[Int(disclosed[entry].code.rawValue & 15) << 2 | detector]
                            entry += 1
                        }
                    }
                }
            }
        }
        return sums
    }
}
