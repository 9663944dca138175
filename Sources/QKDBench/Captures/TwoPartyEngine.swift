import QKDCore
import QKDSifting
import QKDTimeTags

/// From two parties' records to sifted keys in bounded memory: decode, align, match, sift, batch by batch.
///
/// Clocks and delays are known; `TwoPartySift` finds them. Whatever delivers batches will do: a file, a wire.
public struct TwoPartyEngine {
    /// The tags on their way to coincidences.
    public private(set) var stream: CoincidenceStream
    /// The coincidences on their way to keys.
    public private(set) var sifter: CoincidenceSifter
    /// Places at which either party lost tags.
    public private(set) var holes = 0
    /// Coincidences so far.
    public private(set) var coincidences = 0

    private var hasAlice = true
    private var hasBob = true

    /// Starts without tags.
    public init(stream: CoincidenceStream, sifter: CoincidenceSifter) {
        self.stream = stream
        self.sifter = sifter
    }

    /// Takes all that two sources have; what one of them throws ends it, after what was before has been used.
    ///
    /// Looks for a cancelled task between batches.
    public mutating func run(alice: any TagReader, bob: any TagReader) throws {
        defer { advance(isFinal: true) }
        var (batch, turns) = (TagBatch(), 0)
        while hasAlice || hasBob {
            try Task.checkCancellation()
            try read(alice, bob, through: &batch)
            // Seldom, and much at a time: the kernels like long runs.
            turns += 1
            if turns % 8 == 0 { advance(isFinal: false) }
        }
    }

    /// Reads the next batch of the side that is behind; when one has ended, the other's rest can only be counted.
    private mutating func read(
        _ alice: any TagReader, _ bob: any TagReader, through batch: inout TagBatch
    ) throws {
        if hasBob, !hasAlice || stream.bobIsBehind {
            hasBob = try bob.next(into: &batch)
            if hasBob { take(batch) { $0.addBob($1) } }
        } else {
            hasAlice = try alice.next(into: &batch)
            if hasAlice { take(batch) { $0.addAlice($1) } }
        }
    }

    /// Takes the next stretch that can be matched apart from all others; `false` at the end.
    ///
    /// All that is read stays in the memory of `slab` and `batch`, which belong to the core that calls.
    mutating func nextSlab(
        _ alice: any TagReader, _ bob: any TagReader, leastTags: Int, into slab: inout TagSlab,
        through batch: inout TagBatch
    ) throws -> Bool {
        stream.moveIn(&slab)
        while true {
            if stream.takeSlab(leastTags: leastTags, isFinal: !hasAlice && !hasBob, into: &slab) { return true }
            guard hasAlice || hasBob else { return false }
            try read(alice, bob, through: &batch)
        }
    }

    /// Sifts the coincidences of a slab, all slabs before having been sifted.
    mutating func sift(_ found: CoincidenceStream.Found) {
        coincidences += found.count
        sifter.add(aliceChannels: found.aliceChannels, bobChannels: found.bobChannels)
    }

    /// This engine's tags with another's keys: what two that shared the work have done.
    func with(keysOf other: TwoPartyEngine) -> TwoPartyEngine {
        var joined = self
        joined.sifter = other.sifter
        joined.coincidences = other.coincidences
        return joined
    }

    private mutating func take(_ batch: TagBatch, _ add: (inout CoincidenceStream, TagBatch) -> Void) {
        holes += batch.holes.count
        add(&stream, batch)
    }

    private mutating func advance(isFinal: Bool) {
        stream.match(isFinal: isFinal)
        guard stream.found.count > 0 else { return }
        sift(stream.found)
    }
}
