import QKDCore

/// Tags per bin of time, one trace a channel, from the first tag on.
///
/// Memory is bounded: when the trace outgrows `maximumBins`, neighbouring bins merge and the width doubles.
public struct RateTrace: Sendable {
    /// Width of a bin, picoseconds; the width asked for times a power of two.
    public private(set) var binWidthPS: Int64
    /// Where the first bin begins, picoseconds: the first tag's time; `nil` without tags.
    public private(set) var originPS: Int64?
    /// Tags before the origin (disorder at the very start), which no bin holds.
    public private(set) var tagsBeforeOrigin = 0
    /// Places at which the source lost tags; a rate across one is too low.
    public private(set) var holes = 0

    private let maximumBins: Int
    private var bins = 0
    private var rows = [[Int]](repeating: [], count: 256)

    /// Starts a trace; throws `outOfRange` unless the width is positive and there are at least 2 bins.
    public init(binWidthPS: Int64, maximumBins: Int = 1 << 16) throws {
        guard binWidthPS > 0, maximumBins >= 2 else {
            throw QKDError(.outOfRange, "a rate trace needs a bin width above 0 ps and room for 2 bins")
        }
        self.binWidthPS = binWidthPS
        self.maximumBins = maximumBins
    }

    /// Number of bins so far.
    public var binCount: Int { bins }

    /// Counts by channel; the traces have the same number of bins.
    public var countsByChannel: [UInt8: [Int]] {
        var result: [UInt8: [Int]] = [:]
        for channel in rows.indices where !rows[channel].isEmpty {
            let missing = bins - rows[channel].count
            result[UInt8(channel)] = rows[channel] + repeatElement(0, count: missing)
        }
        return result
    }

    /// Counts of all channels together.
    public var total: [Int] {
        rows.reduce(into: [Int](repeating: 0, count: bins)) { sum, row in
            for (bin, count) in row.enumerated() { sum[bin] += count }
        }
    }

    /// Takes the next tags.
    public mutating func add(_ batch: TagBatch) {
        holes += batch.holes.count
        guard let start = batch.times.first else { return }
        let origin = originPS ?? start
        originPS = origin
        for index in 0..<batch.count {
            let time = batch.times[index]
            guard time >= origin else {
                tagsBeforeOrigin += 1
                continue
            }
            var bin = Int((time - origin) / binWidthPS)
            while bin >= maximumBins {
                halve()
                bin = Int((time - origin) / binWidthPS)
            }
            let channel = Int(batch.channels[index])
            bins = max(bins, bin + 1)
            if rows[channel].count <= bin {
                rows[channel].append(contentsOf: repeatElement(0, count: bins - rows[channel].count))
            }
            rows[channel][bin] += 1
        }
    }

    private mutating func halve() {
        binWidthPS *= 2
        bins = (bins + 1) / 2
        for channel in rows.indices {
            let row = rows[channel]
            rows[channel] = stride(from: 0, to: row.count, by: 2).map {
                $0 + 1 < row.count ? row[$0] + row[$0 + 1] : row[$0]
            }
        }
    }
}
