import QKDCore

/// The last fit of a frame's pulse line, by the clicks in its slots alone.
struct FrameFit {
    /// The line; pulse 0 is slot 0.
    let line: PulseLine
    /// One standard deviation of the arrival in the frame's middle, picoseconds.
    let centreErrorPS: Double
    /// One standard deviation of the period, picoseconds.
    let periodErrorPS: Double
    /// Root mean square residual without and with the flat background, picoseconds.
    let signalRMSPS: Double
    let plainRMSPS: Double
    let halfWidthPS: Double
    let inside: Int
    let backgroundPerPS: Double

    /// Fits until the window and the line rest.
    init(_ start: PulseLine, clicks: ClickList, in range: Range<Int>, search: FrameSearch) {
        let resolution = Double(search.resolutionPS)
        let coarse = search.slotPeriodPS / 16
        func residuals(_ line: PulseLine, _ halfWidth: Double) -> LineResiduals {
            line.residuals(
                of: clicks, in: range, halfWidthPS: halfWidth, resolutionPS: search.resolutionPS,
                pulses: 0..<search.slots)
        }
        var line = start
        var halfWidth = coarse
        for _ in 0..<6 {
            let sums = residuals(line, halfWidth)
            line = sums.fitted
            // Five deviations of the signal, and never so few that quantisation fills the window.
            let rms = sums.meanSquare(halfWidthPS: halfWidth, line).signal.squareRoot()
            halfWidth = min(coarse, max(5 * rms, 1.5 * resolution))
        }
        let sums = residuals(line, halfWidth)
        let squares = sums.meanSquare(halfWidthPS: halfWidth, line)
        self.line = line.renumbered(from: 0)
        signalRMSPS = squares.signal.squareRoot()
        plainRMSPS = squares.plain.squareRoot()
        halfWidthPS = halfWidth
        inside = sums.inside
        backgroundPerPS = sums.backgroundPerPS(line)
        // Pulses that keep step with the tagger's ticks all round alike: the rounding is a sawtooth of `cycles`
        // teeth over the frame, and what of it looks like an offset or a slope does not average out.
        let ticks = line.periodPS / resolution
        let cycles = max(1, abs(ticks - ticks.rounded()) * Double(search.slots))
        let offset = resolution / (12.0).squareRoot() / cycles
        let slope = 0.5 * resolution / cycles / Double(search.slots)
        let perRootTag = plainRMSPS / Double(max(1, sums.inside)).squareRoot()
        centreErrorPS = (perRootTag * perRootTag + offset * offset).squareRoot()
        let random = sums.spread > 0 ? plainRMSPS / sums.spread.squareRoot() : search.slotPeriodPS
        periodErrorPS = (random * random + slope * slope).squareRoot()
    }
}
