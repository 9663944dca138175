import QKDCore
import QKDKernels

/// A stretch of both parties' aligned tags that shares no candidate pair with what lies before or behind it.
///
/// Slabs can be matched in any order and on any core; their coincidences in the slabs' order are those of the whole.
public struct TagSlab: Sendable {
    let kernel: PairKernel
    let alice: TagBatch
    let bob: TagBatch
}

/// Matches slabs, in memory that is used again; each core has one of its own.
public struct SlabMatcher: Sendable {
    private var resolver = PairResolver()
    private var room = PairRoom()
    private var pairs = ResolvedPairs()

    /// Starts without memory.
    public init() {}

    /// The slab's coincidences, in the order of Alice's times.
    public mutating func match(_ slab: TagSlab) -> CoincidenceStream.Found {
        pairs.removeAll()
        slab.alice.times.withUnsafeBufferPointer { a in
            slab.bob.times.withUnsafeBufferPointer { b in
                room.findAll(slab.kernel, a, b) { resolver.take($0, $1, a, b, offsetPS: 0, into: &pairs) }
            }
        }
        resolver.finish(into: &pairs)
        var found = CoincidenceStream.Found()
        found.aliceChannels = pairs.a.prefix(pairs.count).map { slab.alice.channels[$0] }
        found.bobChannels = pairs.b.prefix(pairs.count).map { slab.bob.channels[$0] }
        found.differencesPS = Array(pairs.differencesPS.prefix(pairs.count))
        return found
    }
}
