import QKDCore

/// Which tags of a source are wanted, and what becomes of their times and channels.
public struct TagSelection: Sendable, Equatable {
    /// The channels that are kept, by their number in the source; `nil` keeps all.
    public var channels: Set<UInt8>?
    /// Earliest and latest time kept, ps, from the source's first tag on; the end is not included.
    public var fromPS: Int64?
    /// See `fromPS`.
    public var toPS: Int64?
    /// Added to every time, ps.
    public var shiftPS: Int64 = 0
    /// Whether the first tag's time becomes 0, before `shiftPS` is added.
    public var rezeroes = false
    /// New numbers of channels; the others keep theirs.
    public var channelMap: [UInt8: UInt8] = [:]
    /// Added to every channel, after the map.
    public var channelOffset: UInt8 = 0

    /// Keeps everything.
    public init() {}

    var keepsEverything: Bool { self == TagSelection() }
}

/// Applies a selection batch by batch.
struct TagSelector {
    private let selection: TagSelection
    private var originPS: Int64?
    private let table: [UInt8]
    /// Tags that were not wanted.
    private(set) var leftOut = 0

    init(_ selection: TagSelection) {
        self.selection = selection
        table = (0...UInt8.max).map { selection.channelMap[$0] ?? $0 }
    }

    /// Whether no tag of this batch or later is wanted, but for disorder of up to a second.
    func isPast(_ batch: TagBatch) -> Bool {
        guard let to = selection.toPS, let origin = originPS, let first = batch.times.first else { return false }
        return first - origin > to && first - origin - to > Picoseconds.perSecond
    }

    /// Throws `outOfRange` for a channel or a time that the shift leads out of range.
    mutating func apply(_ batch: TagBatch, from path: String) throws -> TagBatch {
        if originPS == nil { originPS = batch.times.first }
        guard !selection.keepsEverything else { return batch }
        let origin = originPS ?? 0
        let shift =
            selection.rezeroes
            ? selection.shiftPS.subtractingReportingOverflow(origin)
            : (partialValue: selection.shiftPS, overflow: false)
        guard !shift.overflow else {
            throw QKDError(.outOfRange, "a time leaves its range", at: .init(path, field: "time"))
        }
        let shiftPS = shift.partialValue
        var out = TagBatch(capacity: batch.count)
        var holes = batch.holes[...]
        for index in 0...batch.count {
            while let hole = holes.first, hole.beforeIndex <= index {
                let afterPS = hole.afterPS.map { $0.addingReportingOverflow(shiftPS).partialValue }
                out.holes.append(TagHole(beforeIndex: out.count, cause: hole.cause, afterPS: afterPS))
                holes.removeFirst()
            }
            guard index < batch.count else { break }
            let (time, channel) = (batch.times[index], batch.channels[index])
            let since = time.subtractingReportingOverflow(origin).partialValue
            let wanted =
                selection.channels?.contains(channel) ?? true && since >= selection.fromPS ?? .min
                && since < selection.toPS ?? .max
            guard wanted else {
                leftOut += 1
                continue
            }
            let (shifted, overTime) = time.addingReportingOverflow(shiftPS)
            let (moved, overChannel) = table[Int(channel)].addingReportingOverflow(selection.channelOffset)
            guard !overTime, !overChannel else {
                throw QKDError(
                    .outOfRange, overTime ? "a time leaves its range" : "channel \(channel) leaves the range 0 to 255",
                    at: .init(path, field: overTime ? "time" : "channel"))
            }
            out.append(timePS: shifted, channel: moved)
        }
        return out
    }
}
