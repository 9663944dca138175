import Foundation
import QKDCore
import QKDSifting

/// What a session leaves: a report, unless not even that could be made, and what ended it early.
public struct SessionEnd: Sendable {
    /// The account, also of a session that ended early; `nil` if its files could not be written.
    public var report: SessionReport?
    /// What ended it early; `nil` if it was played to its end.
    public var failure: (any Error)?
}

/// A running session's engine and files, shared between playing and closing.
actor SessionState {
    let folder: SessionFolder
    private var engine: SessionEngine?
    private var collector: TagCollector?
    private var armedPS: Int64 = 0
    private var timeline = TagTimeline()
    /// What ended the tagger's stream, while the tagger has not been found again.
    private(set) var loss: QKDError?

    init(folder: SessionFolder) { self.folder = folder }

    func begin(plan: SessionPlan, bobSeed: [UInt8]) throws {
        engine = try SessionEngine(plan: plan, bobSeed: bobSeed)
        try folder.begin(bobSeed: bobSeed, resolutionPS: plan.resolutionPS)
    }

    /// Takes tags from a stream that began when Bob's host clock showed `armedPS`.
    func follow(_ stream: TagStream, armedPS: Int64) async {
        let collector = TagCollector()
        await collector.follow(stream)
        self.collector = collector
        self.armedPS = armedPS
        loss = nil
    }

    /// Waits until the tagger's stream has ended; says whether it has.
    func waitForEnd() async -> Bool { await collector?.waitForEnd(timeout: .seconds(5)) ?? true }

    /// Lets go of the tagger's stream.
    func letGo() async { await collector?.stop() }

    func add(_ frame: AliceFrame) throws {
        engine?.add(frame)
        try folder.save(frame)
    }

    /// Moves Bob's tags into the engine and takes the frames that are complete.
    ///
    /// `hostPS` is what Bob's host clock shows. A tagger that was lost leaves a hole and `loss`, for somebody to
    /// find it again; any other failure of its stream is thrown.
    func collect(hostPS: Int64, final: Bool) async throws {
        guard let collector else { return }
        let failure = await collector.failure
        var batch = timeline.place(await collector.drain(), hostPS: hostPS)
        if let failure, loss == nil {
            guard let error = failure as? QKDError, error.meansDeviceLost else { throw failure }
            loss = error
            let hole = TagHole(beforeIndex: batch.count, cause: .deviceLost, afterPS: timeline.lastPS)
            batch.holes.append(hole)
            timeline.lose()
        }
        if engine?.anchorPS == nil, let first = await collector.firstTimePS {
            engine?.anchorPS = first - armedPS
            try folder.save(anchorPS: first - armedPS)
        }
        try folder.save(batch)
        engine?.add(batch)
        _ = try engine?.process(final: final)
        if let record = engine?.takeRecord() { try folder.save(record) }
    }

    /// How long a window the first frame's search takes, picoseconds.
    func firstSearchPS() -> Int64 { 2 * (engine?.plan.firstUncertaintyPS ?? 0) }

    /// Whether frames still wait for tags.
    func waitsForTags() -> Bool { (engine?.pendingFrames ?? 0) > 0 }

    func progress(elapsedPS: Int64, durationPS: Int64) -> RunProgress {
        let outcome = engine?.outcome ?? SessionOutcome()
        let z = outcome.counts.qber(.z)
        let x = outcome.counts.qber(.x)
        let lock = outcome.locks.last
        return RunProgress(
            elapsedS: Picoseconds.seconds(min(elapsedPS, durationPS)), durationS: Picoseconds.seconds(durationPS),
            singles: outcome.singles, detections: outcome.detections, siftedBits: outcome.alice.count,
            qberZ: z.trials > 0 ? z.rate : nil, qberX: x.trials > 0 ? x.rate : nil,
            offsetS: lock.flatMap { lock in engine?.offsetPS(of: lock) }.map { $0 * 1e-12 },
            skew: lock?.lock.skew, framesLost: outcome.frames.lost, framesWithHoles: outcome.frames.withHoles)
    }

    /// Closes the books: takes what can still be taken, writes the keys and the report.
    func finish(
        bench: Bench, options: RunOptions, failure: (any Error)?, findings: [String], started: Date, wall: Duration
    ) async throws -> SessionEnd {
        if failure != nil {
            // The tags that had arrived count; the error that ended the session stays the session's error.
            try? await collect(hostPS: await bench.bob.clock.nowPS, final: true)
        }
        let source = SessionSource(
            bench: bench, statistics: await bench.taggerStatistics(), repeatsPattern: options.repeatsPattern)
        let builder = ReportBuilder(
            description: bench.description, source: source,
            trueClock: await trueClock(bench))
        try folder.write(outcome: engine?.outcome ?? SessionOutcome())
        var report = SessionReport(
            result: builder.result(engine),
            run: RunFacts(failure: failure, findings: findings, started: started, wall: wall, bench: bench))
        if failure == nil, !options.repeatsPattern, let distillation = options.distillation {
            report.distillation = try await SessionDistillation(options: distillation)
                .run(folder: folder.path, bench: bench.description, source: source)
        }
        try folder.finish(report: report, bench: bench.description, source: source)
        return SessionEnd(report: report, failure: failure)
    }

    private func trueClock(_ bench: Bench) async -> ReportBuilder.TrueClock? {
        guard let world = bench.world else { return nil }
        return .init(
            bob: world.bobClock, delayPS: bench.description.fibreDelayPS, taggerSteps: await world.taggerSteps,
            shifts: timeline.shifts)
    }
}

extension QKDError {
    /// Whether a device that fails like this may come back: unplugged, silent, or its port is broken.
    var meansDeviceLost: Bool { [.disconnected, .timeout, .io, .absent].contains(kind) }
}

extension SessionEngine {
    /// Bob's clock minus Alice's at a frame's start, picoseconds: what was believed at first, plus how far
    /// from there the frame was found. The tagger's first record stands for the moment of arming.
    public func offsetPS(of frame: SessionOutcome.FoundFrame) -> Double? {
        guard let anchorPS else { return nil }
        return Double(frame.lock.startPS - frame.alicePS - anchorPS) + frame.lock.startFractionPS
    }
}
