#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// Gains and error rates that a decoy-state BB84 link must show, in closed form.
///
/// A slot's gain is the probability that at least one detector clicks inside the window; its outcome is
/// the detector that clicked, after the rule for double clicks; it is sifted if Alice's basis is the
/// outcome's. Derivation with every approximation: `docs/physics-model.md`.
public struct BB84Expectation: Sendable {
    /// Sifted slots and errors among them, each as a probability per slot sent.
    public struct Sifted: Sendable, Equatable {
        /// Alice's basis = Bob's outcome basis.
        public var sifted = 0.0
        /// Sifted, and the bits differ.
        public var errors = 0.0
        /// errors/sifted; not a number where nothing is sifted.
        public var qber: Double { errors / sifted }
    }

    /// The link.
    public let link: BB84LinkModel
    /// The click balance of the detectors Z0, Z1, X0, X1.
    public let balances: [DeadTimeBalance]
    /// Probability that a signal click falls into its own slot's window, by detector.
    public let windowAcceptance: [Double]
    /// Probability that a live detector clicks inside a window without a photon of that slot, by detector.
    public let backgroundPerWindow: [Double]
    private let gains: [Double]
    private let liveGains: [Double]
    private let idealGains: [Double]
    private let siftedByBasisAndIntensity: [[Sifted]]

    /// Works a link out; throws as `BB84LinkModel.validate`.
    public init(_ link: BB84LinkModel) throws(QKDError) {
        try link.validate()
        self.link = link
        var balances: [DeadTimeBalance] = []
        var acceptance: [Double] = []
        var background: [Double] = []
        for (index, detector) in link.detectors.enumerated() {
            let arrival = ArrivalDistribution(pulse: link.pulse, jitter: detector.jitter)
            let balance = DeadTimeBalance(
                detector, arrival: arrival, candidate: Self.candidate(link, detector: index), slotPS: link.slotPS)
            let inside = arrival.acceptance(
                windowPS: link.windowPS, centrePS: link.windowCentrePS, resolutionPS: link.taggerResolutionPS)
            let leak = Self.leak(arrival, link)
            let live = max(balance.liveFraction, 1e-300)
            let darks = detector.darkCountRateHz * link.windowPS * 1e-12
            let others = balance.afterpulseClicks * link.windowPS / link.slotPS + balance.signalClicks * leak
            balances.append(balance)
            acceptance.append(inside)
            background.append(1 - exp(-(darks + others / live)))
        }
        self.balances = balances
        windowAcceptance = acceptance
        backgroundPerWindow = background
        let slots = SlotOutcomes(link, balances: balances, acceptance: acceptance, background: background)
        gains = slots.gains
        siftedByBasisAndIntensity = slots.sifted
        liveGains = Self.closedGains(link, acceptance: acceptance, background: background)
        idealGains = Self.closedGains(
            link, acceptance: acceptance,
            background: link.detectors.map { 1 - exp(-$0.darkCountRateHz * link.windowPS * 1e-12) })
    }

    /// Q_k: probability that a slot of this intensity has a click inside its window.
    public func gain(_ intensity: Intensity) -> Double { gains[Int(intensity.rawValue)] }

    /// Q_k over the slots in which all four detectors are live: 1 − (1 − Y₀)e^(−ημ), Y₀ of darks and afterpulses.
    public func gainLive(_ intensity: Intensity) -> Double { liveGains[Int(intensity.rawValue)] }

    /// Q_k of detectors without dead time and afterpulses: 1 − (1 − Y₀)e^(−ημ), Y₀ of darks alone.
    ///
    /// Source: Ma et al. 2005 (arXiv quant-ph/0503005), eq. 8 with the union taken exactly; η is the
    /// channel, the efficiency and the window's acceptance together.
    public func gainIdeal(_ intensity: Intensity) -> Double { idealGains[Int(intensity.rawValue)] }

    /// Sifted slots and errors in a basis, for one intensity, per slot sent (of whatever code).
    public func sifted(_ basis: Basis, _ intensity: Intensity) -> Sifted {
        siftedByBasisAndIntensity[Int(basis.rawValue)][Int(intensity.rawValue)]
    }

    /// Sifted slots and errors in a basis over all intensities, per slot sent.
    public func sifted(_ basis: Basis) -> Sifted {
        Intensity.allCases.reduce(into: Sifted()) { sum, intensity in
            let part = sifted(basis, intensity)
            sum.sifted += part.sifted
            sum.errors += part.errors
        }
    }

    /// Error rate in a basis for one intensity.
    public func qber(_ basis: Basis, _ intensity: Intensity) -> Double { sifted(basis, intensity).qber }

    /// Error rate in a basis over all intensities.
    public func qber(_ basis: Basis) -> Double { sifted(basis).qber }

    /// Probability, over what Alice may send, that a slot's pulse brings a live detector to click.
    private static func candidate(_ link: BB84LinkModel, detector: Int) -> Double {
        var sum = 0.0
        for state in BB84State.all {
            for intensity in Intensity.allCases {
                let mean = link.detectedMeans(state, intensity)[detector]
                sum += link.probability(of: state, intensity) * -expm1(-mean)
            }
        }
        return sum
    }

    /// Probability that a signal click falls into the window of one of the eight slots on each side of its own.
    private static func leak(_ arrival: ArrivalDistribution, _ link: BB84LinkModel) -> Double {
        (-8...8).reduce(0) { sum, slot in
            guard slot != 0 else { return sum }
            let centre = link.windowCentrePS + Double(slot) * link.slotPS
            return sum
                + arrival.acceptance(
                    windowPS: link.windowPS, centrePS: centre, resolutionPS: link.taggerResolutionPS)
        }
    }

    /// 1 − Π(1 − y_j) e^(−Σ W_j m_j), averaged over the states.
    private static func closedGains(_ link: BB84LinkModel, acceptance: [Double], background: [Double]) -> [Double] {
        let silent = background.reduce(1) { $0 * (1 - $1) }
        return Intensity.allCases.map { intensity in
            BB84State.all.reduce(0) { sum, state in
                let share = (state.basis == .z ? link.aliceZProbability : 1 - link.aliceZProbability) / 2
                let means = link.detectedMeans(state, intensity)
                let mean = (0..<4).reduce(0) { $0 + acceptance[$1] * means[$1] }
                return sum + share * (1 - silent * exp(-mean))
            }
        }
    }
}
