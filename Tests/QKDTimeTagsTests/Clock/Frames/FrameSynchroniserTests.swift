import QKDCore
import QKDTimeTags
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The lock itself, on frames of 200,000 slots with known truth.
@Suite("Frame synchroniser")
struct FrameSynchroniserTests {
    /// Holds a lock to the scene's truth: slot exact, and errors within five standard deviations.
    private func check(_ lock: FrameLock, _ scene: TagScene, tailMeanPS: Double? = nil) {
        // The tail of the jitter moves the mean arrival by its own mean, and that is what a line fits.
        let mean = tailMeanPS ?? scene.tailShare * scene.tailPS
        let half = 0.5 * Double(scene.slots) * scene.periodPS
        let centreError = scene.startErrorPS(lock) + (lock.skew - scene.skew) * half - mean
        #expect(abs(centreError) < 5 * lock.centreStandardErrorPS + 2)
        #expect(abs(lock.skew - scene.skew) < 5 * lock.skewStandardError)
        #expect(abs(scene.startErrorPS(lock)) < 0.02 * scene.periodPS)
        #expect(abs(lock.slotPeriodPS / scene.periodPS - 1 - lock.skew) < 1e-15)
        #expect(lock.startFractionPS >= 0 && lock.startFractionPS < 1)
    }

    @Test("A lone frame, at skews from edge to edge", arguments: [-20e-6, -7.3e-6, -1.5e-6, 3e-6, 20e-6])
    func skews(skew: Double) throws {
        var scene = TagScene()
        scene.skew = skew
        scene.seed = UInt64(bitPattern: Int64(skew * 1e9)) | 1
        let take = scene.take()
        let lock = try FrameSynchroniser(scene.search(take, errorPS: 2_345_678_901)).lock(take.tags)
        check(lock, scene)
        #expect(abs(lock.skew - scene.skew) < 1e-8)
        #expect(lock.significance > 10 && lock.margin > 7 && lock.candidates > 1000)
    }

    @Test("The residual is quantisation and jitter, without the background")
    func residual() throws {
        var scene = TagScene()
        scene.darksHz = 20_000
        let take = scene.take()
        let lock = try FrameSynchroniser(scene.search(take)).lock(take.tags)
        let tail = scene.tailShare * scene.tailPS * scene.tailPS * (2 - scene.tailShare)
        let expected = 2_000.0 * 2_000 / 12 + scene.jitterSigmaPS * scene.jitterSigmaPS + tail
        // The variance of the mean square of n uniform residuals is 4/5 of its square over n.
        let tolerance = 5 * (0.9 / Double(lock.inWindowTags)).squareRoot() * expected
        #expect(abs(lock.residualRMSPS * lock.residualRMSPS - expected) < tolerance)
        #expect(lock.inWindowRMSPS > lock.residualRMSPS)
        // Four detectors' darks and the afterpulses, over the lit time, a picosecond of the slot.
        let darks = 4 * scene.darksHz * Double(scene.slots) * scene.periodPS * 1e-12
        let after = scene.afterpulse * (darks + scene.detectionsPerSlot * Double(scene.slots))
        let background = lock.backgroundPerPS * scene.periodPS
        #expect(background > 0.75 * darks && background < 1.1 * (darks + after))
    }

    @Test("The wanted frame among its neighbours, wherever it stands", arguments: [0, 2, 4])
    func neighbours(wanted: Int) throws {
        var scene = TagScene()
        scene.slots = 120_000
        scene.detectionsPerSlot = 0.06
        scene.frames = 5
        scene.wanted = wanted
        scene.skew = 12.5e-6
        scene.seed = UInt64(40 + wanted)
        let take = scene.take()
        // ± 60 ms take in all five frames of 12 ms from wherever the wanted one stands.
        let search = scene.search(take, uncertaintyPS: 60_000_000_000, errorPS: 1_000_000_000)
        let lock = try FrameSynchroniser(search).lock(take.tags)
        check(lock, scene)
    }

    @Test(
        "Finer taggers and other slot periods",
        arguments: [(1, 50_000.0), (81, 100_000.0), (1_000, 62_500.0), (1, 200_000.0)])
    func geometries(resolutionPS: Int, periodPS: Double) throws {
        var scene = TagScene()
        scene.resolutionPS = Int64(resolutionPS)
        scene.periodPS = periodPS
        scene.skew = -4.2e-6
        // Windows of five deviations of a fine tagger would cut an exponential tail somewhere.
        scene.tailShare = 0

        scene.startPS = -7_654_321_098.5
        let take = scene.take()
        let lock = try FrameSynchroniser(scene.search(take, errorPS: -3_000_000_000)).lock(take.tags)
        check(lock, scene)
        #expect(lock.residualRMSPS < 150 + 0.3 * Double(resolutionPS))
    }

    @Test(
        "The pulse next to a slot border is numbered like any other", arguments: [0.0, 49_999, 50_000, 50_001, 99_999])
    func wrap(phasePS: Double) throws {
        var scene = TagScene()
        scene.startPS = 8_000_000_000_000 + phasePS
        scene.skew = 9e-6
        let take = scene.take()
        // The envelope and the nominal start put a slot border anywhere; only the numbering decides.
        let lock = try FrameSynchroniser(scene.search(take, errorPS: 50_000)).lock(take.tags)
        check(lock, scene)
    }

    @Test("The skew prior narrows the search and does not bend the result")
    func prior() throws {
        var scene = TagScene()
        scene.skew = 6e-6
        let take = scene.take()
        var search = scene.search(take)
        let free = try FrameSynchroniser(search).lock(take.tags)
        search.skewPrior = SkewPrior(skew: 6.05e-6, standardError: 0.1e-6)
        let narrowed = try FrameSynchroniser(search).lock(take.tags)
        #expect(abs(free.skew - narrowed.skew) < 1e-12)
        #expect(abs(scene.startErrorPS(free) - scene.startErrorPS(narrowed)) < 0.01)
        // A prior from another pair of clocks keeps the train's rhythm out of reach.
        search.skewPrior = SkewPrior(skew: -15e-6, standardError: 0.1e-6)
        #expect(throws: QKDError.self) { try FrameSynchroniser(search).lock(take.tags) }
    }

    @Test("A drifting skew gives the frame's mean skew")
    func drift() throws {
        // The Doppler rate of a pass overhead at 500 km: 0.36 ppm a second.
        var scene = TagScene()
        scene.skew = 3e-6
        scene.driftPerS = 0.36e-6
        let take = scene.take()
        let lock = try FrameSynchroniser(scene.search(take)).lock(take.tags)
        let half = 0.5 * Double(scene.slots) * scene.periodPS * 1e-12
        #expect(abs(lock.skew - scene.skew - scene.driftPerS * half) < 5 * lock.skewStandardError)
    }

    @Test("Slow beats between pulses and ticks widen the stated errors", arguments: [0, 0.7e-8, 3e-8, -5e-8, 2e-7])
    func slowBeat(skew: Double) throws {
        var pulls: [Double] = []
        for seed in 1...UInt64(3 * Statistics.scale) {
            var scene = TagScene()
            scene.slots = 100_000
            scene.detectionsPerSlot = 0.07
            scene.skew = skew
            scene.seed = seed
            scene.startPS = 2e12 + Double(seed) * 377.7
            let take = scene.take()
            let lock = try FrameSynchroniser(scene.search(take)).lock(take.tags)
            pulls.append((lock.skew - skew) / lock.skewStandardError)
        }
        // A sawtooth's share is bounded, so the pulls never come near the five of a Gaussian.
        #expect(pulls.allSatisfy { abs($0) < 4 })
    }
}
