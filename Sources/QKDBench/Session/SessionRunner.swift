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

    /// Prepares a session; `progress` is called after each frame.
    public init(bench: Bench, options: RunOptions, progress: @escaping @Sendable (RunProgress) -> Void = { _ in }) {
        self.bench = bench
        self.options = options
        report = progress
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

    private func play(_ state: SessionState) async throws {
        try await BenchSetUp.prepare(bench)
        let seed = try await bench.alice.random.randomBytes(KeyedGenerator.seedBytes)
        let choices = try AliceChoices(bench: bench.description, seed: seed)
        try await state.begin(
            plan: SessionPlan(
                bench: bench.description, resolutionPS: bench.bob.tagger.taggerCapabilities.resolutionPS),
            bobSeed: BenchSetUp.bobSeed(bench))
        let armedPS = await bench.bob.clock.nowPS
        let stream = try await bench.bob.tagger.startTagging()
        let collector = TagCollector()
        let following = Task { await collector.follow(stream) }
        defer { following.cancel() }
        await state.attach(collector, armedPS: armedPS)
        try await bench.alice.clock.sleep(durationPS: 50 * Picoseconds.perMillisecond)
        try await playFrames(choices, state)
        try await bench.alice.modulator.makeSafe()
        try await waitForTail(state)
        try await bench.bob.tagger.stopTagging()
        guard await collector.waitForEnd(timeout: .seconds(5)) else {
            throw QKDError(.timeout, "the tagger does not end its stream")
        }
        try await state.collect(final: true)
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
            frame.startPS = before + (after - before) / 2
            try await state.add(frame)
            try await clock.sleep(durationPS: plan.lengthPS(slots: slots) + plan.gapPS)
            guard try await !bench.alice.modulator.isPlaying() else {
                throw QKDError(.protocolViolation, "frame \(index) still plays after its end")
            }
            try await state.collect(final: false)
            if options.repeatsPattern, index == 0 {
                // Equal frames cannot be told apart: the first one stays alone until it has been found.
                let pause = await state.firstSearchPS() + plan.lengthPS(slots: slots)
                try await clock.sleep(durationPS: pause)
                try await state.collect(final: false)
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
            try await state.collect(final: false)
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
