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

    init(folder: SessionFolder) { self.folder = folder }

    func begin(plan: SessionPlan, bobSeed: [UInt8]) throws {
        engine = try SessionEngine(plan: plan, bobSeed: bobSeed)
        try folder.begin(bobSeed: bobSeed, resolutionPS: plan.resolutionPS)
    }

    func attach(_ collector: TagCollector, armedPS: Int64) {
        self.collector = collector
        self.armedPS = armedPS
    }

    func add(_ frame: AliceFrame) throws {
        engine?.add(frame)
        try folder.save(frame)
    }

    /// Moves Bob's tags into the engine and takes the frames that are complete.
    func collect(final: Bool) async throws {
        guard let collector else { return }
        let batch = try await collector.drain()
        if engine?.anchorPS == nil, let first = await collector.firstTimePS {
            engine?.anchorPS = first - armedPS
            try folder.save(anchorPS: first - armedPS)
        }
        try folder.save(batch)
        engine?.add(batch)
        _ = try engine?.process(final: final)
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
            try? await collect(final: true)
        }
        let source = SessionSource(
            bench: bench, statistics: await bench.bob.tagger.taggerStatistics(), repeatsPattern: options.repeatsPattern)
        let builder = ReportBuilder(
            description: bench.description, source: source,
            trueClock: bench.world.map { .init(bob: $0.bobClock, delayPS: bench.description.fibreDelayPS) })
        let report = SessionReport(
            result: builder.result(engine),
            run: RunFacts(failure: failure, findings: findings, started: started, wall: wall, bench: bench))
        try folder.finish(
            outcome: engine?.outcome ?? SessionOutcome(), report: report, bench: bench.description, source: source)
        return SessionEnd(report: report, failure: failure)
    }
}

extension SessionEngine {
    /// Bob's clock minus Alice's at a frame's start, picoseconds: what was believed at first, plus how far
    /// from there the frame was found. The tagger's first record stands for the moment of arming.
    public func offsetPS(of frame: SessionOutcome.FoundFrame) -> Double? {
        guard let anchorPS else { return nil }
        return Double(frame.lock.startPS - frame.alicePS - anchorPS) + frame.lock.startFractionPS
    }
}
