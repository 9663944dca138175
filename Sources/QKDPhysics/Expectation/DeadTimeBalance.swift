#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// The stationary click balance of one detector under periodic pulses, dark counts and afterpulses.
///
/// Derivation and the size of each approximation: `docs/physics-model.md`, "Dead time in a pulsed link".
public struct DeadTimeBalance: Sendable, Equatable {
    /// Fraction of pulses that find the detector live.
    public private(set) var liveFraction = 1.0
    /// Clicks per slot that a photon of a pulse made.
    public private(set) var signalClicks = 0.0
    /// Clicks per slot that a dark carrier made.
    public private(set) var darkClicks = 0.0
    /// Clicks per slot that a released carrier made.
    public private(set) var afterpulseClicks = 0.0
    /// Afterpulse clicks per click: the afterpulse probability less what later dead times swallow.
    public private(set) var effectiveAfterpulse = 0.0
    /// Mean number of pulses that the dead time after a signal click covers.
    public let pulsesBlockedBySignal: Double

    /// Clicks per slot that no pulse of the same slot made.
    public var backgroundClicks: Double { darkClicks + afterpulseClicks }

    /// Solves the balance.
    ///
    /// `candidate` is the probability, averaged over what Alice may send, that a slot's pulse has at least
    /// one photon that makes an avalanche in this detector when it is live.
    public init(_ detector: DetectorModel, arrival: ArrivalDistribution, candidate: Double, slotPS: Double) {
        let slotsDead = Double(detector.deadTimePS) / slotPS
        let darksPerSlot = detector.darkCountRateHz * slotPS * 1e-12
        let coverage = Self.coverage(arrival, deadTimePS: Double(detector.deadTimePS), slotPS: slotPS)
        pulsesBlockedBySignal = coverage.whole + coverage.partial.reduce(0, +)
        // The balance is linear but for the effective afterpulse probability, which moves by parts in a thousand.
        for _ in 0..<100 {
            let before = (liveFraction, effectiveAfterpulse)
            switch detector.deadTimeKind {
            case .nonParalysable:
                solveNonParalysable(candidate, darks: darksPerSlot, slotsDead: slotsDead)
            case .paralysable:
                solveParalysable(candidate, darks: darksPerSlot, slotsDead: slotsDead, coverage, detector)
            }
            updateAfterpulse(detector, slotsDead: slotsDead, slotPS: slotPS)
            // Without dead time the live fraction never moves, so the afterpulses must have come to rest as well.
            if abs(liveFraction - before.0) < 1e-14, abs(effectiveAfterpulse - before.1) < 1e-14 { break }
        }
    }

    /// L = 1 − s K_s − (b_d + b_a) K_b, s = L p, b_d = d (1 − c k), b_a = c p_a, c = s + b_d + b_a, k = K_b = t_d/T.
    private mutating func solveNonParalysable(_ p: Double, darks d: Double, slotsDead k: Double) {
        // With c = (s + d)/(1 − p_a + d k) everything is linear in s; then L = s/p.
        let share = 1 / (1 - effectiveAfterpulse + d * k)
        let blockedBySignal = pulsesBlockedBySignal
        // L = 1 − s K_s − (c − s) k = 1 − d k·share − s (K_s + (share − 1) k)
        let slope = blockedBySignal + (share - 1) * k
        liveFraction = max(0, (1 - d * k * share) / (1 + p * slope))
        signalClicks = liveFraction * p
        let clicks = (signalClicks + d) * share
        darkClicks = d * (1 - clicks * k)
        afterpulseClicks = clicks * effectiveAfterpulse
    }

    /// A pulse finds the detector live if nothing came in the dead time before it.
    private mutating func solveParalysable(
        _ p: Double, darks d: Double, slotsDead k: Double, _ coverage: (whole: Double, partial: [Double]),
        _ detector: DetectorModel
    ) {
        let clicks = signalClicks + darkClicks + afterpulseClicks
        let releases = detector.afterpulseProbability * clicks
        let quiet = exp(-(d + releases) * k)
        let uncovered = coverage.partial.reduce(pow(1 - p, coverage.whole)) { $0 * (1 - p * $1) }
        liveFraction = uncovered * quiet
        signalClicks = liveFraction * p
        // At a random phase t_d covers ⌊k⌋ or ⌊k⌋ + 1 pulses.
        let floorCount = k.rounded(.down)
        let liveAtRandom = pow(1 - p, floorCount) * (1 - p * (k - floorCount)) * quiet
        darkClicks = d * liveAtRandom
        effectiveAfterpulse = detector.afterpulseProbability * liveAtRandom
        afterpulseClicks = effectiveAfterpulse * clicks
    }

    /// p_eff = p/(1 + λτ(1 − e^(−t_d/τ))), λ the click rate while live.
    private mutating func updateAfterpulse(_ detector: DetectorModel, slotsDead: Double, slotPS: Double) {
        guard detector.deadTimeKind == .nonParalysable else { return }
        let tau = detector.afterpulseTimePS
        guard detector.afterpulseProbability > 0, tau > 0 else {
            effectiveAfterpulse = detector.afterpulseProbability
            return
        }
        let clicks = signalClicks + backgroundClicks
        let live = max(1e-12, 1 - clicks * slotsDead)
        let load = clicks / live * tau / slotPS
        let covered = 1 - exp(-Double(detector.deadTimePS) / tau)
        effectiveAfterpulse = detector.afterpulseProbability / (1 + load * covered)
    }

    /// How surely the dead time after a signal click covers the k-th pulse after it.
    ///
    /// All pulses well inside are covered; for those near the end, both clicks' jitter decides.
    private static func coverage(
        _ arrival: ArrivalDistribution, deadTimePS: Double, slotPS: Double
    ) -> (whole: Double, partial: [Double]) {
        let (low, high) = arrival.support
        let reach = high - low
        let firstUnsure = max(1, ((deadTimePS - reach) / slotPS).rounded(.up))
        var partial: [Double] = []
        var pulse = firstUnsure
        while pulse * slotPS <= deadTimePS + reach {
            partial.append(arrival.differenceCumulative(deadTimePS - pulse * slotPS))
            pulse += 1
        }
        return (firstUnsure - 1, partial)
    }
}
