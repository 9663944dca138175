/// The settings of a decoy-state session that gives the longest key, found by search.
public struct FiniteDecoyPlan: Sendable {
    /// The link.
    public var link: DecoyPlanLink
    /// The bound, which decides how many intensities there are.
    public var proof: KeyProof
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
        /// What is sent, and measured.
        public var settings: DecoySettings
        /// Pulses that the block takes.
        public var pulses: Double
        /// The key.
        public var key: KeyLength
        /// Secret bits a pulse; below zero where there is no key.
        public var bitsPerPulse: Double { key.formula / pulses }
    }

    /// Plans blocks of `blockSize` detections on a link.
    public init(link: DecoyPlanLink = .init(), proof: KeyProof, blockSize: Double) {
        self.link = link
        self.proof = proof
        self.blockSize = blockSize
    }

    /// What settings give behind a channel of `lossDB`; `nil` when the proof does not cover them.
    public func outcome(_ settings: DecoySettings, lossDB: Double) -> Outcome? {
        let (basis, intensities) = (settings.keyBasisProbability, settings.intensities)
        guard basis > 0, basis < 1, let bound = proof.bound(intensities) else { return nil }
        let gains = intensities.means.map { link.gains(mean: $0, lossDB: lossDB) }
        let shares = zip(intensities.probabilities, gains).map { ($0 * $1.gain, $0 * $1.errorGain) }
        let clicks = shares.reduce(0) { $0 + $1.0 }
        func kept(_ share: Double) -> Double { share * link.live(share: share * clicks) }
        let sifted = kept(basis * basis)
        let pulses = blockSize / (sifted * clicks)
        func counts(_ share: Double) -> DecoyCounts {
            DecoyCounts(detections: shares.map { pulses * share * $0.0 }, errors: shares.map { pulses * share * $0.1 })
        }
        let key = counts(sifted)
        let test = counts(kept((1 - basis) * (1 - basis)))
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
        return Outcome(settings: settings, pulses: pulses, key: found)
    }

    /// The best settings behind a channel of `lossDB`.
    ///
    /// Small blocks want few bright pulses, large ones many, so that the search begins at several places; `near`, the
    /// outcome at another loss or size, is one more. Where that finds no key it is led there from half the way:
    /// a search that finds none has proved nothing.
    public func best(lossDB: Double, near: Outcome? = nil) -> Outcome? {
        var best = search(lossDB: lossDB, near: near)
        guard best.map({ $0.bitsPerPulse <= 0 }) ?? true else { return best }
        var last = near
        for share in Self.waypoints {
            last = search(lossDB: share * lossDB, near: last)
            guard let last, last.bitsPerPulse > 0 else { break }
        }
        if let last, last.bitsPerPulse > best?.bitsPerPulse ?? -.infinity { best = search(lossDB: lossDB, near: last) }
        return best
    }

    private static let waypoints = [0.5, 0.75, 0.9, 0.96, 0.99]

    private func search(lossDB: Double, near: Outcome?) -> Outcome? {
        var starts = DecoySettings.starts(intensityCount: proof.intensityCount, weakest: weakest)
        if let near { starts.append(near.settings) }
        let coordinates = starts.map { $0.coordinates(weakest: weakest) }
        let found = SimplexSearch().maximum(from: coordinates) { point in
            DecoySettings(coordinates: point, weakest: weakest).flatMap { outcome($0, lossDB: lossDB) }.map(merit)
                ?? -.infinity
        }
        return DecoySettings(coordinates: found.point, weakest: weakest).flatMap { outcome($0, lossDB: lossDB) }
    }

    /// What the search climbs. A missing key counted by the pulse would vanish in endless pulses, and lead there.
    private func merit(_ outcome: Outcome) -> Double {
        outcome.key.formula > 0 ? outcome.bitsPerPulse : outcome.key.formula / blockSize
    }
}
