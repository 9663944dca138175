#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// A single-photon detector in free running: what it needs to turn photons into clicks.
public struct DetectorModel: Sendable, Equatable {
    /// What an event during the dead time does (Knoll, "Radiation detection and measurement", ch. 4).
    public enum DeadTimeKind: String, Sendable, CaseIterable, Codable {
        /// It is lost and leaves no mark: r = R/(1 + Rτ).
        case nonParalysable
        /// It is lost and starts the dead time anew: r = R e^(−Rτ), at most 1/(eτ).
        case paralysable
    }

    /// Probability that a photon at the detector makes an avalanche, 0…1.
    public var efficiency: Double
    /// Dark counts per second, not negative, as a Poisson process over all time.
    public var darkCountRateHz: Double
    /// Dead time after a click, ps, not negative.
    public var deadTimePS: Int64
    /// What an event during the dead time does.
    public var deadTimeKind: DeadTimeKind
    /// Probability per avalanche that a trapped carrier is released *after* the dead time, 0…1.
    ///
    /// For one trap p = A τ e^(−t_d/τ), where A e^(−t/τ) is the release density after an avalanche
    /// (Cova, Lacaita, Ripamonti, IEEE EDL 12, 685, 1991); carriers released earlier find the detector off
    /// and are lost. `withDeadTime(_:)` moves p along this law.
    public var afterpulseProbability: Double
    /// Release time τ of the trap, ps: 1.1–2.4 µs in InGaAs (arXiv 1409.6752 shows that real devices
    /// need several; one is modelled).
    public var afterpulseTimePS: Double
    /// Full width at half maximum of the jitter's Gaussian core, ps.
    public var jitterFWHMPS: Double
    /// Fraction of clicks in the jitter's exponential tail, 0…1.
    public var jitterTailFraction: Double
    /// Time constant of the jitter's tail, ps.
    public var jitterTailPS: Double

    /// States a detector.
    public init(
        efficiency: Double, darkCountRateHz: Double, deadTimePS: Int64,
        deadTimeKind: DeadTimeKind = .nonParalysable, afterpulseProbability: Double = 0,
        afterpulseTimePS: Double = 0, jitterFWHMPS: Double = 0, jitterTailFraction: Double = 0,
        jitterTailPS: Double = 0
    ) {
        self.efficiency = efficiency
        self.darkCountRateHz = darkCountRateHz
        self.deadTimePS = deadTimePS
        self.deadTimeKind = deadTimeKind
        self.afterpulseProbability = afterpulseProbability
        self.afterpulseTimePS = afterpulseTimePS
        self.jitterFWHMPS = jitterFWHMPS
        self.jitterTailFraction = jitterTailFraction
        self.jitterTailPS = jitterTailPS
    }

    /// The timing jitter.
    public var jitter: JitterModel {
        JitterModel(fwhmPS: jitterFWHMPS, tailFraction: jitterTailFraction, tailPS: jitterTailPS)
    }

    /// The same detector at another dead time, with the afterpulse probability moved by e^(−Δt_d/τ), at most 1.
    public func withDeadTime(_ deadTimePS: Int64) -> DetectorModel {
        var model = self
        if afterpulseTimePS > 0 {
            let factor = exp(-Double(deadTimePS - self.deadTimePS) / afterpulseTimePS)
            model.afterpulseProbability = min(1, afterpulseProbability * factor)
        }
        model.deadTimePS = deadTimePS
        return model
    }

    /// Clicks per second for a Poisson process of `rateHz` avalanche-making events, without afterpulses.
    public func clickRate(rateHz: Double) -> Double {
        let load = rateHz * Picoseconds.seconds(deadTimePS)
        return switch deadTimeKind {
        case .nonParalysable: rateHz / (1 + load)
        case .paralysable: rateHz * exp(-load)
        }
    }

    /// Throws `outOfRange`, naming the field, if a figure is outside what it can mean.
    public func validate(_ source: String = "detector") throws(QKDError) {
        func check(_ value: Double, _ range: ClosedRange<Double>, _ field: String) throws(QKDError) {
            guard range.contains(value) else {
                throw QKDError(.outOfRange, "\(field) is \(value)", at: .init(source, field: field))
            }
        }
        try check(efficiency, 0...1, "efficiency")
        try check(darkCountRateHz, 0...1e9, "darkCountRateHz")
        try check(Double(deadTimePS), 0...1e15, "deadTimePS")
        try check(afterpulseProbability, 0...1, "afterpulseProbability")
        try check(afterpulseTimePS, 0...1e15, "afterpulseTimePS")
        try check(jitterFWHMPS, 0...1e9, "jitterFWHMPS")
        try check(jitterTailFraction, 0...1, "jitterTailFraction")
        try check(jitterTailPS, 0...1e9, "jitterTailPS")
        if afterpulseProbability > 0, afterpulseTimePS == 0, deadTimePS == 0 {
            // Each click would make the next one at the same picosecond.
            throw QKDError(
                .outOfRange, "afterpulses need a release time or a dead time",
                at: .init(source, field: "afterpulseTimePS"))
        }
    }
}
