import QKDCore
import QKDKernels

/// A stretch of both parties' aligned tags that shares no candidate pair with what lies before or behind it.
///
/// Slabs can be matched in any order and on any core; their coincidences in the slabs' order are those of the whole.
public struct TagSlab: Sendable {
    let kernel: PairKernel
    let alice: TagBatch
    let bob: TagBatch

    /// The slab's coincidences, in the order of Alice's times.
    public func match() -> CoincidenceStream.Found {
        var pairs = ResolvedPairs()
        var resolver = PairResolver()
        var room = PairRoom()
        alice.times.withUnsafeBufferPointer { a in
            bob.times.withUnsafeBufferPointer { b in
                room.findAll(kernel, a, b) { resolver.take($0, $1, a, b, offsetPS: 0, into: &pairs) }
            }
        }
        resolver.finish(into: &pairs)
        var found = CoincidenceStream.Found()
        found.aliceChannels = pairs.a.prefix(pairs.count).map { alice.channels[$0] }
        found.bobChannels = pairs.b.prefix(pairs.count).map { bob.channels[$0] }
        found.differencesPS = Array(pairs.differencesPS.prefix(pairs.count))
        return found
    }
}
