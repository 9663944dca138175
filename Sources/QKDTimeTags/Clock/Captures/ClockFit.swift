#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Maximum-likelihood fit of offset, skew, drift and all detectors' delays to the pairs, without bins.
///
/// The residuals are a Gaussian about o + s x + d x²/2 − δ_A + δ_B on a flat background; expectation and
/// maximisation alternate (Dempster, Laird, Rubin, J. R. Stat. Soc. B 39, 1, 1977), so that a pair far from the
/// peak has no pull. Errors are from the empirical Fisher information of the mixture.
struct ClockFit {
    /// Offset (ps), skew (ps/s) and drift (ps/s²) to add to the relation.
    private(set) var corrections = [0.0, 0, 0]
    private(set) var alicePS: [Double]
    private(set) var bobPS: [Double]
    /// Standard errors of the three and of the delays, in the same units.
    private(set) var correctionErrors = [Double](repeating: .infinity, count: 3)
    private(set) var aliceErrorsPS: [Double]
    private(set) var bobErrorsPS: [Double]
    /// Standard deviation of the Gaussian, ps, and share of the pairs in it.
    private(set) var sigmaPS: Double
    private(set) var share = 0.5

    private let pairs: PairResiduals
    private let columns: FitColumns

    /// Prior on the drift, ps/s²: 1e-7 /s, more than any crystal does; matters for the shortest captures only.
    private static let driftPriorPS = 1e5

    /// Fits the pairs of the slices in use, from the first figures on.
    init?(_ pairs: PairResiduals, isUsed: [Bool], start: DelayStart, sigmaPS: Double) {
        self.pairs = pairs
        columns = FitColumns(pairs, isUsed: isUsed)
        self.sigmaPS = sigmaPS
        corrections[0] = start.commonPS
        alicePS = start.alicePS
        bobPS = start.bobPS
        aliceErrorsPS = Array(repeating: .infinity, count: start.alicePS.count)
        bobErrorsPS = Array(repeating: .infinity, count: start.bobPS.count)
        for _ in 0..<100 {
            guard !Task.isCancelled, let moved = step() else { return nil }
            if moved < 0.01 { break }
        }
        guard setErrors() else { return nil }
    }

    /// Residual of a pair after the fit so far, ps.
    @inline(__always)
    func residual(_ index: Int) -> Double {
        let x = pairs.seconds[index]
        return pairs.residuals[index] - corrections[0] - x * (corrections[1] + 0.5 * corrections[2] * x)
            + alicePS[Int(pairs.aliceIndices[index])] - bobPS[Int(pairs.bobIndices[index])]
    }

    /// Probability that a pair at `residual` belongs to the peak.
    @inline(__always)
    func membership(_ residual: Double) -> Double {
        let z = residual / sigmaPS
        let gaussian = share * exp(-0.5 * z * z) / (sigmaPS * 2.506_628_274_631)
        return gaussian / (gaussian + (1 - share) / (2 * pairs.halfWidthPS))
    }

    private var curve: FitCurve {
        FitCurve(corrections: corrections, sigmaPS: sigmaPS, share: share, halfWidthPS: pairs.halfWidthPS)
    }

    /// What the delays of a cell's channels add to its residuals, ps.
    private func delayPS(_ cell: Int) -> Double { alicePS[cell / bobPS.count] - bobPS[cell % bobPS.count] }

    /// One round of both steps; how far the peak moved, ps.
    private mutating func step() -> Double? {
        let (m, n) = (alicePS.count, bobPS.count)
        var sums = PairSums(alice: m, bob: n)
        var (members, squares) = (0.0, 0.0)
        for cell in 0..<m * n {
            let found = columns.sums(cell, curve, delayPS: delayPS(cell))
            members += found.powers[0]
            squares += found.squares
            sums.set(cell, powers: found.powers, moments: found.moments)
        }
        let number = Double(columns.count)
        guard members > 3 else { return nil }
        let newSigma = max(1, (squares / members).squareRoot())
        let newShare = min(0.999_999, members / number)
        var equations = sums.equations(scale: 1 / square(newSigma))
        constrain(&equations)
        // The wish for zero holds for the value, not for the step.
        for (index, value) in (alicePS + bobPS).enumerated() { equations.addRight(3 + index, -1e-12 * value) }
        equations.addRight(2, -corrections[2] / square(Self.driftPriorPS))
        guard let solution = equations.solve() else { return nil }
        for index in 0..<3 { corrections[index] += solution.values[index] }
        for index in 0..<m { alicePS[index] += solution.values[3 + index] }
        for index in 0..<n { bobPS[index] += solution.values[3 + m + index] }
        let moved = solution.values.indices.filter { $0 == 0 || $0 > 2 }.map { abs(solution.values[$0]) }.max() ?? 0
        let change = max(moved, abs(newSigma - sigmaPS))
        sigmaPS = newSigma
        share = newShare
        return change
    }

    private func constrain(_ equations: inout NormalEquations) {
        equations.addElement(2, 2, 1 / square(Self.driftPriorPS))
        // A span too short to tell a skew must not make the equations singular.
        equations.addElement(1, 1, 1e-18)
        DelayConstraint.apply(to: &equations, first: 3, alice: alicePS.count, bob: bobPS.count)
    }

    private mutating func setErrors() -> Bool {
        var sums = PairSums(alice: alicePS.count, bob: bobPS.count)
        for cell in 0..<alicePS.count * bobPS.count {
            sums.set(cell, powers: columns.scores(cell, curve, delayPS: delayPS(cell)), moments: [0, 0, 0])
        }
        var equations = sums.equations(scale: 1)
        constrain(&equations)
        guard let solution = equations.solve() else { return false }
        let errors = solution.covariance.map { $0.squareRoot() }
        correctionErrors = Array(errors[..<3])
        aliceErrorsPS = Array(errors[3..<3 + alicePS.count])
        bobErrorsPS = Array(errors[(3 + alicePS.count)...])
        return true
    }
}
