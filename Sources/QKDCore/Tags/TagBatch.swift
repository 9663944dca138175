/// A run of time tags in structure-of-arrays form: picoseconds on the tagger's own clock, and inputs.
///
/// Tags travel in batches, never one by one. `times` is in time order within a batch unless the
/// source says otherwise (a capture file may hold real disorder).
public struct TagBatch: Sendable, Equatable {
    /// Picoseconds since the tagger's own zero.
    public var times: [Int64]
    /// The input that fired, as the instrument's panel numbers it.
    public var channels: [UInt8]
    /// Places at which the source lost tags; no rate or QBER may be formed across one.
    public var holes: [TagHole]

    /// Makes an empty batch with room for `capacity` tags.
    public init(capacity: Int = 0) {
        times = []
        channels = []
        holes = []
        times.reserveCapacity(capacity)
        channels.reserveCapacity(capacity)
    }

    /// Makes a batch of given tags; both arrays have the same length.
    public init(times: [Int64], channels: [UInt8], holes: [TagHole] = []) {
        precondition(times.count == channels.count, "a tag is a time and a channel")
        self.times = times
        self.channels = channels
        self.holes = holes
    }

    /// Tags in the batch.
    @inlinable public var count: Int { times.count }
    /// Whether there are no tags; there may be holes all the same.
    @inlinable public var isEmpty: Bool { times.isEmpty }

    /// Adds one tag at the end.
    public mutating func append(timePS: Int64, channel: UInt8) {
        times.append(timePS)
        channels.append(channel)
    }

    /// Adds another batch at the end; its holes move with it.
    public mutating func append(_ other: TagBatch) {
        let base = times.count
        times.append(contentsOf: other.times)
        channels.append(contentsOf: other.channels)
        for hole in other.holes {
            holes.append(TagHole(beforeIndex: hole.beforeIndex + base, cause: hole.cause, afterPS: hole.afterPS))
        }
    }

    /// Adds at most `capacity` tags, which `body` writes into the memory of both arrays; it returns how many.
    @inlinable
    public mutating func append(
        addingCapacity capacity: Int,
        _ body: (_ times: UnsafeMutablePointer<Int64>, _ channels: UnsafeMutablePointer<UInt8>) -> Int
    ) {
        guard capacity > 0 else { return }
        // Apart for a while, so that each array is changed by itself.
        var channels: [UInt8] = []
        swap(&channels, &self.channels)
        times.append(addingCapacity: capacity) { times in
            channels.append(addingCapacity: capacity) { channels in
                times.withUnsafeMutableBufferPointer { times, timeCount in
                    channels.withUnsafeMutableBufferPointer { channels, channelCount in
                        guard let times = times.baseAddress, let channels = channels.baseAddress else { return }
                        let added = body(times, channels)
                        precondition(added >= 0 && added <= capacity, "more tags than there is room for")
                        timeCount = added
                        channelCount = added
                    }
                }
            }
        }
        swap(&channels, &self.channels)
    }

    /// Removes all tags and holes and keeps the memory for the next ones.
    public mutating func removeAll() {
        times.removeAll(keepingCapacity: true)
        channels.removeAll(keepingCapacity: true)
        holes.removeAll(keepingCapacity: true)
    }

    /// Makes room for `capacity` tags in all.
    public mutating func reserveCapacity(_ capacity: Int) {
        times.reserveCapacity(capacity)
        channels.reserveCapacity(capacity)
    }

    /// Removes the first `count` tags; a hole that stood among them is forgotten with them.
    public mutating func removeFirst(_ count: Int) {
        times.removeFirst(count)
        channels.removeFirst(count)
        holes = holes.compactMap { hole in
            hole.beforeIndex < count
                ? nil : TagHole(beforeIndex: hole.beforeIndex - count, cause: hole.cause, afterPS: hole.afterPS)
        }
    }
}

/// A place in a tag stream at which something is missing.
public struct TagHole: Sendable, Equatable {
    /// Why the stream is not whole here. Files number the causes in this order: add at the end only.
    public enum Cause: String, Sendable, CaseIterable {
        /// The instrument's own buffer ran over.
        case deviceOverflow
        /// Bytes went missing and the record boundary had to be found again.
        case misalignment
        /// The consumer was too slow and a batch was dropped.
        case consumerTooSlow
        /// Nothing came for longer than the protocol allows.
        case silence
        /// A part of a file is damaged and was left out.
        case damagedFile
        /// The instrument was lost, and later found again.
        case deviceLost
        /// The instrument's clock stepped: what comes after does not follow from what came before.
        case clockStep
    }

    /// The hole lies before this tag of the batch (or after the last one, if equal to the count).
    public var beforeIndex: Int
    /// Why tags are missing here.
    public var cause: Cause
    /// The last time known to be good, picoseconds on the tagger's clock; `nil` if none came before.
    public var afterPS: Int64?

    /// Marks a hole before tag `beforeIndex`.
    public init(beforeIndex: Int, cause: Cause, afterPS: Int64?) {
        self.beforeIndex = beforeIndex
        self.cause = cause
        self.afterPS = afterPS
    }
}
