import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The pulse train's rhythm: which skew, and where in the slot the pulse falls.
struct PulseRhythm {
    /// Skew, dimensionless; good to about a tenth of a cycle over the stretch.
    var skew: Double
    /// Arrival of the pulse next to the reference time, picoseconds after it, within ± half a slot.
    var pulsePS: Double
    /// |sum of phasors|² over the number of clicks; exponential with mean 1 for clicks without a rhythm.
    var power: Double
}

/// Folds clicks at the nominal period and finds the skew from the drift of the phase.
///
/// Chunks of 10,000 slots (1 ms at 10 MHz) give a phasor each; a skew s turns the phase by s/P cycles a
/// second, and the chunks tell ±1/2 cycle a chunk, which is ±50 ppm.
struct PeriodFold {
    private static let phases = 4096
    private static let slotsPerChunk = 10_000.0
    private let table: [Phasor]

    /// Prepares the table of phasors.
    init() {
        table = (0..<Self.phases).map { index in
            let angle = 2 * Double.pi * (Double(index) + 0.5) / Double(Self.phases)
            return Phasor(Float(cos(angle)), Float(sin(angle)))
        }
    }

    /// The strongest rhythm within `skews` of the clicks in `range`; times count from `referencePS`.
    ///
    /// A tag stands for the middle of its interval. Returns `nil` when there are no clicks.
    func rhythm(
        of clicks: ClickList, in range: Range<Int>, referencePS: Int64, resolutionPS: Int64, slotPeriodPS: Double,
        skews: ClosedRange<Double>
    ) -> PulseRhythm? {
        guard let first = range.first, let last = range.last else { return nil }
        let chunkPS = Self.slotsPerChunk * slotPeriodPS
        let start = (Double(clicks.times[first] - referencePS) / chunkPS).rounded(.down)
        let end = (Double(clicks.times[last] - referencePS) / chunkPS).rounded(.down)
        let chunks = Int(end - start) + 1
        guard chunks <= 1 << 20 else { return nil }
        let phasors = chunkPhasors(
            clicks, range, referencePS: referencePS, resolutionPS: resolutionPS, slotPeriodPS: slotPeriodPS,
            firstChunk: start, chunks: chunks)
        var padded = 64
        while padded < 8 * chunks { padded *= 2 }
        guard let fft = ForwardFFT.planned(count: padded) else { return nil }
        let spectrum = fft.transform(phasors)

        // exp(+2πi t_B/P) of a pulse train with period P(1+s) turns by s·chunkPS/P cycles a chunk.
        let cyclesPerSkew = Self.slotsPerChunk
        let lowest = Int((skews.lowerBound * cyclesPerSkew * Double(padded)).rounded(.down)) - 1
        let highest = Int((skews.upperBound * cyclesPerSkew * Double(padded)).rounded(.up)) + 1
        func power(_ bin: Int) -> Double {
            let value = spectrum[((bin % padded) + padded) % padded]
            return Double(value.x) * Double(value.x) + Double(value.y) * Double(value.y)
        }
        var best = lowest
        var bestPower = -1.0
        for bin in lowest...highest where power(bin) > bestPower {
            best = bin
            bestPower = power(bin)
        }
        // The vertex of the parabola through the logarithms of three bins.
        let (left, centre, right) = (log(power(best - 1) + 1e-9), log(bestPower + 1e-9), log(power(best + 1) + 1e-9))
        let curvature = left - 2 * centre + right
        let vertex = curvature < 0 ? max(-0.5, min(0.5, 0.5 * (left - right) / curvature)) : 0
        let cycles = (Double(best) + vertex) / Double(padded)
        let skew = cycles / cyclesPerSkew

        let phase = residualPhase(phasors, cyclesPerChunk: cycles, firstChunk: start)
        // Phase at the reference: t/P there; the pulse is where t/P(1+s) is whole.
        return PulseRhythm(
            skew: skew, pulsePS: phase * slotPeriodPS * (1 + skew), power: bestPower / Double(range.count))
    }

    private func chunkPhasors(
        _ clicks: ClickList, _ range: Range<Int>, referencePS: Int64, resolutionPS: Int64, slotPeriodPS: Double,
        firstChunk: Double, chunks: Int
    ) -> [Phasor] {
        var sums = [Phasor](repeating: Phasor(), count: chunks)
        let middle = 0.5 * Double(resolutionPS)
        let perSlot = 1 / slotPeriodPS
        let perChunk = perSlot / Self.slotsPerChunk
        sums.withUnsafeMutableBufferPointer { sums in
            table.withUnsafeBufferPointer { table in
                clicks.times.withUnsafeBufferPointer { times in
                    for index in range {
                        let time = Double(times[index] - referencePS) + middle
                        let cycles = time * perSlot
                        let phase = Int((cycles - cycles.rounded(.down)) * Double(Self.phases)) & (Self.phases - 1)
                        let chunk = min(chunks - 1, max(0, Int((time * perChunk).rounded(.down) - firstChunk)))
                        sums[chunk] += table[phase]
                    }
                }
            }
        }
        return sums
    }

    /// The phase, in cycles within ±1/2, that the phasors have at the reference once the drift is taken out.
    private func residualPhase(_ phasors: [Phasor], cyclesPerChunk: Double, firstChunk: Double) -> Double {
        var real = 0.0
        var imaginary = 0.0
        for (index, phasor) in phasors.enumerated() {
            let angle = -2 * Double.pi * cyclesPerChunk * (firstChunk + Double(index) + 0.5)
            let (cosine, sine) = (cos(angle), sin(angle))
            real += Double(phasor.x) * cosine - Double(phasor.y) * sine
            imaginary += Double(phasor.x) * sine + Double(phasor.y) * cosine
        }
        return atan2(imaginary, real) / (2 * Double.pi)
    }
}
