import QKDCore

/// Two parties' tags on one clock: partners that fell together but for jitter, among uncorrelated ones.
///
/// Channels are 0 to 3 on each side, bit 0 the outcome and bit 1 the basis. Partners have bases of their own; where
/// these are equal the outcomes differ with the probability `qber`.
public struct PairWorkload: Sendable {
    /// Tags of each side.
    public var tags = 10_000_000
    /// Their span, ps.
    public var durationPS = Double(Picoseconds.perSecond)
    /// How many of a side's tags have a partner.
    public var pairShare = 0.3
    /// Standard deviation of the partners' difference, ps.
    public var jitterPS = 100.0
    /// Probability of a wrong outcome in equal bases.
    public var qber = 0.03

    /// The defaults stated with each property.
    public init() {}

    /// Makes both sides' tags, each in time order, and how many pairs there are.
    ///
    /// Numbers of tags are exact up to the end of the span; the times of a kind of tag are a Poisson process.
    public func make(seed: UInt64) -> (alice: TagBatch, bob: TagBatch) {
        var pairs = SeededGenerator(seed: seed, stream: "pair workload, pairs")
        let pairCount = Int((Double(tags) * pairShare).rounded())
        var (alice, bob): ([UInt64], [UInt64]) = ([], [])
        alice.reserveCapacity(pairCount)
        bob.reserveCapacity(pairCount)
        var time = 10 * jitterPS
        for _ in 0..<pairCount {
            time += pairs.exponential() * durationPS / Double(max(1, pairCount))
            let draw = pairs.next()
            let state = UInt8(truncatingIfNeeded: draw) & 3
            var other = UInt8(truncatingIfNeeded: draw >> 2) & 3
            if (state ^ other) & 2 == 0 { other = state ^ (pairs.uniform() <= qber ? 1 : 0) }
            alice.append(Self.packed(time, state))
            bob.append(Self.packed(max(0, time + pairs.gaussian() * jitterPS), other))
        }
        Self.sortNearly(&bob)
        return (
            Self.merged(alice, singles(seed, "Alice", tags - pairCount)),
            Self.merged(bob, singles(seed, "Bob", tags - pairCount))
        )
    }

    private func singles(_ seed: UInt64, _ whose: String, _ count: Int) -> [UInt64] {
        var generator = SeededGenerator(seed: seed, stream: "pair workload, singles of \(whose)")
        var time = 0.0
        return (0..<count).map { _ in
            time += generator.exponential() * durationPS / Double(max(1, count))
            return Self.packed(time, UInt8(truncatingIfNeeded: generator.next()) & 3)
        }
    }

    private static func packed(_ time: Double, _ channel: UInt8) -> UInt64 { UInt64(time) << 8 | UInt64(channel) }

    /// Insertion sort: jitter moves a tag by a place or two.
    private static func sortNearly(_ tags: inout [UInt64]) {
        tags.withUnsafeMutableBufferPointer { tags in
            for place in 1..<max(1, tags.count) {
                let tag = tags[place]
                var hole = place
                while hole > 0, tags[hole - 1] > tag {
                    tags[hole] = tags[hole - 1]
                    hole -= 1
                }
                tags[hole] = tag
            }
        }
    }

    private static func merged(_ left: [UInt64], _ right: [UInt64]) -> TagBatch {
        var batch = TagBatch()
        let count = left.count + right.count
        batch.append(addingCapacity: count) { times, channels in
            var (i, j) = (0, 0)
            for place in 0..<count {
                let tag: UInt64
                if j == right.count || i < left.count && left[i] <= right[j] {
                    tag = left[i]
                    i += 1
                } else {
                    tag = right[j]
                    j += 1
                }
                times[place] = Int64(tag >> 8)
                channels[place] = UInt8(truncatingIfNeeded: tag)
            }
            return count
        }
        return batch
    }
}
