#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A fibre link as Lim et al. 2014 plan it (section IV): what a block of a given size is expected to count.
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

    /// The paper's link: InGaAs detectors.
    public init() {}

    /// Clicks and wrong clicks a pulse of mean `mean`, both bases chosen alike.
    public func gains(mean: Double, km: Double) -> (gain: Double, errorGain: Double) {
        let efficiency = pow(10, -attenuationDBPerKM * km / 10) * receiverEfficiency
        let light = 1 - exp(-efficiency * mean)
        let click = 1 - (1 - 2 * darkProbability) * exp(-efficiency * mean)
        return (
            click * (1 + afterpulseProbability),
            darkProbability + misalignment * light + 0.5 * afterpulseProbability * click
        )
    }
}

/// The settings of a decoy-state session that gives the longest key, found by search.
public struct FiniteDecoyPlan: Sendable {
    /// The link.
    public var link: DecoyPlanLink
    /// The reading of the bound.
    public var reading: LimBound.Reading
    /// Detections in the key's basis before a key is made.
    public var blockSize: Double
    /// The weakest intensity: modulators do not reach zero.
    public var weakest = 2e-4
    /// ε_cor.
    public var correctness = 1e-15
    /// What ε_sec is.
    public var secrecy = Secrecy.ofEachBit(1e-15)

    /// How ε_sec is stated.
    public enum Secrecy: Sendable, Equatable {
        /// For the whole key.
        case ofTheKey(Double)
        /// For each bit of the key: the paper's κ; ε_sec is κ times the length.
        case ofEachBit(Double)
    }

    /// Settings and what they give.
    public struct Outcome: Sendable, Equatable {
        /// The chance that both sides choose the key's basis is this squared.
        public var keyBasisProbability: Double
        /// Means and how often each is sent.
        public var intensities: DecoyIntensities
        /// Pulses that the block takes.
        public var pulses: Double
        /// The key.
        public var key: KeyLength
        /// Secret bits a pulse; below zero where there is no key.
        public var bitsPerPulse: Double { key.formula / pulses }
    }

    /// Plans blocks of `blockSize` detections on a link.
    public init(link: DecoyPlanLink = .init(), reading: LimBound.Reading, blockSize: Double) {
        self.link = link
        self.reading = reading
        self.blockSize = blockSize
    }

    /// What settings give at a distance; `nil` when the proof does not cover them.
    public func outcome(keyBasisProbability: Double, intensities: DecoyIntensities, km: Double) -> Outcome? {
        guard let bound = LimBound(intensities, reading: reading), keyBasisProbability > 0, keyBasisProbability < 1
        else {
            return nil
        }
        let gains = intensities.means.map { link.gains(mean: $0, km: km) }
        let shares = zip(intensities.probabilities, gains).map { ($0 * $1.gain, $0 * $1.errorGain) }
        let sifted = keyBasisProbability * keyBasisProbability
        let pulses = blockSize / (sifted * shares.reduce(0) { $0 + $1.0 })
        func counts(_ share: Double) -> DecoyCounts {
            DecoyCounts(detections: shares.map { pulses * share * $0.0 }, errors: shares.map { pulses * share * $0.1 })
        }
        let key = counts(sifted)
        let test = counts((1 - keyBasisProbability) * (1 - keyBasisProbability))
        let leaked = blockSize * link.reconciliationFactor * binaryEntropy(key.errorRate)
        func length(_ secrecy: Double) -> KeyLength {
            bound.keyLength(
                key: key, test: test, leaked: leaked,
                security: SecurityParameters(secrecy: secrecy, correctness: correctness))
        }
        var found: KeyLength
        switch secrecy {
        case .ofTheKey(let value): found = length(value)
        case .ofEachBit(let value):
            // The length depends on its own logarithm alone: a few rounds settle it.
            found = length(value * max(1, 0.1 * blockSize))
            for _ in 0..<40 {
                let bits = found.formula
                found = length(value * max(1, bits))
                if abs(found.formula - bits) <= 1e-9 * abs(bits) { break }
            }
        }
        return Outcome(
            keyBasisProbability: keyBasisProbability, intensities: intensities, pulses: pulses, key: found)
    }

    /// The best settings at a distance.
    ///
    /// Small blocks want few bright pulses, large ones many, so that the search begins at several places; `near`, the
    /// outcome at another distance or size, is one more. Where that finds no key it is led there from half the way:
    /// a search that finds none has proved nothing.
    public func best(km: Double, near: Outcome? = nil) -> Outcome? {
        var best = search(km: km, near: near)
        guard best.map({ $0.bitsPerPulse <= 0 }) ?? true else { return best }
        var last = near
        for share in Self.waypoints {
            last = search(km: share * km, near: last)
            guard let last, last.bitsPerPulse > 0 else { break }
        }
        if let last, last.bitsPerPulse > best?.bitsPerPulse ?? -.infinity { best = search(km: km, near: last) }
        return best
    }

    private static let waypoints = [0.5, 0.75, 0.9, 0.96, 0.99]

    private func search(km: Double, near: Outcome?) -> Outcome? {
        var starts = Self.starts.map { variables($0) }
        if let near {
            starts.append(
                variables([
                    near.keyBasisProbability, near.intensities.probabilities[0], near.intensities.probabilities[1],
                    near.intensities.means[0], near.intensities.means[1],
                ]))
        }
        let found = SimplexSearch().maximum(from: starts) { point in
            settings(point).flatMap { outcome(keyBasisProbability: $0, intensities: $1, km: km) }.map(merit)
                ?? -.infinity
        }
        return settings(found.point).flatMap { outcome(keyBasisProbability: $0, intensities: $1, km: km) }
    }

    /// What the search climbs. A missing key counted by the pulse would vanish in endless pulses, and lead there.
    private func merit(_ outcome: Outcome) -> Double {
        outcome.key.formula > 0 ? outcome.bitsPerPulse : outcome.key.formula / blockSize
    }

    /// Chance of the key's basis, chances of the first two intensities, their means.
    private static let starts: [[Double]] = [
        [0.9, 0.6, 0.25, 0.45, 0.15], [0.52, 0.04, 0.55, 0.5, 0.1], [0.7, 0.3, 0.45, 0.5, 0.2],
    ]
    private static let brightest = 1.2

    /// As coordinates without walls: shares of what is left.
    private func variables(_ settings: [Double]) -> [Double] {
        let room = settings[3] - 2 * weakest
        return [
            Share.variable(settings[0]), Share.variable(settings[1]), Share.variable(settings[2] / (1 - settings[1])),
            Share.variable(settings[3] / Self.brightest), Share.variable((settings[4] - weakest) / room),
        ]
    }

    private func settings(_ variables: [Double]) -> (Double, DecoyIntensities)? {
        let first = Share.of(variables[1])
        let second = (1 - first) * Share.of(variables[2])
        let bright = Self.brightest * Share.of(variables[3])
        let room = bright - 2 * weakest
        guard room > 0 else { return nil }
        return (
            Share.of(variables[0]),
            DecoyIntensities(
                means: [bright, weakest + room * Share.of(variables[4]), weakest],
                probabilities: [first, second, 1 - first - second])
        )
    }
}
