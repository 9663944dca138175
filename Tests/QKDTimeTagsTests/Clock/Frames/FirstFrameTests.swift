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
}
