import CQKDKernels

/// Parts the tags of one stream by side: those whose channel has no bit of a mask, and those that have one.
public enum SplitKernel {
    /// One side's memory for tags.
    public struct Room {
        /// Times, ps.
        public let times: UnsafeMutablePointer<Int64>
        /// Channels.
        public let channels: UnsafeMutablePointer<UInt8>

        /// Names the memory, which has room for all tags of the stream.
        public init(times: UnsafeMutablePointer<Int64>, channels: UnsafeMutablePointer<UInt8>) {
            self.times = times
            self.channels = channels
        }
    }

    /// Parts tags, each side in the order of the stream; returns how many have no bit of `sides`.
    ///
    /// What lies behind a side's tags in its memory may have been written to.
    public static func split(
        _ times: UnsafeBufferPointer<Int64>, _ channels: UnsafeBufferPointer<UInt8>, sides: UInt8, without: Room,
        with: Room, level: KernelLevel = .current
    ) -> Int {
        precondition(times.count == channels.count, "a tag is a time and a channel")
        return withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Int64>?.self, capacity: 2) { sideTimes in
            withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<UInt8>?.self, capacity: 2) { sideChannels in
                (sideTimes[0], sideTimes[1]) = (without.times, with.times)
                (sideChannels[0], sideChannels[1]) = (without.channels, with.channels)
                return qkd_split(
                    level.rawValue, times.baseAddress, channels.baseAddress, times.count, sides,
                    sideTimes.baseAddress, sideChannels.baseAddress)
            }
        }
    }

    /// The same, tag by tag: what `split` is held against.
    public static func splitTwin(
        _ times: [Int64], _ channels: [UInt8], sides: UInt8
    ) -> (without: [(Int64, UInt8)], with: [(Int64, UInt8)]) {
        let tags = Array(zip(times, channels))
        return (tags.filter { $0.1 & sides == 0 }, tags.filter { $0.1 & sides != 0 })
    }
}
