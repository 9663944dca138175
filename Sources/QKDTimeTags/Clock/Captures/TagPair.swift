import QKDCore

/// Two parties' captures of the same time, each in order on its own clock.
struct TagPair {
    let alice: TagBatch
    let bob: TagBatch

    /// Throws `invalidInput` for a capture without tags or out of order, `outOfRange` for times that sums overflow
    /// and for too many tags.
    init(alice: TagBatch, bob: TagBatch) throws {
        try Self.check(alice, "Alice's")
        try Self.check(bob, "Bob's")
        self.alice = alice
        self.bob = bob
    }

    private static func check(_ tags: TagBatch, _ whose: String) throws {
        guard let first = tags.times.first, let last = tags.times.last else {
            throw QKDError(.invalidInput, "\(whose) capture has no tags")
        }
        var bad = -1
        tags.times.withUnsafeBufferPointer { times in
            for index in 1..<max(1, times.count) where times[index] < times[index &- 1] {
                bad = index
                break
            }
        }
        guard tags.count <= Int(UInt32.max) else {
            throw QKDError(.outOfRange, "\(whose) capture has more than 2^32 - 1 tags")
        }
        guard bad < 0 else { throw QKDError(.invalidInput, "\(whose) tag \(bad) is earlier than the one before it") }
        guard first > -(1 << 60), last < 1 << 60 else {
            throw QKDError(.outOfRange, "\(whose) times are more than 13 days from zero")
        }
    }

    /// First and last time of Alice's and Bob's tags, ps.
    var aliceSpan: ClosedRange<Int64> { Self.span(alice) }
    var bobSpan: ClosedRange<Int64> { Self.span(bob) }

    /// Lengths of the captures, ps; not zero.
    var aliceLengthPS: Double { Double(aliceSpan.upperBound - aliceSpan.lowerBound + 1) }
    var bobLengthPS: Double { Double(bobSpan.upperBound - bobSpan.lowerBound + 1) }

    private static func span(_ tags: TagBatch) -> ClosedRange<Int64> {
        (tags.times.first ?? 0)...(tags.times.last ?? 0)
    }
}

extension TagBatch {
    /// The indices of the tags with `startPS` <= time < `endPS`; the tags are in order.
    public func range(fromPS startPS: Int64, toPS endPS: Int64) -> Range<Int> {
        times.withUnsafeBufferPointer {
            let first = ClickList.lowerBound($0, startPS)
            return first..<max(first, ClickList.lowerBound($0, endPS))
        }
    }
}
