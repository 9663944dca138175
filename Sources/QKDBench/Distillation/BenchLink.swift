import QKDDistillation
import QKDPhysics

extension BenchDescription {
    /// The bench as a link for plans: what its file states of the fibre, Bob's side and the pulses.
    ///
    /// Only the share of afterpulses and dark counts that falls into windows counts, and only slots that are played and not
    /// disclosed; dead time is reckoned from sifted clicks, as `DecoyPlanLink` does. `factor` is f.
    public func rateLink(factor: Double) -> RateLink {
        var link = RateLink()
        link.decoys.attenuationDBPerKM = channel.attenuationDBPerKM
        link.decoys.receiverEfficiency =
            detector.efficiency * Decibel.transmittance(lossDB: channel.receiverLossDB)
        let windowS = detection.windowNS * 1e-9
        link.decoys.darkProbability = detector.darkCountRateHz * windowS
        link.decoys.afterpulseProbability = detector.afterpulseProbability * min(1, windowS * source.pulseRateHz)
        link.decoys.misalignment = channel.misalignment
        link.decoys.deadTimeS = detector.deadTimeUS * 1e-6
        link.decoys.reconciliationFactor = factor
        let frameS = Double(frames.slots) / source.pulseRateHz
        let undisclosed = 1 - 1 / Double(frames.discloseOneIn)
        link.decoys.pulseRateHz = source.pulseRateHz * undisclosed * frameS / (frameS + frames.gapMS * 1e-3)
        let means = decoyIntensities.intensities.means
        if means.count == 3 { link.weakest = means[2] }
        return link
    }

    /// The proof that a run on the bench goes by, unless told otherwise.
    public var usualProof: KeyProof { .usual(for: decoyIntensities.intensities) }
}
