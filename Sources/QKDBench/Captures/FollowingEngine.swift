import QKDCore
import QKDSifting
import QKDTimeTags

/// `TwoPartyEngine` with clocks that are followed: keys grow by the stretches whose lock held.
public struct FollowingEngine {
    /// The tags on their way to coincidences, and the clocks.
    public private(set) var stream: FollowedStream
    /// The coincidences on their way to keys.
    public private(set) var sifter: CoincidenceSifter
    /// What following came to, stretch by stretch.
    public private(set) var stretches: [FollowedStretch] = []
    /// Places at which either party lost tags.
    public private(set) var holes = 0
    private var coincidencesBefore = 0
    private var lostBefore = 0

    /// Coincidences that were sifted.
    public var coincidences: Int { coincidencesBefore + stream.coincidences }
    /// Coincidences of stretches whose lock did not hold.
    public var lostCoincidences: Int { lostBefore + stream.lostCoincidences }

    /// Starts without tags.
    public init(stream: FollowedStream, sifter: CoincidenceSifter) {
        self.stream = stream
        self.sifter = sifter
    }

    /// Takes what two sources have until both have ended (`true`) or the clocks can only be found by a search
    /// (`false`); what one of the sources throws ends it, after what was before has been used.
    ///
    /// Looks for a cancelled task between batches; `progress` is told now and then that it goes on.
    @discardableResult
    public mutating func run(
        alice: any TagReader, bob: any TagReader, progress: () -> Void = {}
    ) throws -> Bool {
        defer { advance(isFinal: true) }
        var (batch, turns) = (TagBatch(), 0)
        var advancedPS = Int64.min
        var (hasAlice, hasBob) = (true, true)
        while hasAlice || hasBob {
            try Task.checkCancellation()
            if hasBob, !hasAlice || stream.bobIsBehind {
                hasBob = try bob.next(into: &batch)
                if hasBob { take(batch) { $0.addBob($1) } }
            } else {
                hasAlice = try alice.next(into: &batch)
                if hasAlice { take(batch) { $0.addAlice($1) } }
            }
            // Seldom, and much at a time, for the kernels like long runs; but a loss is to be seen soon.
            turns += 1
            let reachedPS = stream.reachedPS
            guard turns % 8 == 0 || reachedPS > .min && reachedPS - stream.stretchPS >= advancedPS else { continue }
            advancedPS = reachedPS
            advance(isFinal: false)
            progress()
            if stream.follower.needsSearch { return false }
        }
        return true
    }

    /// Goes on with clocks that a search has found; the keys grow.
    public mutating func goOn(with stream: FollowedStream) {
        coincidencesBefore = coincidences
        lostBefore = lostCoincidences
        self.stream = stream
    }

    private mutating func take(_ batch: TagBatch, _ add: (inout FollowedStream, TagBatch) -> Void) {
        holes += batch.holes.count
        add(&stream, batch)
    }

    private mutating func advance(isFinal: Bool) {
        stretches += stream.advance(isFinal: isFinal)
        guard stream.found.count > 0 else { return }
        sifter.add(aliceChannels: stream.found.aliceChannels, bobChannels: stream.found.bobChannels)
    }
}
