import CQKDKernels

/// Counts channels.
public enum ChannelKernel {
    /// Adds to `counts`, which has 256 places, how often each channel is there.
    public static func count(
        _ channels: UnsafeBufferPointer<UInt8>, into counts: UnsafeMutableBufferPointer<Int>,
        level: KernelLevel = .current
    ) {
        precondition(counts.count == 256, "a byte has 256 values")
        counts.withMemoryRebound(to: Int64.self) {
            qkd_count_channels(level.rawValue, channels.baseAddress, channels.count, $0.baseAddress)
        }
    }

    /// The same, one by one: what `count` is held against.
    public static func countTwin(_ channels: [UInt8], into counts: inout [Int]) {
        for channel in channels { counts[Int(channel)] += 1 }
    }
}
