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

    private var aliceBatch = TagBatch()
    private var bobBatch = TagBatch()

    /// Starts without tags.
    public init(stream: CoincidenceStream, sifter: CoincidenceSifter) {
        self.stream = stream
        self.sifter = sifter
    }

    /// Takes all that two sources have; what one of them throws ends it, after what was before has been used.
    ///
    /// Looks for a cancelled task between batches.
    public mutating func run(alice: some TagReader, bob: some TagReader) throws {
        defer { finish() }
        var (hasAlice, hasBob) = (true, true)
        var turns = 0
        while hasAlice || hasBob {
            try Task.checkCancellation()
            // The one that is behind; when it has ended, the other's rest can only be counted.
            if hasBob, !hasAlice || stream.bobIsBehind {
                hasBob = try bob.next(into: &bobBatch)
                if hasBob { take(bobBatch) { $0.addBob($1) } }
            } else {
                hasAlice = try alice.next(into: &aliceBatch)
                if hasAlice { take(aliceBatch) { $0.addAlice($1) } }
            }
            // Seldom, and much at a time: the kernels like long runs.
            turns += 1
            if turns % 4 == 0 { advance(isFinal: false) }
        }
    }

    private mutating func take(_ batch: TagBatch, _ add: (inout CoincidenceStream, TagBatch) -> Void) {
        holes += batch.holes.count
        add(&stream, batch)
    }

    /// Takes Alice's next tags, in order, and sifts what has its partners.
    public mutating func addAlice(_ batch: TagBatch) {
        take(batch) { $0.addAlice($1) }
        advance(isFinal: false)
    }

    /// Takes Bob's next tags, in order, and sifts what has its partners.
    public mutating func addBob(_ batch: TagBatch) {
        take(batch) { $0.addBob($1) }
        advance(isFinal: false)
    }

    /// Sifts what is still open: nothing more comes.
    public mutating func finish() { advance(isFinal: true) }

    private mutating func advance(isFinal: Bool) {
        stream.match(isFinal: isFinal)
        guard stream.found.count > 0 else { return }
        sifter.add(aliceChannels: stream.found.aliceChannels, bobChannels: stream.found.bobChannels)
    }
}
