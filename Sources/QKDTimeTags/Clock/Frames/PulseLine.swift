import QKDCore

/// The arrival times of a pulse train: pulse *n* comes at `referencePS + interceptPS + n · periodPS`.
struct PulseLine {
    var referencePS: Int64
    var interceptPS: Double
    var periodPS: Double

    /// Moves the numbering so that what was pulse `number` becomes pulse 0.
    func renumbered(from number: Int) -> PulseLine {
        let shifted = interceptPS + Double(number) * periodPS
        let whole = shifted.rounded(.down)
        return PulseLine(
            referencePS: referencePS + Int64(whole), interceptPS: shifted - whole, periodPS: periodPS)
    }
}

/// Sums over the clicks near a pulse line.
struct LineResiduals {
    /// Clicks within the window.
    var inside = 0
    /// Σ r² over them, ps².
    var squares = 0.0
    /// Clicks further than an eighth of the period from any pulse.
    var far = 0
    /// Intercept and period that fit the clicks within the window best, or the old ones if too few.
    var fitted: PulseLine
    /// Σ (n - mean n)² over the clicks within the window.
    var spread = 0.0
    /// Mean pulse number of the clicks within the window.
    var meanPulse = 0.0

    /// Clicks of a flat background per picosecond of the slot.
    func backgroundPerPS(_ line: PulseLine) -> Double { Double(far) / (0.75 * line.periodPS) }

    /// Mean square residual with and without the flat background's share.
    func meanSquare(halfWidthPS: Double, _ line: PulseLine) -> (plain: Double, signal: Double) {
        guard inside > 0 else { return (0, 0) }
        let density = backgroundPerPS(line)
        let signal = Double(inside) - density * 2 * halfWidthPS
        let moment = squares - density * 2 * halfWidthPS * halfWidthPS * halfWidthPS / 3
        let plain = squares / Double(inside)
        guard signal > 1, moment > 0 else { return (plain, plain) }
        return (plain, moment / signal)
    }
}

extension PulseLine {
    /// Collects the residuals of the clicks in `range`, taken at the middle of their intervals, and fits a line
    /// by least squares through those within ± `halfWidthPS`.
    ///
    /// Only pulses whose number lies in `pulses` count.
    func residuals(
        of clicks: ClickList, in range: Range<Int>, halfWidthPS: Double, resolutionPS: Int64,
        pulses: Range<Int> = Int.min..<Int.max
    ) -> LineResiduals {
        var sums = LineResiduals(fitted: self)
        let middle = 0.5 * Double(resolutionPS) - interceptPS
        let inverse = 1 / periodPS
        let farther = 0.125 * periodPS
        // Numbers relative to the middle of the stretch keep the normal equations well conditioned.
        guard let first = range.first, let last = range.last else { return sums }
        let pivot = (Double((clicks.times[first] + clicks.times[last]) / 2 - referencePS) * inverse).rounded()
        let lowest = Double(max(pulses.lowerBound, -1 << 50))
        let beyond = Double(min(pulses.upperBound, 1 << 50))
        var (sumN, sumNN, sumR, sumNR) = (0.0, 0.0, 0.0, 0.0)
        clicks.times.withUnsafeBufferPointer { times in
            for index in range {
                let time = Double(times[index] - referencePS) + middle
                let number = (time * inverse).rounded()
                if number < lowest || number >= beyond { continue }
                let residual = time - number * periodPS
                let distance = abs(residual)
                if distance <= halfWidthPS {
                    let n = number - pivot
                    sums.inside += 1
                    sums.squares += residual * residual
                    sumN += n
                    sumNN += n * n
                    sumR += residual
                    sumNR += n * residual
                } else if distance > farther {
                    sums.far += 1
                }
            }
        }
        guard sums.inside >= 3 else { return sums }
        let count = Double(sums.inside)
        let meanN = sumN / count
        sums.spread = sumNN - sumN * meanN
        sums.meanPulse = meanN + pivot
        guard sums.spread > 0 else { return sums }
        let slope = (sumNR - meanN * sumR) / sums.spread
        sums.fitted.periodPS = periodPS + slope
        sums.fitted.interceptPS = interceptPS + sumR / count - slope * (meanN + pivot)
        return sums
    }
}
