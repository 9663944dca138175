import QKDCore

/// Histogram of the time from one tag to the next.
///
/// Only neighbours count, so at high rates it falls off exponentially; `Correlator` counts all pairs.
public struct IntervalHistogram: Sendable {
    /// Which intervals are taken.
    public enum Selection: Sendable, Equatable {
        /// From any tag to the next one, whatever their channels.
        case consecutive
        /// From a channel's tag to the next of the same channel.
        case sameChannel(UInt8)
        /// From the latest tag of `start` to the first tag of `stop` that follows it (start-stop).
        case startStop(start: UInt8, stop: UInt8)
    }

    /// Which intervals are taken.
    public let selection: Selection
    /// Width of a bin, picoseconds.
    public let binWidthPS: Int64
    /// Intervals from `i × binWidthPS` up to, not including, `(i + 1) × binWidthPS`.
    public private(set) var counts: [Int]
    /// Intervals at or beyond the last bin's end.
    public private(set) var longer = 0
    /// Steps back in time, which have no place in the bins.
    public private(set) var inversions = 0
    /// The shortest and longest interval of those not negative, picoseconds; `nil` before the first.
    public private(set) var shortestPS: Int64?
    /// The longest of them, whether in the bins or beyond, picoseconds.
    public private(set) var longestPS: Int64?
    /// Sum of the intervals not negative, picoseconds, as a Double.
    private var sumPS = 0.0

    private var previousPS: Int64?
    private let divide: BinDivider
    /// Where the last bin ends.
    private let endPS: Int64

    /// Bins that a histogram may have: 128 MiB of them.
    public static let maximumBins = 1 << 24

    /// Makes an empty histogram of `binCount` bins; throws `outOfRange` for no bins, too many, or a width below 1 ps.
    public init(_ selection: Selection = .consecutive, binWidthPS: Int64, binCount: Int) throws {
        guard binWidthPS > 0, binCount > 0, binCount <= Self.maximumBins else {
            throw QKDError(.outOfRange, "an interval histogram needs 1 to \(Self.maximumBins) bins wider than 0 ps")
        }
        self.selection = selection
        self.binWidthPS = binWidthPS
        counts = [Int](repeating: 0, count: binCount)
        let (end, over) = binWidthPS.multipliedReportingOverflow(by: Int64(binCount))
        endPS = over ? Int64.max : end
        divide = BinDivider(width: binWidthPS, limit: endPS)
    }

    /// Intervals taken, within the bins or beyond them.
    public var total: Int { counts.reduce(longer, +) }

    /// The mean of the intervals taken, picoseconds; `nil` without any.
    public var meanPS: Double? {
        let number = total
        return number > 0 ? sumPS / Double(number) : nil
    }

    /// Takes the next tags; an interval across a hole of the batch is left out.
    public mutating func add(_ batch: TagBatch) {
        var start = 0
        for hole in batch.holes.map(\.beforeIndex).sorted() {
            let end = min(max(hole, start), batch.count)
            add(batch, start..<end)
            previousPS = nil
            start = end
        }
        add(batch, start..<batch.count)
    }

    /// Takes a run of tags without a hole in it.
    private mutating func add(_ batch: TagBatch, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        // What starts an interval, and what ends one: a channel, or any.
        let (start, stop, keeps): (UInt8?, UInt8?, Bool) =
            switch selection {
            case .consecutive: (nil, nil, true)
            case .sameChannel(let channel): (channel, channel, true)
            case .startStop(let start, let stop): (start, stop, start == stop)
            }
        let (startMask, stopMask) = (Self.table(start), Self.table(stop))
        var run = Run(previous: previousPS, divide: divide, endPS: endPS)
        counts.withUnsafeMutableBufferPointer { counts in
            batch.times.withUnsafeBufferPointer { times in
                batch.channels.withUnsafeBufferPointer { channels in
                    startMask.withUnsafeBufferPointer { starts in
                        stopMask.withUnsafeBufferPointer { stops in
                            for index in range {
                                let channel = Int(channels[index])
                                if run.isOpen, stops[channel] {
                                    run.close(at: times[index], counts)
                                    run.isOpen = keeps
                                }
                                if starts[channel] { run.open(at: times[index]) }
                            }
                        }
                    }
                }
            }
        }
        previousPS = run.isOpen ? run.previous : nil
        longer += run.longer
        inversions += run.inversions
        sumPS += run.sum
        if run.shortest <= run.longest {
            shortestPS = min(shortestPS ?? run.shortest, run.shortest)
            longestPS = max(longestPS ?? run.longest, run.longest)
        }
    }

    /// Which channels are meant: one, or all.
    private static func table(_ channel: UInt8?) -> [Bool] {
        (0..<256).map { number in channel.map { Int($0) == number } ?? true }
    }

    /// What changes from tag to tag, kept out of the histogram while a batch runs through.
    private struct Run {
        var previous: Int64
        var isOpen: Bool
        let divide: BinDivider
        let endPS: Int64
        var longer = 0
        var inversions = 0
        var sum = 0.0
        var shortest = Int64.max
        var longest = Int64.min

        init(previous: Int64?, divide: BinDivider, endPS: Int64) {
            self.previous = previous ?? 0
            isOpen = previous != nil
            self.divide = divide
            self.endPS = endPS
        }

        @inline(__always)
        mutating func open(at time: Int64) {
            previous = time
            isOpen = true
        }

        @inline(__always)
        mutating func close(at time: Int64, _ counts: UnsafeMutableBufferPointer<Int>) {
            let interval = time - previous
            guard interval >= 0 else {
                inversions &+= 1
                return
            }
            if interval < endPS { counts[divide(interval)] &+= 1 } else { longer &+= 1 }
            sum += Double(interval)
            shortest = min(shortest, interval)
            longest = max(longest, interval)
        }
    }
}
