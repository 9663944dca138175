import QKDCore

/// Tags of a tagger that sees uncorrelated light: a Poisson process, each tag on a channel drawn uniformly.
public struct TagWorkload: Sendable {
    private var generator: SeededGenerator
    private let meanPS: Double
    private let channels: UInt64
    private var timePS = 0.0

    /// Starts at zero with `ratePerSecond` tags on `channels` channels together (1 to 64).
    public init(seed: UInt64, ratePerSecond: Double, channels: Int) {
        precondition((1...64).contains(channels) && ratePerSecond > 0, "1 to 64 channels, a rate above zero")
        generator = SeededGenerator(seed: seed, stream: "tag workload \(ratePerSecond)")
        meanPS = 1e12 / ratePerSecond
        self.channels = UInt64(channels)
    }

    /// The next `count` tags, times in whole ps, appended to `batch`.
    public mutating func next(_ count: Int, into batch: inout TagBatch) {
        batch.append(addingCapacity: count) { times, inputs in
            for index in 0..<count {
                timePS += generator.exponential() * meanPS
                times[index] = Int64(timePS)
                inputs[index] = UInt8(truncatingIfNeeded: generator.next(upperBound: channels))
            }
            return count
        }
    }
}
