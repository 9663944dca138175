#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A link as all models see it.
public struct RateLink: Sendable, Equatable {
    /// Parameters; of a source of pairs each side has the receiver.
    public var decoys = DecoyPlanLink()
    /// How ε_sec is stated for finite keys.
    public var secrecy = FiniteDecoyPlan.Secrecy.ofTheKey(1e-9)
    /// ε_cor of finite keys.
    public var correctness = 1e-15
    /// The mean of the weakest of three intensities in finite keys: modulators do not reach zero.
    public var weakest = 2e-4
    /// q of the asymptotic models.
    public var siftedShare = 0.5

    /// Lim et al.'s link.
    public init() {}

    private var weakPulses: WeakCoherentLink {
        var link = WeakCoherentLink(
            attenuationDBPerKM: decoys.attenuationDBPerKM, receiverEfficiency: decoys.receiverEfficiency,
            darkYield: 2 * decoys.darkProbability, misalignment: decoys.misalignment)
        link.reconciliationFactor = decoys.reconciliationFactor
        link.siftedShare = siftedShare
        return link
    }

    private var pairSource: PulsedPairLink {
        var link = PulsedPairLink(
            receiverEfficiency: decoys.receiverEfficiency, darkYield: 2 * decoys.darkProbability,
            misalignment: decoys.misalignment)
        link.reconciliationFactor = decoys.reconciliationFactor
        link.siftedShare = siftedShare
        return link
    }

    /// The best rate at a loss; `near` is the outcome at a smaller one.
    public func point(_ model: RateModel, lossDB: Double, near: RatePoint? = nil) -> RatePoint {
        switch model {
        case .decoys(let proof, let size): finite(proof, size, lossDB, near)
        case .infiniteDecoys:
            asymptotic(lossDB) { weakPulses.rateWithInfiniteDecoys(mean: $0, km: $1) }
        case .vacuumAndWeakDecoy(let weak):
            asymptotic(lossDB, above: weak) {
                weakPulses.rateWithVacuumAndWeakDecoy(mean: $0, weak: weak, km: $1)
            }
        case .pairs:
            pairs(lossDB, pairSource.best(lossDB: (lossDB / 2, lossDB / 2)))
        case .finitePairs(let size): finitePairs(size, lossDB)
        }
    }

    private func finite(_ proof: KeyProof, _ size: Double, _ lossDB: Double, _ near: RatePoint?) -> RatePoint {
        var plan = FiniteDecoyPlan(link: decoys, proof: proof, blockSize: size)
        plan.secrecy = secrecy
        plan.weakest = weakest
        plan.correctness = correctness
        let hint = near.flatMap { near in
            near.keyBasisProbability.flatMap { basis in
                plan.outcome(
                    DecoySettings(
                        keyBasisProbability: basis,
                        intensities: .init(means: near.means, probabilities: near.probabilities)),
                    lossDB: near.lossDB)
            }
        }
        guard let best = plan.best(lossDB: lossDB, near: hint) else {
            return RatePoint(lossDB: lossDB, bitsPerPulse: 0, means: [], probabilities: [], errorRate: 0.5)
        }
        let gains = best.settings.intensities.means.map { decoys.gains(mean: $0, lossDB: lossDB) }
        let shares = zip(best.settings.intensities.probabilities, gains)
        let clicks = shares.reduce(0) { $0 + $1.0 * $1.1.gain }
        return RatePoint(
            // Less than a bit is no key.
            lossDB: lossDB, bitsPerPulse: best.key.bits > 0 ? best.bitsPerPulse : 0,
            keyBasisProbability: best.settings.keyBasisProbability, means: best.settings.intensities.means,
            probabilities: best.settings.intensities.probabilities,
            errorRate: shares.reduce(0) { $0 + $1.0 * $1.1.errorGain } / clicks)
    }

    private func asymptotic(
        _ lossDB: Double, above least: Double = 0, _ rate: (_ mean: Double, _ km: Double) -> Double
    ) -> RatePoint {
        let km = lossDB / decoys.attenuationDBPerKM
        let found = SimplexSearch().maximum(from: [[0], [-1]]) { rate(least + (1 - least) * Share.of($0[0]), km) }
        let mean = least + (1 - least) * Share.of(found.point[0])
        return RatePoint(
            lossDB: lossDB, bitsPerPulse: max(0, rate(mean, km)), means: [mean], probabilities: [],
            errorRate: weakPulses.errorGain(mean: mean, km: km) / weakPulses.gain(mean: mean, km: km))
    }

    private func pairs(_ lossDB: Double, _ best: (pairs: Double, rate: Double)) -> RatePoint {
        RatePoint(
            lossDB: lossDB, bitsPerPulse: max(0, best.rate), means: [best.pairs], probabilities: [],
            errorRate: pairSource.coincidences(pairs: best.pairs, lossDB: (lossDB / 2, lossDB / 2)).errorRate)
    }

    private func finitePairs(_ size: Double, _ lossDB: Double) -> RatePoint {
        let epsilon =
            switch secrecy {
            case .ofTheKey(let value): value
            case .ofEachBit(let value): value * size
            }
        func rate(_ pairs: Double) -> Double {
            let seen = pairSource.coincidences(pairs: pairs, lossDB: (lossDB / 2, lossDB / 2))
            let leaked = size * decoys.reconciliationFactor * binaryEntropy(seen.errorRate)
            let key = PairBound(
                keyBits: Int(size), testBits: Int(size), testErrors: Int((seen.errorRate * size).rounded())
            ).keyLength(leaked: leaked, security: .init(secrecy: epsilon, correctness: correctness))
            // A block takes the detections of both bases; half of all coincidences have one basis on both sides.
            return key.formula >= 1 ? key.formula / size * 0.5 * siftedShare * seen.gain : key.formula / size
        }
        var best = (pairs: 0.0, rate: -Double.infinity)
        for step in 0...80 {
            let pairs = 1e-4 * pow(10, Double(step) / 20)
            let rate = rate(pairs)
            if rate > best.rate { best = (pairs, rate) }
        }
        return pairs(lossDB, best)
    }

    /// A curve at rising losses, and how far it reaches, dB; `nil` when it has no key at first or one to the end.
    public func curve(
        _ model: RateModel, lossesDB: [Double], progress: (Double) -> Void = { _ in }
    ) throws -> (points: [RatePoint], reachDB: Double?) {
        var points: [RatePoint] = []
        var near: RatePoint?
        var reach: Double?
        for loss in lossesDB {
            try Task.checkCancellation()
            // Behind the reach there is nothing to look for.
            guard points.isEmpty || near != nil else {
                points.append(RatePoint(lossDB: loss, bitsPerPulse: 0, means: [], probabilities: [], errorRate: 0.5))
                continue
            }
            let point = point(model, lossDB: loss, near: near)
            points.append(point)
            progress(Double(points.count) / Double(lossesDB.count))
            if point.bitsPerPulse > 0 {
                near = point
            } else if var last = near {
                var none = loss
                while none - last.lossDB > 0.005 {
                    try Task.checkCancellation()
                    let middle = self.point(model, lossDB: 0.5 * (last.lossDB + none), near: last)
                    if middle.bitsPerPulse > 0 { last = middle } else { none = middle.lossDB }
                }
                reach = 0.5 * (last.lossDB + none)
                near = nil
            }
        }
        return (points, reach)
    }
}
