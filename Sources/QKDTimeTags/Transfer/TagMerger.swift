import QKDCore

/// Merges streams of tags, each in time order, into one in time order.
///
/// Holds no more than a batch of each; tags of one time come in the order of the streams.
struct TagMerger {
    private var held: [TagBatch]
    /// The newest time of each stream; `nil` before its first tag.
    private var newestPS: [Int64?]
    private var isOpen: [Bool]

    init(streams: Int) {
        held = Array(repeating: TagBatch(), count: streams)
        newestPS = Array(repeating: nil, count: streams)
        isOpen = Array(repeating: true, count: streams)
    }

    /// The stream that must speak before anything can go on; `nil` if all have ended.
    var next: Int? {
        isOpen.indices.filter { isOpen[$0] }.min { (newestPS[$0] ?? .min) < (newestPS[$1] ?? .min) }
    }

    mutating func add(_ batch: TagBatch, from stream: Int) {
        newestPS[stream] = batch.times.last ?? newestPS[stream]
        held[stream].append(batch)
    }

    mutating func end(_ stream: Int) { isOpen[stream] = false }

    /// All tags that no open stream can come before any more.
    mutating func release() -> TagBatch {
        var horizon = Int64.max
        for stream in isOpen.indices where isOpen[stream] {
            guard let newest = newestPS[stream] else { return TagBatch() }
            horizon = min(horizon, newest)
        }
        // A stream may still bring more tags of its newest time, which belong behind earlier streams' ones.
        let isEnd = !isOpen.contains(true)
        let parts = held.indices.map { stream -> TagBatch in
            let due = held[stream].times.prefix { isEnd || $0 < horizon }.count
            var part = held[stream]
            part.times.removeSubrange(due...)
            part.channels.removeSubrange(due...)
            let stays = due == held[stream].count
            part.holes = held[stream].holes.filter { $0.beforeIndex < due || stays }
            held[stream].holes.removeAll { $0.beforeIndex < due || stays }
            held[stream].removeFirst(due)
            return part
        }
        return Self.merged(parts)
    }

    private static func merged(_ parts: [TagBatch]) -> TagBatch {
        var out = TagBatch(capacity: parts.reduce(0) { $0 + $1.count })
        var cursor = Array(repeating: 0, count: parts.count)
        var hole = Array(repeating: 0, count: parts.count)
        func takeHoles(_ part: Int) {
            while hole[part] < parts[part].holes.count, parts[part].holes[hole[part]].beforeIndex <= cursor[part] {
                let found = parts[part].holes[hole[part]]
                out.holes.append(TagHole(beforeIndex: out.count, cause: found.cause, afterPS: found.afterPS))
                hole[part] += 1
            }
        }
        while true {
            var best: Int?
            for part in parts.indices where cursor[part] < parts[part].count {
                if let now = best, parts[now].times[cursor[now]] <= parts[part].times[cursor[part]] { continue }
                best = part
            }
            guard let best else { break }
            takeHoles(best)
            out.append(timePS: parts[best].times[cursor[best]], channel: parts[best].channels[cursor[best]])
            cursor[best] += 1
        }
        for part in parts.indices { takeHoles(part) }
        return out
    }
}
