#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// What the source and the detectors really did.
public struct PairTruth: Sendable, Equatable {
    /// Pairs of which both photons were detected, before dead times.
    public var detectedPairs = 0
    /// Those analysed in the same basis, by basis (Z, X).
    public var sameBasis = [0, 0]
    /// Those among them whose outcomes differ from what the pure state would give.
    public var errors = [0, 0]
    /// Clicks and ghosts given out, Alice then Bob.
    public var tags = [0, 0]
    /// Ghosts among them.
    public var ghosts = [0, 0]

    /// Starts at zero.
    public init() {}
}

/// The two parties' tags of the same stretch of true time, each on its own clock.
public struct PairTags: Sendable, Equatable {
    /// Alice's tags, in order.
    public var alice: TagBatch
    /// Bob's tags, in order.
    public var bob: TagBatch
}

/// Tags of two parties that share pairs from a continuous-wave source.
///
/// Pairs of which nobody sees a photon are not drawn: the others are a Poisson process of rate
/// B (η_A + η_B − η_A η_B). Per party S = B η + Σ uncorrelated rates; true coincidences B η_A η_B;
/// accidental ones S_A S_B τ_c. Time is given out in calls of any length, the memory is that of one call;
/// tags that a later event could still precede wait for the next call.
public struct PairSourceSimulator: Sendable {
    /// What is simulated.
    public let parameters: PairSourceParameters
    /// The truth so far.
    public private(set) var truth = PairTruth()

    private var sides: [PairSide]
    private var pairs: SeededGenerator
    private var nextPairPS: Double
    private let seenRateHz: Double

    /// Prepares the simulation from true time 0; throws `outOfRange`.
    public init(_ parameters: PairSourceParameters) throws {
        try parameters.validate()
        self.parameters = parameters
        sides = [
            PairSide(parameters.alice, clock: ClockModel(), seed: parameters.seed, name: "pairs/alice"),
            PairSide(parameters.bob, clock: parameters.bobClock, seed: parameters.seed, name: "pairs/bob"),
        ]
        let (a, b) = (parameters.alice.transmittance, parameters.bob.transmittance)
        seenRateHz = parameters.pairRateHz * (a + b - a * b)
        pairs = SeededGenerator(seed: parameters.seed, stream: "pairs/source")
        nextPairPS = seenRateHz > 0 ? pairs.exponential() / seenRateHz * 1e12 : .infinity
    }

    /// Lets true time pass up to `endPS` and returns the tags that are settled by then.
    public mutating func advance(toPS endPS: Int64) -> PairTags {
        drawPairs(before: Double(endPS))
        return PairTags(alice: collect(0, endPS, isLast: false), bob: collect(1, endPS, isLast: false))
    }

    /// Returns what still waits; to be called once, at the end.
    public mutating func finish() -> PairTags {
        PairTags(alice: collect(0, .max, isLast: true), bob: collect(1, .max, isLast: true))
    }

    /// Everything from now to `seconds` after the start, in one piece.
    public mutating func run(seconds: Double) -> PairTags {
        var all = PairTags(alice: TagBatch(), bob: TagBatch())
        let endPS = Picoseconds.from(seconds: seconds)
        let stepPS = 10 * Picoseconds.perMillisecond
        var timePS: Int64 = 0
        while timePS < endPS {
            timePS = min(timePS + stepPS, endPS)
            let tags = advance(toPS: timePS)
            all.alice.append(tags.alice)
            all.bob.append(tags.bob)
        }
        let rest = finish()
        all.alice.append(rest.alice)
        all.bob.append(rest.bob)
        return all
    }

    private mutating func collect(_ side: Int, _ endPS: Int64, isLast: Bool) -> TagBatch {
        let before = sides[side].ghosts
        let batch = sides[side].collect(untilPS: endPS, isLast: isLast)
        truth.tags[side] += batch.count
        truth.ghosts[side] += sides[side].ghosts - before
        return batch
    }

    private mutating func drawPairs(before endPS: Double) {
        let (a, b) = (parameters.alice.transmittance, parameters.bob.transmittance)
        let seen = a + b - a * b
        let both = a * b / seen
        let onlyAlice = a * (1 - b) / seen
        let sign = parameters.state == .same ? 1.0 : -1.0
        // P(equal outcomes) for each choice of the two bases.
        let equal = (0..<4).map { choice in
            let angle = parameters.alice.anglesDegrees[choice >> 1] - parameters.bob.anglesDegrees[choice & 1]
            return 0.5 * (1 + sign * parameters.visibilities[choice >> 1] * cos(angle * Double.pi / 90))
        }
        while nextPairPS < endPS {
            let kind = pairs.uniform()
            let bit = Int(pairs.next() & 1)
            if kind <= both {
                let basisA = pairs.uniform() <= parameters.alice.zProbability ? 0 : 1
                let basisB = pairs.uniform() <= parameters.bob.zProbability ? 0 : 1
                let isEqual = pairs.uniform() <= equal[basisA << 1 | basisB]
                truth.detectedPairs += 1
                if basisA == basisB {
                    truth.sameBasis[basisA] += 1
                    if isEqual != (sign > 0) { truth.errors[basisA] += 1 }
                }
                sides[0].click(basisA << 1 | bit, atPS: nextPairPS)
                sides[1].click(basisB << 1 | (isEqual ? bit : 1 - bit), atPS: nextPairPS)
            } else {
                let side = kind <= both + onlyAlice ? 0 : 1
                let party = side == 0 ? parameters.alice : parameters.bob
                let basis = pairs.uniform() <= party.zProbability ? 0 : 1
                sides[side].click(basis << 1 | bit, atPS: nextPairPS)
            }
            nextPairPS += pairs.exponential() / seenRateHz * 1e12
        }
    }
}
