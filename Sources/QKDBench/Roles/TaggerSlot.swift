import Foundation
import QKDCore

/// Holds the tagger's driver; a new one takes its place when the device was lost and is back.
final class TaggerSlot: @unchecked Sendable {
    private let lock = NSLock()
    private var guarded: any TimeTagger
    private var earlier = TaggerStatistics()

    init(_ tagger: any TimeTagger) { guarded = tagger }

    var tagger: any TimeTagger {
        get { lock.withLock { guarded } }
        set { lock.withLock { guarded = newValue } }
    }

    /// What the drivers before this one counted.
    var earlierStatistics: TaggerStatistics { lock.withLock { earlier } }

    /// Keeps what a driver counted that is given up.
    func keep(_ statistics: TaggerStatistics) { lock.withLock { earlier = earlier + statistics } }
}

extension TaggerStatistics {
    fileprivate static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.tags += right.tags
        sum.fillers += right.fillers
        sum.resyncs += right.resyncs
        sum.droppedBatches += right.droppedBatches
        return sum
    }
}

extension Bench {
    /// What the tagger's driver counted, over all its instances.
    func taggerStatistics() async -> TaggerStatistics {
        bob.slot.earlierStatistics + (await bob.tagger.taggerStatistics())
    }

    /// Lets go of a tagger that was lost, connects to it anew and opens it.
    ///
    /// Throws `absent` and whatever else the transport throws while it is away, and `refused` when another
    /// device answers in its place.
    func reopenTagger() async throws {
        let old = bob.tagger
        await old.close()
        let device = try await Self.connect(.bobTagger, description, emulation: emulation, clock: alice.clock)
        do {
            let identity = try await device.open()
            guard let tagger = device as? any TimeTagger, identity == identities[.bobTagger] else {
                throw QKDError(.refused, "another device answers in the tagger's place: \(identity.model)")
            }
            bob.slot.keep(await old.taggerStatistics())
            bob.slot.tagger = tagger
        } catch {
            await device.close()
            throw error
        }
    }
}
