/// The truth about the light of a simulated link.
public struct OpticsCounters: Sendable, Equatable {
    /// Optical pulses made, those through a closed modulator included.
    public var pulses = 0
    /// Pulses that should have been before the time at which the pulser's change was handed in.
    public var pulsesMissed = 0
    /// Sum of the pulses' mean photon numbers at Alice's output.
    public var photonsEmitted = 0.0
    /// Photons that make an avalanche if their detector is live, all four detectors together.
    public var photonCandidates = 0

    /// The differences since an earlier state.
    static func - (later: OpticsCounters, earlier: OpticsCounters) -> OpticsCounters {
        OpticsCounters(
            pulses: later.pulses - earlier.pulses, pulsesMissed: later.pulsesMissed - earlier.pulsesMissed,
            photonsEmitted: later.photonsEmitted - earlier.photonsEmitted,
            photonCandidates: later.photonCandidates - earlier.photonCandidates)
    }
}
