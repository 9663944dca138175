import QKDCore
import QKDTimeTags
import Testing

/// First frames, looked for among many in a wide window: at full size with QKD_ACCEPTANCE=1, else a tenth of it.
@Suite("Clock, first frame")
struct FirstFrameTests {
    static let seeds: ClosedRange<UInt64> = 1...(Statistics.isAcceptance ? 20 : 2)

    private func scene(_ seed: UInt64) -> (TagScene, Int64) {
        var random = SceneRandom(seed: seed &* 7919)
        var scene = TagScene()
        if Statistics.isAcceptance {
            scene.slots = 1_000_000
            scene.detectionsPerSlot = 0.0078
            scene.deadTimePS = 5e6
            scene.blockPerDisclosed = 128
        } else {
            scene.slots = 100_000
            scene.detectionsPerSlot = 0.07
        }
        scene.frames = Statistics.isAcceptance ? 21 : 9
        scene.wanted = scene.frames / 2 - 2 + random.below(5)
        scene.skew = (random.uniform() * 2 - 1) * 20e-6
        scene.startPS = 5e12 + random.uniform() * 1e12
        scene.seed = seed
        return (scene, Int64((random.uniform() * 2 - 1) * 10 * Double(scene.slots) * scene.periodPS))
    }

    @Test("Locks at every seed, slot exact, and again with what it has learnt", arguments: seeds)
    func firstFrame(seed: UInt64) throws {
        let (scene, error) = scene(seed)
        let take = scene.take()
        let window = Int64(10 * Double(scene.slots) * scene.periodPS)
        let search = scene.search(take, uncertaintyPS: window, errorPS: error)
        let began = ContinuousClock.now
        let lock = try FrameSynchroniser(search).lock(take.tags)
        let elapsed = ContinuousClock.now - began
        var later = scene.search(take, uncertaintyPS: 3_000_000_000, errorPS: error / 500)
        later.skewPrior = SkewPrior(skew: lock.skew, standardError: 1e-7)
        let beganAgain = ContinuousClock.now
        let again = try FrameSynchroniser(later).lock(take.tags)
        let elapsedAgain = ContinuousClock.now - beganAgain
        let tail = scene.tailShare * scene.tailPS
        let half = 0.5 * Double(scene.slots) * scene.periodPS
        let skewError = lock.skew - scene.skew
        #expect(abs(scene.startErrorPS(lock) + skewError * half - tail) < 5 * lock.centreStandardErrorPS + 2)
        #expect(abs(skewError) < 5 * lock.skewStandardError)
        #expect(abs(skewError) < 1e-8)
        #expect(lock.residualRMSPS < 600)
        #expect(abs(scene.startErrorPS(again) - scene.startErrorPS(lock)) < 1)
        if Statistics.isAcceptance {
            #expect(abs(skewError) < 1.5e-9)
            print(
                "seed \(seed): \(take.tags.count) tags, first \(elapsed), later \(elapsedAgain), start error "
                    + "\(scene.startErrorPS(lock)) ps, skew error \(skewError) of \(lock.skewStandardError), residual "
                    + "\(lock.residualRMSPS) / \(lock.inWindowRMSPS) ps, evidence \(lock.score), significance "
                    + "\(lock.significance) / \(again.significance), margin \(lock.margin)")
        }
    }

    @Test("Dim frames, 1 us a slot: their edges need the whole gap", arguments: 1...UInt64(4))
    func dimFrames(seed: UInt64) throws {
        var scene = TagScene()
        scene.slots = 500_000
        scene.periodPS = 1e6
        // 7.4 kcps beside 2.4 kcps of darks: 1 ms on both sides of an edge tells light from darkness in no way.
        scene.detectionsPerSlot = 0.0074
        scene.gapPS = 1e10
        scene.marginPS = 5e10
        scene.frames = 3
        scene.wanted = 1
        scene.skew = seed % 2 == 0 ? 15e-6 : -15e-6
        scene.seed = seed
        let take = scene.take()
        var search = scene.search(take, uncertaintyPS: 700_000_000_000, errorPS: 123_456_789_012)
        search.gapPS = Int64(scene.gapPS)
        let lock = try FrameSynchroniser(search).lock(take.tags)
        // A slot is 1 us: this is the right one, and the window around it is a hundredth of it.
        #expect(abs(scene.startErrorPS(lock)) < 1_000)
        #expect(abs(lock.skew - scene.skew) < 5 * lock.skewStandardError)
        search.gapPS = Picoseconds.perMillisecond
        #expect(throws: QKDError.self) { try FrameSynchroniser(search).lock(take.tags) }
    }
}
