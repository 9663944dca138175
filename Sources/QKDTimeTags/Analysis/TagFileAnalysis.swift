import QKDCore

/// A result drawn from a tag file, with what was found on the way to the file's end.
public struct TagFileAnalysis<Value: Sendable>: Sendable {
    /// What the header says.
    public var metadata: TagFileMetadata
    /// What the records were.
    public var counts: TagRecordCounts
    /// The result from all tags that could be read.
    public var value: Value
    /// Tags that came out of order and were put in their place; only for results that need order.
    public var reorderedTags = 0
    /// Tags that came out of order by more than the window, and so are missing in a result that needs order.
    public var lateTags = 0
    /// What was wrong behind the last good record, or `nil` for a file that is whole.
    ///
    /// A caller that prints `value` must not keep this to itself.
    public var damage: QKDError?
}

/// Whole-file analyses: each opens the file, streams through it once and returns the result.
///
/// They throw what opening throws; damage further on is returned beside the result. They block, and
/// look for a cancelled task between batches (`interrupted`).
public enum TagFile {
    /// How far out of order a tag may come and still be put right, unless said otherwise: 1 µs.
    public static let defaultReorderWindowPS = Picoseconds.perMicrosecond

    /// Counts, rates and disorder; the header is in the metadata.
    public static func summary(path: String, format: TagFormat? = nil) throws -> TagFileAnalysis<TagSummary> {
        let analysis = try scan(path, format, TagSummaryBuilder(), batchRecords: 1 << 11) { $0.add($1) }
        return analysis.map(\.summary)
    }

    /// Counts against time in bins of `binWidthPS`, which doubles whenever more than `maximumBins` are needed.
    public static func rateTrace(
        path: String, format: TagFormat? = nil, binWidthPS: Int64, maximumBins: Int = 1 << 16
    ) throws -> TagFileAnalysis<RateTrace> {
        try scan(path, format, RateTrace(binWidthPS: binWidthPS, maximumBins: maximumBins)) { $0.add($1) }
    }

    /// The times from one tag to the next.
    public static func intervals(
        path: String, format: TagFormat? = nil, _ selection: IntervalHistogram.Selection = .consecutive,
        binWidthPS: Int64,
        binCount: Int, reorderWindowPS: Int64 = defaultReorderWindowPS
    ) throws -> TagFileAnalysis<IntervalHistogram> {
        let histogram = try IntervalHistogram(selection, binWidthPS: binWidthPS, binCount: binCount)
        return try orderedScan(path, format, histogram, reorderWindowPS) { $0.add($1) }
    }

    /// The correlations of pairs of channels; the same channel twice is its autocorrelation.
    public static func correlations(
        path: String, format: TagFormat? = nil, pairs: [(UInt8, UInt8)], options: CorrelationOptions,
        reorderWindowPS: Int64 = defaultReorderWindowPS
    ) throws -> TagFileAnalysis<[CorrelationHistogram]> {
        let correlators = pairs.map { Correlator($0.0, $0.1, options: options) }
        let analysis = try orderedScan(path, format, correlators, reorderWindowPS) { correlators, batch in
            for index in correlators.indices { try correlators[index].add(batch) }
        }
        return analysis.map { correlators in
            correlators.map { correlator in
                var correlator = correlator
                return correlator.finish()
            }
        }
    }

    /// Coincidences, counted by `counters`.
    public static func coincidences(
        path: String, format: TagFormat? = nil, counters: [CoincidenceCounter],
        reorderWindowPS: Int64 = defaultReorderWindowPS
    ) throws -> TagFileAnalysis<[CoincidenceCounter]> {
        let analysis = try orderedScan(path, format, counters, reorderWindowPS) { counters, batch in
            for index in counters.indices { counters[index].add(batch) }
        }
        return analysis.map { counters in
            counters.map { counter in
                var counter = counter
                counter.finish()
                return counter
            }
        }
    }

    /// The pairs of different channels among `channels`, lower number first.
    public static func allPairs(_ channels: [UInt8]) -> [(UInt8, UInt8)] {
        let sorted = Set(channels).sorted()
        return sorted.enumerated().flatMap { position, a in sorted[(position + 1)...].map { (a, $0) } }
    }

    /// Streams the tags in time order.
    private static func orderedScan<State: Sendable>(
        _ path: String, _ format: TagFormat?, _ state: State, _ windowPS: Int64,
        _ body: (inout State, TagBatch) throws -> Void
    ) throws -> TagFileAnalysis<State> {
        var reorderer = TagReorderer(windowPS: windowPS)
        var analysis = try scan(path, format, state) { try body(&$0, reorderer.add($1)) }
        try body(&analysis.value, reorderer.finish())
        analysis.reorderedTags = reorderer.reorderedTags
        analysis.lateTags = reorderer.lateTags
        return analysis
    }

    /// Streams the tags as they are.
    private static func scan<State: Sendable>(
        _ path: String, _ format: TagFormat?, _ state: State, batchRecords: Int = TagFileReader.defaultBatchRecords,
        _ body: (inout State, TagBatch) throws -> Void
    ) throws -> TagFileAnalysis<State> {
        let reader = try TagFileReader(path: path, format: format, batchRecords: batchRecords)
        var state = state
        var damage: QKDError?
        var batch = TagBatch()
        while true {
            guard !Task.isCancelled else {
                throw QKDError(.interrupted, "stopped after \(reader.counts.records) records", at: .init(path))
            }
            do {
                guard try reader.next(into: &batch) else { break }
            } catch let error as QKDError {
                damage = error
                break
            }
            try body(&state, batch)
        }
        return TagFileAnalysis(metadata: reader.metadata, counts: reader.counts, value: state, damage: damage)
    }
}

extension TagFileAnalysis {
    /// The same findings with another value.
    public func map<Other: Sendable>(_ transform: (Value) throws -> Other) rethrows -> TagFileAnalysis<Other> {
        TagFileAnalysis<Other>(
            metadata: metadata, counts: counts, value: try transform(value), reorderedTags: reorderedTags,
            lateTags: lateTags,
            damage: damage)
    }
}
