#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A link as Lim et al. 2014 plan it (section IV): what a block of a given size is expected to count.
///
/// Two detectors behind a basis choice; the error gain takes the efficiency of the whole system, where the paper's
/// formula, as printed, takes the channel's alone.
public struct DecoyPlanLink: Sendable, Equatable {
    /// Attenuation of the fibre, dB/km.
    public var attenuationDBPerKM = 0.2
    /// Efficiency of Bob's side, detectors among it, 0…1.
    public var receiverEfficiency = 0.1
    /// Dark counts a gate and detector.
    public var darkProbability = 6e-7
    /// Afterpulses a click.
    public var afterpulseProbability = 0.04
    /// The chance that a photon makes an error.
    public var misalignment = 5e-3
    /// f: what reconciliation reveals, as a multiple of the entropy.
    public var reconciliationFactor = 1.16
    /// Pulses a second.
    public var pulseRateHz = 1e9
    /// How long detectors are dead after a click, seconds.
    public var deadTimeS = 0.0

    /// The paper's link: InGaAs detectors.
    public init() {}

    /// Loss of so much fibre, dB.
    public func lossDB(km: Double) -> Double { attenuationDBPerKM * km }

    /// Clicks and wrong clicks a pulse of mean `mean` behind a channel of `lossDB`, both bases chosen alike, detectors live.
    public func gains(mean: Double, lossDB: Double) -> (gain: Double, errorGain: Double) {
        let efficiency = pow(10, -lossDB / 10) * receiverEfficiency
        let light = 1 - exp(-efficiency * mean)
        let click = 1 - (1 - 2 * darkProbability) * exp(-efficiency * mean)
        return (
            click * (1 + afterpulseProbability),
            darkProbability + misalignment * light + 0.5 * afterpulseProbability * click
        )
    }

    /// The share of its clicks that a basis keeps for all dead time, 1/(1 + R P t_D), if it clicks `share` times a pulse.
    ///
    /// As Rusca's figures take it: of each basis the sifted clicks alone make its detectors dead.
    func live(share: Double) -> Double { 1 / (1 + pulseRateHz * share * deadTimeS) }
}
