import QKDCore
import QKDKernels

/// A stretch of both parties' aligned tags that shares no candidate pair with what lies before or behind it.
///
/// Slabs can be matched in any order and on any core; their coincidences in the slabs' order are those of the whole.
public struct TagSlab: Sendable {
    var kernel = PairKernel(differencesPS: 0...0)
    var alice = TagBatch()
    var bob = TagBatch()

    /// An empty one, whose memory is used again and again.
    public init() {}
}

/// Matches slabs, in memory that is used again; each core has one of its own.
public struct SlabMatcher: Sendable {
    private var resolver = PairResolver()
    private var room = PairRoom()
    private var pairs = ResolvedPairs()

    /// Starts without memory.
    public init() {}

    /// Puts the slab's coincidences, in the order of Alice's times, in place of what `found` held.
    public mutating func match(_ slab: TagSlab, into found: inout CoincidenceStream.Found) {
        pairs.removeAll()
        slab.alice.times.withUnsafeBufferPointer { a in
            slab.bob.times.withUnsafeBufferPointer { b in
                room.findAll(slab.kernel, a, b) { resolver.take($0, $1, a, b, offsetPS: 0, into: &pairs) }
            }
        }
        resolver.finish(into: &pairs)
        AlignedSide.pick(slab.alice.channels, at: pairs.a, pairs.count, base: 0, into: &found.aliceChannels)
        AlignedSide.pick(slab.bob.channels, at: pairs.b, pairs.count, base: 0, into: &found.bobChannels)
        found.differencesPS.removeAll(keepingCapacity: true)
        found.differencesPS.append(contentsOf: pairs.differencesPS.prefix(pairs.count))
    }
}
