import QKDCore

/// One line of time for a session's tags, across restarts of the tagger and silences in which its counter wrapped
/// unseen.
///
/// After such a hole the tagger's time says nothing of the time before, so the tags are put where Bob's host clock
/// says that they belong: right to the fraction of a second by which tags come late. The next frame is looked for that widely.
struct TagTimeline: Sendable {
    /// From a time of this line on, tags stand so much later than the tagger said.
    struct Shift: Sendable, Equatable {
        var fromPS: Int64
        var byPS: Int64
    }

    /// Every shift so far.
    private(set) var shifts: [Shift] = []
    /// The last tag's time.
    private(set) var lastPS: Int64?
    private var lastHostPS: Int64 = 0
    private var isLost = false
    private var wasSilent = false

    private var byPS: Int64 { shifts.last?.byPS ?? 0 }

    /// More than tags ever come late, and less than the shortest wrap of a tagger's counter.
    static let tolerancePS = 200 * Picoseconds.perMillisecond

    /// The next tags come from a tagger that was started anew.
    mutating func lose() { isLost = true }

    /// Puts a batch on the line; `hostPS` is what Bob's host clock shows at its end.
    mutating func place(_ batch: TagBatch, hostPS: Int64) -> TagBatch {
        guard let first = batch.times.first, let end = batch.times.last else {
            wasSilent = wasSilent || batch.holes.contains { $0.cause == .silence }
            return batch
        }
        var batch = batch
        let old = byPS
        var from = 0
        if let lastPS {
            let lack = lastPS + (hostPS - lastHostPS) - (end + old)
            let silence = batch.holes.first { $0.cause == .silence && $0.beforeIndex < batch.count }?.beforeIndex
            if isLost {
                shift(by: max(old + lack, lastPS + 1 - first), at: first)
            } else if let silence = wasSilent ? 0 : silence, lack > Self.tolerancePS {
                from = silence
                shift(by: old + lack, at: batch.times[from])
            }
        }
        let new = byPS
        if old != 0 { for index in 0..<from { batch.times[index] += old } }
        if new != 0 { for index in from..<batch.count { batch.times[index] += new } }
        for index in batch.holes.indices {
            let isLater = batch.holes[index].beforeIndex > from
            batch.holes[index].afterPS? += isLater ? new : old
        }
        isLost = false
        wasSilent = false
        lastPS = end + new
        lastHostPS = hostPS
        return batch
    }

    private mutating func shift(by newPS: Int64, at rawPS: Int64) {
        shifts.append(Shift(fromPS: rawPS + newPS, byPS: newPS))
    }
}
