import Foundation
import QKDCore
import QKDSifting

/// Plays a session on an open bench: set up, arm, play frames, find them in Bob's tags, sift, make safe.
///
/// The same code drives a real bench and an emulated one. Whatever ends the session, every device is
/// brought to its safe state before anything else, and what was measured until then is kept.
public struct SessionRunner: Sendable {
    /// The open bench that the session plays on.
    public let bench: Bench
    /// Length, folder and kind of the run.
    public let options: RunOptions
    private let report: @Sendable (RunProgress) -> Void
    private let remark: @Sendable (String) -> Void

    /// Prepares a session; `progress` is called after each frame, `remark` when somebody should know at once.
    public init(
        bench: Bench, options: RunOptions, progress: @escaping @Sendable (RunProgress) -> Void = { _ in },
        remark: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.bench = bench
        self.options = options
        report = progress
        self.remark = remark
    }

    /// Runs the session and writes its folder.
    ///
    /// Never throws for what happens on the bench: the error is in the result, beside the partial report.
    public func run() async throws -> SessionEnd {
        let started = Date()
        let clockStart = ContinuousClock.now
        let folder = try SessionFolder.create(at: options.folder, savesTags: options.savesTags)
        let state = SessionState(folder: folder)
        var failure: (any Error)?
        do {
            try await play(state)
        } catch {
            failure = error
        }
        await state.letGo()
        let findings = await bench.makeSafeUncancelled()
        // From here on nothing is lit; a cancelled task may finish its books.
        let end = await Task.detached { () -> SessionEnd in
            do {
                return try await state.finish(
                    bench: bench, options: options, failure: failure, findings: findings, started: started,
                    wall: clockStart.duration(to: .now))
            } catch {
                return SessionEnd(report: nil, failure: failure ?? error)
            }
        }.value
        return end
    }

    /// From starting the tagger to the first light.
    private static let armingPS = 50 * Picoseconds.perMillisecond

    private func play(_ state: SessionState) async throws {
        try await BenchSetUp.prepare(bench)
        let seed = try await bench.alice.random.randomBytes(KeyedGenerator.seedBytes)
        let choices = try AliceChoices(bench: bench.description, seed: seed)
        try await state.begin(
            plan: SessionPlan(
                bench: bench.description, resolutionPS: bench.bob.tagger.taggerCapabilities.resolutionPS),
            bobSeed: BenchSetUp.bobSeed(bench))
        try await startTagging(state)
        try await bench.alice.clock.sleep(durationPS: Self.armingPS)
        await bench.world?.startFaults()
        try await playFrames(choices, state)
        try await bench.alice.modulator.makeSafe()
        try await waitForTail(state)
        try await bench.bob.tagger.stopTagging()
        guard await state.waitForEnd() else { throw QKDError(.timeout, "the tagger does not end its stream") }
        try await collect(state, final: true)
    }

    private func startTagging(_ state: SessionState) async throws {
        let armedPS = await bench.bob.clock.nowPS
        await state.follow(try await bench.bob.tagger.startTagging(), armedPS: armedPS)
    }

    private func collect(_ state: SessionState, final: Bool = false) async throws {
        // So that an emulated bench is repeatable: the driver notices on the wall's clock that its wire is gone.
        if let world = bench.world, await !world.hasTagger { _ = await state.waitForEnd() }
        try await state.collect(hostPS: await bench.bob.clock.nowPS, final: final)
    }

    /// After the tagger was lost: keeps the bench dark until it is found again, or throws what it was lost by.
    private func regainTagger(_ state: SessionState) async throws {
        guard let loss = await state.loss else { return }
        try await bench.alice.modulator.makeSafe()
        let clock = bench.alice.clock
        let lostPS = await clock.nowPS
        remark("the tagger is lost (\(loss)); the light is off until it is back")
        while true {
            do {
                try await bench.reopenTagger()
                try await startTagging(state)
                break
            } catch let error as QKDError where error.meansDeviceLost || error.kind == .busy {
                guard await clock.nowPS - lostPS < options.patiencePS else { throw loss }
                try await clock.sleep(durationPS: 200 * Picoseconds.perMillisecond)
            }
        }
        remark("the tagger is back after \((await clock.nowPS - lostPS) / Picoseconds.perMillisecond) ms")
        // As at the start: a frame that begins before the tagger does is no use.
        try await clock.sleep(durationPS: Self.armingPS)
    }

    private func playFrames(_ choices: AliceChoices, _ state: SessionState) async throws {
        let plan = FramePlan(
            bench.description, tickPS: bench.alice.modulator.modulatorCapabilities.tickPS,
            durationPS: options.durationPS)
        let clock = bench.alice.clock
        var windowStart = await clock.nowPS
        let alphabet = try bench.description.alphabet()
        var index = 0
        while true {
            let elapsed = await clock.nowPS - windowStart
            let slots = plan.slots(atPS: elapsed)
            guard slots > 0 else { return }
            var frame = try choices.frame(index: options.repeatsPattern ? 0 : index, slots: slots)
            frame.index = index
            try await bench.alice.modulator.load(
                ModulationFrame(
                    alphabet: alphabet, slotTicks: plan.slotTicks, pulseTicks: plan.pulseTicks,
                    symbols: frame.codes))
            let before = await clock.nowPS
            try await bench.alice.modulator.start()
            let after = await clock.nowPS
            frame.startErrorPS = (after - before) / 2
            frame.startPS = before + frame.startErrorPS
            try await state.add(frame)
            try await clock.sleep(durationPS: plan.lengthPS(slots: slots) + plan.gapPS)
            guard try await !bench.alice.modulator.isPlaying() else {
                throw QKDError(.protocolViolation, "frame \(index) still plays after its end")
            }
            try await collect(state)
            try await regainTagger(state)
            if options.repeatsPattern, index == 0 {
                // Equal frames cannot be told apart: the first one stays alone until it has been found.
                let pause = await state.firstSearchPS() + plan.lengthPS(slots: slots)
                try await clock.sleep(durationPS: pause)
                try await collect(state)
                windowStart += pause
            }
            report(await state.progress(elapsedPS: await clock.nowPS - windowStart, durationPS: options.durationPS))
            index += 1
        }
    }

    /// Lets enough dark time pass for Bob's tags to cover the last frame's search.
    private func waitForTail(_ state: SessionState) async throws {
        let clock = bench.alice.clock
        let step = 50 * Picoseconds.perMillisecond
        for _ in 0..<200 {
            guard await state.waitsForTags() else { return }
            try await clock.sleep(durationPS: step)
            try await collect(state)
        }
    }
}

/// How the run window is cut into frames.
struct FramePlan: Sendable {
    let slotPS: Int64
    let slotTicks: UInt32
    let pulseTicks: UInt32
    let gapPS: Int64
    private let slotsPerFrame: Int
    private let durationPS: Int64

    init(_ bench: BenchDescription, tickPS: Int64, durationPS: Int64) {
        slotPS = bench.slotPeriodPS
        slotTicks = UInt32(bench.slotPeriodPS / tickPS)
        pulseTicks = UInt32(Int64(bench.source.electricalPulseNS) * Picoseconds.perNanosecond / tickPS)
        gapPS = Int64(bench.frames.gapMS * 1e9)
        slotsPerFrame = bench.frames.slots
        self.durationPS = durationPS
    }

    /// Slots of a frame that starts `elapsedPS` into the window; 0 when the window has no room for one.
    ///
    /// A last frame shorter than half a frame is left out: its disclosed slots might not suffice to find it.
    /// A window that is shorter than that from the start has one frame all the same.
    func slots(atPS elapsedPS: Int64) -> Int {
        let room = min(slotsPerFrame, Int(max(0, durationPS - elapsedPS) / slotPS))
        return elapsedPS <= 0 || 2 * room >= slotsPerFrame ? room : 0
    }

    func lengthPS(slots: Int) -> Int64 { Int64(slots) * slotPS }
}
