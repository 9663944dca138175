import QKDCore
import QKDPhysics
import QKDTimeTags

/// A pair source with two captures, and the truth to compare with.
struct CaptureScene {
    let parameters: PairSourceParameters
    let tags: PairTags
    let truth: PairTruth

    /// ± 1 s when all is to be tested; a twentieth of it costs a twentieth, which debug builds need.
    static let rangePS = Picoseconds.perSecond / (Statistics.isAcceptance ? 1 : 20)

    /// A recovery over that range.
    static var recovery: ClockRecovery {
        var search = OffsetSearch()
        search.rangePS = rangePS
        return ClockRecovery(search: search)
    }

    /// 40,000 pairs/s on arms of 25 % and 6 %, 150 ps jitter, 500 Hz darks, delays up to 400 ps.
    static func source(
        seed: UInt64, tickPS: Double = 3.90625, backgroundBobHz: Double = 0,
        clock: ClockModel = ClockModel(offsetPS: rangePS / 100 * 73, skew: 7.3e-6, driftPerSecond: 2e-9)
    ) -> PairSourceParameters {
        var generator = SeededGenerator(seed: seed, stream: "delays")
        let party = { (transmittance: Double, background: Double) in
            PairParty(
                transmittance: transmittance,
                detectors: (0..<4).map { _ in
                    PairDetector(delayPS: 400 * generator.uniform(), backgroundRateHz: background / 4)
                },
                tickPS: tickPS)
        }
        return PairSourceParameters(
            pairRateHz: 40_000, alice: party(0.25, 0), bob: party(0.06, backgroundBobHz), bobClock: clock, seed: seed)
    }

    init(_ parameters: PairSourceParameters, seconds: Double) throws {
        self.parameters = parameters
        var simulator = try PairSourceSimulator(parameters)
        tags = simulator.run(seconds: seconds)
        truth = simulator.truth
    }

    private static func mean(_ party: PairParty) -> Double { party.detectors.reduce(0) { $0 + $1.delayPS } / 4 }

    /// Offset of a relation less the true one at its reference, ps; mean delays belong to the offset.
    func offsetErrorPS(_ relation: ClockRelation) -> Double {
        let clock = parameters.bobClock
        let time = Double(relation.referencePS)
        let smooth = time * (clock.skew + 0.5e-12 * clock.driftPerSecond * time)
        return Double(relation.offsetPS - clock.offsetPS) + relation.offsetFractionPS - smooth
            - Self.mean(parameters.bob) + Self.mean(parameters.alice)
    }

    func skewError(_ relation: ClockRelation) -> Double {
        relation.skew - parameters.bobClock.skew(atPS: relation.referencePS)
    }

    /// The largest error of a relative delay, ps.
    func delayErrorPS(_ clock: RecoveredClock) -> Double {
        var worst = 0.0
        for (delays, party) in [(clock.aliceDelays, parameters.alice), (clock.bobDelays, parameters.bob)] {
            for delay in delays {
                let truth = party.detectors[Int(delay.channel) - 1].delayPS - Self.mean(party)
                worst = max(worst, abs(delay.delayPS - truth))
            }
        }
        return worst
    }
}
