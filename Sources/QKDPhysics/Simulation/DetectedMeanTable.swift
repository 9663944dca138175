import QKDCore

/// For each set of lines that may rise at once, the means that one pulse brings at full modulator transmittance.
struct DetectedMeanTable: Sendable {
    /// Mean photons at Alice's output, by rising lines.
    private(set) var emitted = [Double](repeating: 0, count: 256)
    /// Mean photo-detections over all four detectors, by rising lines.
    private(set) var detected = [Double](repeating: 0, count: 256)
    /// Detections at the detectors up to and including 0, 1, 2: three figures for each set of lines.
    private(set) var cumulative = [Double](repeating: 0, count: 256 * 3)

    /// An empty table: nothing is detected.
    init() {}

    /// Several lasers firing at once add their means; each photon then belongs to one of them.
    init(_ parameters: BB84OpticsParameters, efficiencies: [Double], variableAttenuationDB: Double) {
        let lossDB = parameters.fixedAttenuationDB + variableAttenuationDB
        let output = parameters.sourcePhotonsPerPulse * Decibel.transmittance(lossDB: lossDB)
        let arriving = output * parameters.channelTransmittance
        for set in 1..<256 {
            var perDetector = SIMD4<Double>()
            for (line, state) in parameters.lineMap.states.enumerated() where set >> line & 1 == 1 {
                guard let state else { continue }
                emitted[set] += output
                let weights = parameters.receiver.weights(state)
                for index in 0..<4 { perDetector[index] += arriving * weights[index] * efficiencies[index] }
            }
            cumulative[3 * set] = perDetector[0]
            cumulative[3 * set + 1] = perDetector[0] + perDetector[1]
            cumulative[3 * set + 2] = perDetector[0] + perDetector[1] + perDetector[2]
            detected[set] = cumulative[3 * set + 2] + perDetector[3]
        }
    }

    /// The detector of a photon at the share `uniform` in (0, 1] of the set's mean.
    func detector(rising: Int, uniform: Double) -> Int {
        let position = uniform * detected[rising]
        let base = 3 * rising
        if position <= cumulative[base] { return 0 }
        if position <= cumulative[base + 1] { return 1 }
        return position <= cumulative[base + 2] ? 2 : 3
    }
}
