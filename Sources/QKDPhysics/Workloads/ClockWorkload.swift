import QKDCore

/// Two captures with a known clock relation, on which clock recovery is measured.
///
/// Pairs come at exponential gaps and give a tag on either side; the rest of each side's rate is tags of its own,
/// also at exponential gaps. Bob's clock reads t_B = offset + (1 + skew) t_A; the jitter is put on his tag of a
/// pair and is that of the difference. Every tag has one of the channels 1 to 4, uniformly. Whoever takes the
/// same steps from the same seed, with xoshiro256** seeded by SplitMix64, gets the same captures.
public struct ClockWorkload: Sendable {
    /// Tags a second of either side.
    public var rateHz = 200_000.0
    /// Share of a side's tags that belong to a pair.
    public var pairShare: Double
    /// Standard deviation of t_B − t_A of a pair, ps.
    public var jitterPS = 300.0
    /// Bob's reading at Alice's zero, ps.
    public var offsetPS: Int64
    /// Relative departure of Bob's rate from Alice's, dimensionless.
    public var skew: Double
    /// Length on Alice's clock, ps.
    public var durationPS = 10 * Picoseconds.perSecond
    /// What the captures are drawn from.
    public var seed: UInt64

    /// Describes a workload of 200 kcps, 300 ps and 10 s.
    public init(pairShare: Double, offsetPS: Int64, skew: Double, seed: UInt64) {
        self.pairShare = pairShare
        self.offsetPS = offsetPS
        self.skew = skew
        self.seed = seed
    }

    /// A tenth of the tags are pairs; 345.678901 ms, +3 ppm.
    public static func easy(seed: UInt64) -> ClockWorkload {
        ClockWorkload(pairShare: 0.1, offsetPS: 345_678_901_000, skew: 3e-6, seed: seed)
    }

    /// One tag in fifty is of a pair; −712.345678 ms, −5 ppm.
    public static func hard(seed: UInt64) -> ClockWorkload {
        ClockWorkload(pairShare: 0.02, offsetPS: -712_345_678_000, skew: -5e-6, seed: seed)
    }

    /// Bob's true reading less Alice's at one of hers, ps, less `offsetPS`.
    public func departurePS(atAlicePS time: Int64) -> Double { skew * Double(time) }

    /// Draws both captures, each in time order on its own clock.
    public func captures() -> (alice: TagBatch, bob: TagBatch) {
        let paired = max(0, min(rateHz, rateHz * pairShare))
        var pairs = SeededGenerator(seed: seed, stream: "pairs")
        var alone = SeededGenerator(seed: seed, stream: "alice")
        var other = SeededGenerator(seed: seed, stream: "bob")
        let common = arrivals(paired, &pairs)
        let alice = merged(common, arrivals(rateHz - paired, &alone), &alone)
        let seen = common.map { bobPS($0 + jitterPS * pairs.gaussian()) }
        let bob = merged(seen, arrivals(rateHz - paired, &other).map(bobPS), &other)
        return (alice, bob)
    }

    /// Instants of a Poisson process, ps of Alice's clock.
    private func arrivals(_ rateHz: Double, _ generator: inout SeededGenerator) -> [Double] {
        guard rateHz > 0 else { return [] }
        let meanGapPS = 1e12 / rateHz
        var times: [Double] = []
        times.reserveCapacity(Int(Double(durationPS) / meanGapPS * 1.01) + 64)
        var time = meanGapPS * generator.exponential()
        while time < Double(durationPS) {
            times.append(time)
            time += meanGapPS * generator.exponential()
        }
        return times
    }

    /// 10 s in ps leave a `Double` 0.002 ps.
    private func bobPS(_ time: Double) -> Double { time + skew * time + Double(offsetPS) }

    /// Rounds two lists, each in order but for the jitter, to 1 ps and merges them.
    private func merged(_ first: [Double], _ second: [Double], _ generator: inout SeededGenerator) -> TagBatch {
        var times: [Int64] = []
        times.reserveCapacity(first.count + second.count)
        var next = 0
        for time in second {
            while next < first.count, first[next] <= time {
                times.append(Int64(first[next].rounded()))
                next += 1
            }
            times.append(Int64(time.rounded()))
        }
        times += first[next...].map { Int64($0.rounded()) }
        // The jitter swaps neighbours at most.
        for place in 1..<max(1, times.count) where times[place] < times[place - 1] {
            let time = times[place]
            var hole = place
            while hole > 0, times[hole - 1] > time {
                times[hole] = times[hole - 1]
                hole -= 1
            }
            times[hole] = time
        }
        return TagBatch(
            times: times, channels: times.map { _ in UInt8(truncatingIfNeeded: generator.next() >> 62) + 1 })
    }
}
