import QKDCore
import QKDPhysics
import Testing

@testable import QKDTimeTags

@Suite struct CoincidenceStreamTests {
    private static let delaysA = [(1, 300.0), (2, -1_200.5), (3, 0), (4, 2_000)]
    private static let delaysB = [(1, -700.0), (2, 40), (3, 3_000), (4, 0.5)]

    private static func delays(_ list: [(Int, Double)]) -> [ChannelDelay] {
        list.map { ChannelDelay(channel: UInt8($0.0), delayPS: $0.1, errorPS: 1) }
    }

    private struct Scene {
        var alice = TagBatch()
        var bob = TagBatch()
        let relation = ClockRelation(
            referencePS: 50_000_000, offsetPS: 777_000_123, offsetFractionPS: 0.25, skew: 7e-6, driftPerSecond: 1e-3)

        /// Pairs and singles at a mean distance of `meanPS` on each side.
        init(_ count: Int, meanPS: Double, _ random: inout SeededGenerator) {
            var tags: [(Int64, UInt8)] = []
            var others: [(Int64, UInt8)] = []
            var time = 0.0
            for _ in 0..<count {
                time += random.exponential() * meanPS / 2
                let (a, b) = (UInt8.random(in: 1...4, using: &random), UInt8.random(in: 1...4, using: &random))
                let kind = random.uniform()
                let whole = Int64(time)
                let atBob = relation.bobPS(ofAlicePS: whole) + Int64(random.gaussian() * 150)
                if kind < 0.65 { tags.append((whole + Int64(delaysA[Int(a) - 1].1), a)) }
                if kind > 0.35 { others.append((atBob + Int64(delaysB[Int(b) - 1].1), b)) }
            }
            for (time, channel) in tags.sorted(by: { $0 < $1 }) { alice.append(timePS: time, channel: channel) }
            for (time, channel) in others.sorted(by: { $0 < $1 }) { bob.append(timePS: time, channel: channel) }
        }

        func stream(windowPS: Int64) throws -> CoincidenceStream {
            try CoincidenceStream(
                windowPS: windowPS, relation: relation, aliceDelays: delays(delaysA), bobDelays: delays(delaysB))
        }
    }

    private struct Pairs: Equatable {
        var alice: [UInt8] = []
        var bob: [UInt8] = []
        var differences: [Int64] = []

        mutating func take(_ found: CoincidenceStream.Found) {
            alice += found.aliceChannels
            bob += found.bobChannels
            differences += found.differencesPS
        }
    }

    private static func part(_ batch: TagBatch, _ range: Range<Int>) -> TagBatch {
        TagBatch(times: Array(batch.times[range]), channels: Array(batch.channels[range]))
    }

    private static func pairs(_ stream: CoincidenceStream, _ scene: Scene, cut: () -> Int) -> Pairs {
        var stream = stream
        var pairs = Pairs()
        var (a, b) = (0, 0)
        while a < scene.alice.count || b < scene.bob.count {
            if b < scene.bob.count, stream.bobIsBehind || a == scene.alice.count {
                let end = min(scene.bob.count, b + cut())
                stream.addBob(part(scene.bob, b..<end))
                b = end
            } else {
                let end = min(scene.alice.count, a + cut())
                stream.addAlice(part(scene.alice, a..<end))
                a = end
            }
            stream.match()
            pairs.take(stream.found)
        }
        stream.match(isFinal: true)
        pairs.take(stream.found)
        #expect(stream.coincidences == pairs.alice.count)
        #expect(stream.aliceTags == scene.alice.count && stream.bobTags == scene.bob.count)
        return pairs
    }

    /// Whatever the cuts between batches, and also where most tags compete for partners.
    @Test(arguments: [100_000.0, 5_000, 400])
    func cutsMakeNoDifference(meanPS: Double) throws {
        var random = SeededGenerator(seed: 21, stream: "\(meanPS)")
        let scene = Scene(4_000, meanPS: meanPS, &random)
        for windowPS in [1, 1_000, 1_001, 5_000] as [Int64] {
            let stream = try scene.stream(windowPS: windowPS)
            let whole = Self.pairs(stream, scene) { .max / 2 }
            #expect(windowPS == 1 || whole.alice.count > 500)
            for longest in [1, 7, 300] {
                let cut = Self.pairs(stream, scene) { Int.random(in: 1...longest, using: &random) }
                // Not the lists themselves: a failure would print them.
                let isSame = cut == whole
                #expect(
                    isSame,
                    "\(cut.alice.count) of \(whole.alice.count); \(meanPS) ps, window \(windowPS) ps, batches up to \(longest)"
                )
            }
        }
    }

    /// The stream finds what the matcher finds in whole captures.
    @Test func agreesWithTheMatcherOfWholeCaptures() throws {
        var random = SeededGenerator(seed: 22, stream: "matcher")
        let scene = Scene(5_000, meanPS: 8_000, &random)
        let clock = RecoveredClock.known(
            scene.relation, Self.delays(Self.delaysA), Self.delays(Self.delaysB),
            spanPS: -10_000..<(scene.alice.times.last ?? 0) + 10_000)
        let aligned = try AlignedTags(alice: scene.alice, bob: scene.bob, clock: clock)
        let matched = try CoincidenceMatcher(windowPS: 1_000).match(aligned)
        let found = Self.pairs(try scene.stream(windowPS: 1_000), scene) { 1_000 }
        #expect(matched.count > 800)
        // Halves of a picosecond round differently in the two, for one tag in thousands.
        #expect(abs(found.alice.count - matched.count) <= 5)
        let channels = zip(matched.aliceIndices, matched.bobIndices).map {
            UInt16(scene.alice.channels[Int($0)]) << 8 | UInt16(scene.bob.channels[Int($1)])
        }
        let foundChannels = zip(found.alice, found.bob).map { UInt16($0) << 8 | UInt16($1) }
        let changes = foundChannels.difference(from: channels).count
        #expect(changes <= 10)
    }

    @Test func silenceOnOneSideIsBounded() throws {
        let relation = ClockRelation(referencePS: 0, offsetPS: 0)
        var stream = try CoincidenceStream(windowPS: 1_000, relation: relation)
        stream.addBob(TagBatch(times: [5_000_000], channels: [1]))
        for start in stride(from: Int64(0), to: 4_000_000, by: 1_000) {
            stream.addAlice(TagBatch(times: [start, start + 300], channels: [1, 2]))
            stream.match()
            #expect(stream.found.count == 0)
        }
        stream.addAlice(TagBatch(times: [5_000_100], channels: [2]))
        stream.match(isFinal: true)
        #expect(stream.found.differencesPS == [-100])
    }

    @Test func refusesWhatItCannotFollow() {
        var relation = ClockRelation(referencePS: 0, offsetPS: 0)
        #expect(throws: QKDError.self) { try CoincidenceStream(windowPS: 0, relation: relation) }
        relation.wanderPS = [1, 2]
        #expect(throws: QKDError.self) { try CoincidenceStream(windowPS: 10, relation: relation) }
    }
}

extension RecoveredClock {
    /// A clock that is known, correlated over the whole span.
    static func known(
        _ relation: ClockRelation, _ alice: [ChannelDelay], _ bob: [ChannelDelay], spanPS: Range<Int64>
    ) -> RecoveredClock {
        RecoveredClock(
            relation: relation, offsetErrorPS: 0, skewError: 0, driftErrorPerSecond: 0, aliceDelays: alice,
            bobDelays: bob, peakSigmaPS: 100,
            slices: [
                ClockSlice(
                    startPS: spanPS.lowerBound, endPS: spanPS.upperBound, isCorrelated: true, residualPS: 0,
                    residualErrorPS: 0, pairs: 1)
            ], reducedChiSquare: 1,
            lock: OffsetLock(
                relation: relation, offsetUncertaintyPS: 1, skewUncertainty: 1e-9, blockStartPS: 0, blockPS: 1,
                peakPairs: 1, backgroundPairs: 1, logFalseAlarm: -30, candidates: 1))
    }
}
