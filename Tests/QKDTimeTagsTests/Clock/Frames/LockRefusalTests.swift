import QKDCore
import QKDTimeTags
import Testing

/// Data that must not lock, and damaged data that must lock in the right place or not at all.
@Suite("Frame synchroniser, damage and refusal")
struct LockRefusalTests {
    private func expectNoLock(_ search: FrameSearch, _ tags: TagBatch) {
        do {
            let lock = try FrameSynchroniser(search).lock(tags)
            Issue.record("locked at \(lock.startPS) with \(lock.significance) nats")
        } catch let error as QKDError {
            #expect(error.kind == .noLock)
            #expect(!error.message.isEmpty)
        } catch {
            Issue.record("another error: \(error)")
        }
    }

    @Test("Darks alone do not lock", arguments: [0.0, 600, 25_000])
    func darks(rateHz: Double) throws {
        var scene = TagScene()
        let list = scene.take()
        scene.detectionsPerSlot = 1e-9
        scene.darksHz = rateHz
        scene.seed = 99
        var dark = scene.take()
        dark.disclosed = list.disclosed
        expectNoLock(scene.search(dark, uncertaintyPS: 50_000_000_000), dark.tags)
    }

    @Test("Light without the slot period does not lock")
    func wrongPeriod() throws {
        var scene = TagScene()
        scene.periodPS = 101_000
        let take = scene.take()
        var search = scene.search(take)
        search.slotPeriodPS = 100_000
        expectNoLock(search, take.tags)
    }

    @Test("Another frame's list does not lock")
    func wrongList() throws {
        for seed in 1...UInt64(6 * Statistics.scale) {
            var scene = TagScene()
            scene.slots = 100_000
            scene.detectionsPerSlot = 0.07
            scene.seed = 1000 + seed
            var take = scene.take()
            scene.seed = 5000 + seed
            take.disclosed = scene.take().disclosed
            expectNoLock(scene.search(take), take.tags)
        }
    }

    @Test("A list shifted by one slot locks one slot later: the numbering is the list's")
    func shiftedList() throws {
        let scene = TagScene()
        var take = scene.take()
        take.disclosed = take.disclosed.filter { $0.slot > 0 }
            .map { DisclosedSlot(slot: $0.slot - 1, code: $0.code) }
        let lock = try FrameSynchroniser(scene.search(take)).lock(take.tags)
        #expect(abs(scene.startErrorPS(lock) - scene.periodPS) < 0.01 * scene.periodPS)
    }

    @Test("Half a frame is enough", arguments: [true, false])
    func halfMissing(first: Bool) throws {
        var scene = TagScene()
        scene.blockPerDisclosed = 100
        scene.detectionsPerSlot = 0.06
        let take = scene.take()
        let middle = Int64(scene.startPS + 0.5 * Double(scene.slots) * scene.periodPS)
        let end = Int64(scene.startPS + 1.01 * Double(scene.slots) * scene.periodPS)
        let start = Int64(scene.startPS - 1e9)
        let lost = first ? start..<middle : middle..<end
        let kept = take.tags.times.indices.filter { !lost.contains(take.tags.times[$0]) }
        let tags = TagBatch(times: kept.map { take.tags.times[$0] }, channels: kept.map { take.tags.channels[$0] })
        let lock = try FrameSynchroniser(scene.search(take)).lock(tags)
        #expect(abs(scene.startErrorPS(lock)) < 200)
        #expect(abs(lock.skew - scene.skew) < 5 * lock.skewStandardError)
    }

    @Test("A frame cut by the end of the data, beside another")
    func partlyInWindow() throws {
        var scene = TagScene()
        scene.frames = 2
        scene.wanted = 1
        scene.detectionsPerSlot = 0.06
        scene.blockPerDisclosed = 100
        let take = scene.take()
        // The first frame's beginning and the wanted one's end are beyond the capture.
        let length = Double(scene.slots) * scene.periodPS
        let from = Int64(scene.startPS - 0.4 * length)
        let to = Int64(scene.startPS + 0.6 * length)
        let kept = take.tags.times.indices.filter { take.tags.times[$0] > from && take.tags.times[$0] < to }
        let tags = TagBatch(times: kept.map { take.tags.times[$0] }, channels: kept.map { take.tags.channels[$0] })
        let lock = try FrameSynchroniser(scene.search(take, uncertaintyPS: 30_000_000_000)).lock(tags)
        #expect(abs(scene.startErrorPS(lock)) < 200)
    }

    @Test("Tags that come twice, or out of order, change nothing")
    func duplicatesAndDisorder() throws {
        let scene = TagScene()
        let take = scene.take()
        let search = scene.search(take)
        let plain = try FrameSynchroniser(search).lock(take.tags)
        let twice = TagBatch(
            times: take.tags.times.flatMap { [$0, $0] }, channels: take.tags.channels.flatMap { [$0, $0] })
        #expect(try FrameSynchroniser(search).lock(twice) == plain)
        var replayed = take.tags
        replayed.append(take.tags)
        #expect(try FrameSynchroniser(search).lock(replayed) == plain)
        let reversed = TagBatch(times: take.tags.times.reversed(), channels: take.tags.channels.reversed())
        #expect(try FrameSynchroniser(search).lock(reversed) == plain)
    }

    @Test("Slices count from their own start, and foreign inputs are left out")
    func slicesAndForeignInputs() throws {
        let scene = TagScene()
        let take = scene.take()
        let plain = try FrameSynchroniser(scene.search(take)).lock(take.tags)
        var random = SceneRandom(seed: 5)
        var mixed = TagBatch()
        mixed.append(timePS: -1, channel: 3)
        for index in 0..<take.tags.count {
            mixed.append(timePS: take.tags.times[index], channel: take.tags.channels[index])
            if random.uniform() < 0.5 { mixed.append(timePS: take.tags.times[index], channel: 8) }
        }
        let lock = try FrameSynchroniser(scene.search(take))
            .lock(times: mixed.times[1...], channels: mixed.channels[1...])
        #expect(lock == plain)
    }

    @Test("Searches that cannot be made are refused, not tried")
    func invalid() throws {
        let scene = TagScene()
        let take = scene.take()
        func kind(_ change: (inout FrameSearch) -> Void) -> QKDError.Kind? {
            var search = scene.search(take)
            change(&search)
            do {
                _ = try FrameSynchroniser(search).lock(take.tags)
                return nil
            } catch {
                return (error as? QKDError)?.kind
            }
        }
        #expect(kind { _ in } == nil)
        #expect(kind { $0.slots = 0 } == .outOfRange)
        #expect(kind { $0.slotPeriodPS = 0 } == .outOfRange)
        #expect(kind { $0.slotPeriodPS = .infinity } == .outOfRange)
        #expect(kind { $0.uncertaintyPS = -1 } == .outOfRange)
        #expect(kind { $0.uncertaintyPS = .max } == .outOfRange)
        #expect(kind { $0.nominalStartPS = .min } == .outOfRange)
        #expect(kind { $0.resolutionPS = 0 } == .outOfRange)
        #expect(kind { $0.resolutionPS = 50_000 } == .outOfRange)
        #expect(kind { $0.skewRange = -60e-6...0 } == .outOfRange)
        #expect(kind { $0.gapPS = 0 } == .outOfRange)
        #expect(kind { $0.relativeMeans = [1, 0.2] } == .outOfRange)
        #expect(kind { $0.relativeMeans = [0, 0, 0] } == .outOfRange)
        #expect(kind { $0.expectedErrorRate = 0.5 } == .outOfRange)
        #expect(kind { $0.skewPrior = SkewPrior(skew: 0, standardError: 0) } == .outOfRange)
        #expect(kind { $0.disclosed = [] } == .invalidInput)
        #expect(kind { $0.disclosed.swapAt(0, 1) } == .invalidInput)
        #expect(kind { $0.disclosed.append($0.disclosed[0]) } == .invalidInput)
        #expect(kind { $0.slots = 10 } == .invalidInput)
        #expect(kind { $0.detectors = [:] } == .noLock)
        let synchroniser = FrameSynchroniser(scene.search(take))
        #expect(throws: QKDError.self) {
            try synchroniser.lock(times: take.tags.times[...], channels: take.tags.channels.dropLast())
        }
        #expect(throws: QKDError.self) { try synchroniser.lock(TagBatch()) }
    }
}
