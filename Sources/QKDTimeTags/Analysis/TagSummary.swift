import QKDCore
import QKDKernels

/// What a stream of tags looks like as a whole: counts, span, rates and disorder.
public struct TagSummary: Sendable, Equatable {
    /// One input's share.
    public struct Channel: Sendable, Equatable {
        /// The input's number.
        public var channel: UInt8
        /// How often it fired.
        public var tags: Int
        /// Tags whose time equals that of this channel's tag before.
        public var duplicates: Int
        /// First and last in the order of the stream, picoseconds.
        public var firstPS: Int64
        /// Time of the last one, which disorder can put before the first, picoseconds.
        public var lastPS: Int64
    }

    /// The channels that fired, by number.
    public var channels: [Channel] = []
    /// All tags.
    public var tags = 0
    /// The smallest and the largest time, picoseconds; `nil` without tags.
    public var earliestPS: Int64?
    /// The largest time in the stream, wherever it stands, picoseconds.
    public var latestPS: Int64?
    /// Tags whose time lies before that of the tag in front of them.
    public var inversions = 0
    /// The longest of these steps back, picoseconds.
    public var largestInversionPS: Int64 = 0
    /// Tags with the same time as the tag in front of them, on another channel (hits that fell together).
    public var coincidentTags = 0
    /// Tags with the same time and channel as one right before.
    public var duplicates: Int { channels.reduce(0) { $0 + $1.duplicates } }
    /// Places at which the source lost tags: no rate holds across them.
    public var holes = 0

    /// A summary of no tags.
    public init() {}

    /// From the earliest to the latest tag, picoseconds.
    public var durationPS: Int64 {
        guard let earliestPS, let latestPS else { return 0 }
        return latestPS - earliestPS
    }

    /// Tags per second of the whole span, of one channel or of all; `nil` for a span of zero.
    public func ratePerSecond(channel: UInt8? = nil) -> Double? {
        guard durationPS > 0 else { return nil }
        let count = channel.map { wanted in channels.first { $0.channel == wanted }?.tags ?? 0 } ?? tags
        return Double(count) / Picoseconds.seconds(durationPS)
    }
}

/// Builds a `TagSummary` from batches.
public struct TagSummaryBuilder: Sendable {
    private var tags = [Int](repeating: 0, count: 256)
    private var first = [Int64](repeating: 0, count: 256)
    private var last = [Int64](repeating: 0, count: 256)
    private var duplicates = [Int](repeating: 0, count: 256)
    private var overall = TagSummary()
    private var previousPS: Int64?
    /// Tags of each channel in a batch.
    private var here = [Int](repeating: 0, count: 256)

    /// Starts without tags.
    public init() {}

    /// Takes the next tags.
    public mutating func add(_ batch: TagBatch) {
        overall.holes += batch.holes.count
        guard let first = batch.times.first else { return }
        var order = TagOrder()
        // The very first tag has nothing in front of it that it could equal.
        let before = previousPS ?? first &- 1
        batch.times.withUnsafeBufferPointer { order.add($0, after: before) }
        // In order, a time can only have been there before if it is the one in front.
        if order.inversions == 0, previousPS == overall.latestPS {
            addOrdered(batch, after: before, ties: order.ties)
        } else {
            addAny(batch)
        }
    }

    /// Takes tags that rise, and that nothing later than `before` has come in front of.
    private mutating func addOrdered(_ batch: TagBatch, after before: Int64, ties: Int) {
        let (times, channels) = (batch.times, batch.channels)
        if ties > 0 { countTies(times, channels, after: before) }
        var missing = count(times, channels)
        var place = times.count - 1
        while missing > 0 {
            let channel = Int(channels[place])
            if here[channel] > 0 {
                last[channel] = times[place]
                here[channel] = 0
                missing -= 1
            }
            place -= 1
        }
        overall.tags += times.count
        overall.earliestPS = min(overall.earliestPS ?? times[0], times[0])
        overall.latestPS = times[times.count - 1]
        previousPS = overall.latestPS
    }

    /// Counts tags into `here`, which is zero before, and adds them up; returns how many channels there are.
    private mutating func count(_ times: [Int64], _ channels: [UInt8]) -> Int {
        channels.withUnsafeBufferPointer { channels in
            here.withUnsafeMutableBufferPointer { ChannelKernel.count(channels, into: $0) }
        }
        var (found, missing) = (0, times.count)
        for channel in here.indices where here[channel] > 0 {
            if tags[channel] == 0, let place = channels.firstIndex(of: UInt8(channel)) { first[channel] = times[place] }
            tags[channel] += here[channel]
            found += 1
            missing -= here[channel]
            // Channels mostly have low numbers.
            if missing == 0 { break }
        }
        return found
    }

    /// Sorts tags at the time of the one in front into duplicates and hits that fell together.
    private mutating func countTies(_ times: [Int64], _ channels: [UInt8], after before: Int64) {
        for index in times.indices where times[index] == (index == 0 ? before : times[index - 1]) {
            let (time, channel) = (times[index], channels[index])
            var place = index - 1
            while place >= 0, times[place] == time, channels[place] != channel { place -= 1 }
            let repeats =
                place >= 0 && times[place] == time
                || place < 0 && tags[Int(channel)] > 0 && last[Int(channel)] == time
            if repeats { duplicates[Int(channel)] += 1 } else { overall.coincidentTags += 1 }
        }
    }

    /// Takes tags in any order, one by one.
    private mutating func addAny(_ batch: TagBatch) {
        guard let start = batch.times.first else { return }
        overall.tags += batch.count
        var previous = previousPS ?? start
        var hasPrevious = previousPS != nil
        var earliest = overall.earliestPS ?? start
        var latest = overall.latestPS ?? start
        for index in 0..<batch.count {
            let time = batch.times[index]
            let channel = Int(batch.channels[index])
            if time < previous {
                overall.inversions += 1
                overall.largestInversionPS = max(overall.largestInversionPS, previous - time)
            }
            let repeatsChannel = tags[channel] > 0 && last[channel] == time
            if repeatsChannel { duplicates[channel] += 1 }
            if hasPrevious, time == previous, !repeatsChannel { overall.coincidentTags += 1 }
            if tags[channel] == 0 { first[channel] = time }
            tags[channel] += 1
            last[channel] = time
            earliest = min(earliest, time)
            latest = max(latest, time)
            previous = time
            hasPrevious = true
        }
        overall.earliestPS = earliest
        overall.latestPS = latest
        previousPS = previous
    }

    /// The summary of what was added so far.
    public var summary: TagSummary {
        var result = overall
        result.channels = tags.indices.filter { tags[$0] > 0 }.map {
            TagSummary.Channel(
                channel: UInt8($0), tags: tags[$0], duplicates: duplicates[$0], firstPS: first[$0], lastPS: last[$0])
        }
        return result
    }
}
