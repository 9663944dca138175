import QKDCore

/// Puts tags in time order that come slightly out of it, holding back only a window of them.
///
/// A tag is let go, at the end of a batch, once a tag `windowPS` later has been seen. What would belong before
/// a tag that has gone is counted and left out, for no order can be made of it in bounded memory.
public struct TagReorderer: Sendable {
    /// How far back a tag may come and still find its place, picoseconds.
    public let windowPS: Int64
    /// Tags that came before a tag in front of them and found their place.
    public private(set) var reorderedTags = 0
    /// Tags that came too late and were left out.
    public private(set) var lateTags = 0

    private var held = TagBatch()
    /// Holes, each with the newest time in front of it.
    private var heldHoles: [(afterPS: Int64, hole: TagHole)] = []
    private var newestPS = Int64.min
    private var releasedPS = Int64.min

    /// Makes a reorderer; a negative window counts as 0.
    public init(windowPS: Int64) {
        self.windowPS = max(0, windowPS)
    }

    /// Takes tags and returns, in time order, all that may go. A hole goes behind the tags that came before it.
    public mutating func add(_ batch: TagBatch) -> TagBatch {
        for hole in batch.holes {
            let before = batch.times[..<min(hole.beforeIndex, batch.count)].max() ?? newestPS
            heldHoles.append((max(before, newestPS), hole))
        }
        if Self.isSorted(batch.times, notBefore: newestPS) {
            newestPS = batch.times.last ?? newestPS
            held.times.append(contentsOf: batch.times)
            held.channels.append(contentsOf: batch.channels)
        } else {
            takeUnsorted(batch)
        }
        let horizon = newestPS.subtractingReportingOverflow(windowPS)
        return release(notAfter: horizon.overflow ? Int64.min : horizon.partialValue)
    }

    private static func isSorted(_ times: [Int64], notBefore start: Int64) -> Bool {
        times.withUnsafeBufferPointer { times in
            var previous = start
            var inversions = 0
            for time in times {
                inversions &+= time < previous ? 1 : 0
                previous = time
            }
            return inversions == 0
        }
    }

    private mutating func takeUnsorted(_ batch: TagBatch) {
        for index in 0..<batch.count {
            let time = batch.times[index]
            if time < newestPS {
                guard time >= releasedPS else {
                    lateTags += 1
                    continue
                }
                reorderedTags += 1
            } else {
                newestPS = time
            }
            held.append(timePS: time, channel: batch.channels[index])
        }
        held = Self.sorted(held)
    }

    /// Returns, in time order, what is still held.
    public mutating func finish() -> TagBatch {
        release(notAfter: Int64.max)
    }

    private mutating func release(notAfter horizon: Int64) -> TagBatch {
        var low = 0
        var high = held.count
        while low < high {
            let middle = (low + high) / 2
            if held.times[middle] <= horizon { low = middle + 1 } else { high = middle }
        }
        guard low > 0 || !heldHoles.isEmpty else { return TagBatch() }
        var out = TagBatch(times: Array(held.times[..<low]), channels: Array(held.channels[..<low]))
        held.removeFirst(low)
        releasedPS = max(releasedPS, out.times.last ?? releasedPS)
        let due = heldHoles.prefix { $0.afterPS <= horizon }
        heldHoles.removeFirst(due.count)
        out.holes = due.map { afterPS, hole in
            TagHole(
                beforeIndex: out.times.firstIndex { $0 > afterPS } ?? out.count, cause: hole.cause,
                afterPS: hole.afterPS)
        }
        return out
    }

    private static func sorted(_ batch: TagBatch) -> TagBatch {
        // Swift's sort keeps the order of equals, so tags of one time stay as they came.
        let order = batch.times.indices.sorted { batch.times[$0] < batch.times[$1] }
        return TagBatch(times: order.map { batch.times[$0] }, channels: order.map { batch.channels[$0] })
    }
}
