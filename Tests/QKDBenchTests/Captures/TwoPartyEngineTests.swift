import QKDCore
import QKDPhysics
import QKDSifting
import QKDTimeTags
import Testing

@testable import QKDBench

@Suite struct TwoPartyEngineTests {
    /// Hands out a batch in parts.
    private final class Parts: TagReader {
        let metadata = TagFileMetadata(path: "parts", format: .csv, formatIsGuessed: false, fileBytes: nil)
        let counts = TagRecordCounts()
        private let tags: TagBatch
        private let size: Int
        private let failsAt: Int?
        private var next = 0

        init(_ tags: TagBatch, size: Int, failsAt: Int? = nil) {
            (self.tags, self.size, self.failsAt) = (tags, size, failsAt)
        }

        func nextBatch() throws -> TagBatch? {
            if let failsAt, next >= failsAt { throw QKDError(.dataLoss, "the file ends here") }
            guard next < tags.count else { return nil }
            let range = next..<min(next + size, tags.count)
            next = range.upperBound
            return TagBatch(times: Array(tags.times[range]), channels: Array(tags.channels[range]))
        }
    }

    private static func workload(_ tags: Int, spacingPS: Double) -> (alice: TagBatch, bob: TagBatch) {
        var workload = PairWorkload()
        workload.tags = tags
        workload.durationPS = Double(tags) * spacingPS
        return workload.make(seed: 5)
    }

    private static func engine() throws -> TwoPartyEngine {
        TwoPartyEngine(
            stream: try CoincidenceStream(windowPS: 1_000, relation: ClockRelation(referencePS: 0, offsetPS: 0)),
            sifter: CoincidenceSifter(map: try DetectorMap("0=Z0,1=Z1,2=X0,3=X1")))
    }

    /// Counts and keys against a slow way that shares no code: nearest first, over all pairs.
    @Test func agreesWithAnOracle() throws {
        let (alice, bob) = Self.workload(3_000, spacingPS: 20_000)
        var engine = try Self.engine()
        try engine.run(alice: Parts(alice, size: 250), bob: Parts(bob, size: 333))
        var candidates: [(Int64, Int, Int)] = []
        for (i, time) in alice.times.enumerated() {
            for (j, other) in bob.times.enumerated() where (-500..<500).contains(other - time) {
                candidates.append((abs(other - time), i, j))
            }
        }
        candidates.sort { $0 < $1 }
        var (takenA, takenB) = (Set<Int>(), Set<Int>())
        var chosen: [(Int, Int)] = []
        for (_, i, j) in candidates where !takenA.contains(i) && !takenB.contains(j) {
            takenA.insert(i)
            takenB.insert(j)
            chosen.append((i, j))
        }
        let kept = chosen.sorted { $0 < $1 }.map { (alice.channels[$0.0], bob.channels[$0.1]) }
            .filter { $0.0 >> 1 == $0.1 >> 1 }
        #expect(engine.coincidences == chosen.count)
        #expect(engine.sifter.keys.bitCount == kept.count)
        #expect(engine.sifter.keys.errorCount == kept.count { $0.0 != $0.1 })
        #expect(kept.count > 300)
        let bits = kept.enumerated().reduce(into: [UInt64](repeating: 0, count: (kept.count + 63) / 64)) {
            $0[$1.offset / 64] |= UInt64($1.element.0 & 1) << UInt64($1.offset % 64)
        }
        let isSame = engine.sifter.keys.aliceWords == bits
        #expect(isSame)
    }

    /// Whatever the cores and the batches, also where tags are so dense that slabs must search for a gap.
    @Test(arguments: [100_000.0, 3_000, 700])
    func coresAndBatchesMakeNoDifference(spacingPS: Double) throws {
        let (alice, bob) = Self.workload(60_000, spacingPS: spacingPS)
        var one = try Self.engine()
        try one.run(alice: Parts(alice, size: .max / 2), bob: Parts(bob, size: .max / 2))
        for workers in 1...3 {
            for size in [700, 5_000] {
                var engine = try Self.engine()
                try engine.run(alice: Parts(alice, size: size), bob: Parts(bob, size: size), workers: workers)
                #expect(engine.coincidences == one.coincidences)
                let isSame =
                    engine.sifter.keys.aliceWords == one.sifter.keys.aliceWords
                    && engine.sifter.keys.bobWords == one.sifter.keys.bobWords
                    && engine.sifter.matrix == one.sifter.matrix
                #expect(isSame, "\(workers) workers, batches of \(size)")
                #expect(engine.stream.aliceTags == alice.count && engine.stream.bobTags == bob.count)
            }
        }
    }

    /// A source that fails ends the run with its error, and what was good before it is in the keys.
    @Test(arguments: [1, 2])
    func whatWasGoodStays(workers: Int) throws {
        let (alice, bob) = Self.workload(60_000, spacingPS: 50_000)
        var engine = try Self.engine()
        #expect(throws: QKDError.self) {
            try engine.run(
                alice: Parts(alice, size: 1_000), bob: Parts(bob, size: 1_000, failsAt: 40_000), workers: workers)
        }
        #expect(engine.stream.bobTags == 40_000)
        #expect(engine.coincidences > (workers == 1 ? 10_000 : 5_000))
    }

    @Test func aCancelledTaskEndsIt() async throws {
        for workers in [1, 2] {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                let (alice, bob) = Self.workload(2_000, spacingPS: 50_000)
                var engine = try Self.engine()
                try engine.run(alice: Parts(alice, size: 100), bob: Parts(bob, size: 100), workers: workers)
            }
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
