import Foundation
import QKDCore
import QKDTimeTags

/// Captures a tagger's tags into files.
///
/// Whatever ends it, a limit, a signal, a lost device or a full disk, the tagger is stopped, the files are
/// finished, and the counts are those of the files.
public struct TagCapture: Sendable {
    /// What a capture is doing.
    public struct Progress: Sendable {
        /// Tags so far.
        public var tags: Int
        /// Tag time so far, seconds.
        public var spanS: Double
        /// Holes so far.
        public var holes: Int
    }

    private let tagger: any TimeTagger
    private let options: CaptureOptions

    /// Prepares a capture from an open tagger.
    public init(_ tagger: any TimeTagger, _ options: CaptureOptions) {
        self.tagger = tagger
        self.options = options
    }

    /// Runs until a limit, cancellation or an error; throws only if it could not begin.
    public func run(progress: @escaping @Sendable (Progress) -> Void = { _ in }) async throws -> CaptureOutcome {
        let files = try CaptureFiles(options)
        let stream: TagStream
        do {
            stream = try await tagger.startTagging()
        } catch {
            var files = files
            try files.finish(afterFailure: false)
            throw error
        }
        let watch = CaptureWatch(options)
        let (tagger, options) = (tagger, options)
        // A task that is cancelled would lose what is queued: so the stop comes from outside, and the rest is taken.
        let consumer = Task.detached { await Self.consume(stream, files, watch, tagger, options, progress) }
        let watchdog = Task.detached { await Self.guardLimits(watch, tagger) }
        var outcome = await withTaskCancellationHandler {
            await consumer.value
        } onCancel: {
            watch.end(.interrupted)
        }
        watch.end(outcome.end)
        await watchdog.value
        let statistics = await tagger.taggerStatistics()
        outcome.droppedBatches = statistics.droppedBatches
        outcome.resyncs = statistics.resyncs
        if outcome.failure == nil, let failure = watch.failure {
            outcome.end = .failed
            outcome.failure = "\(failure)"
        }
        return outcome
    }

    private static func consume(
        _ stream: TagStream, _ start: CaptureFiles, _ watch: CaptureWatch, _ tagger: any TimeTagger,
        _ options: CaptureOptions, _ progress: @Sendable (Progress) -> Void
    ) async -> CaptureOutcome {
        var files = start
        var end: CaptureEnd?
        var failure: (any Error)?
        var writeFailed = false
        do {
            for try await batch in stream where end == nil && failure == nil {
                if !batch.isEmpty { watch.sawTags() }
                do {
                    end = try files.take(batch)
                } catch {
                    (failure, writeFailed) = (error, true)
                }
                if let end { watch.end(end) }
                if failure != nil { watch.end(.failed) }
                progress(
                    Progress(
                        tags: files.outcome.tags, spanS: files.spanS,
                        holes: files.outcome.holes.values.reduce(0, +)))
            }
        } catch {
            failure = failure ?? error
        }
        do {
            try files.finish(afterFailure: writeFailed)
        } catch {
            failure = failure ?? error
        }
        var outcome = files.outcome
        outcome.end = failure != nil ? .failed : end ?? watch.reason ?? .interrupted
        outcome.failure = failure.map { "\($0)" }
        return outcome
    }

    /// Stops the tagger when a limit that no tag tells of is reached, or when somebody said so.
    private static func guardLimits(_ watch: CaptureWatch, _ tagger: any TimeTagger) async {
        while watch.reason == nil {
            watch.checkTime()
            if watch.reason == nil { try? await Task.sleep(for: .milliseconds(10)) }
        }
        do {
            try await tagger.stopTagging()
        } catch {
            watch.fail(error)
        }
    }
}

/// When a capture is to end: shared by the one who writes, the one who waits, and the one who may be cancelled.
final class CaptureWatch: @unchecked Sendable {
    private let lock = NSLock()
    private let start = ContinuousClock.now
    private let limit: Duration?
    private let idle: Duration?
    private var lastTags = ContinuousClock.now
    private var ended: CaptureEnd?
    private var failed: (any Error)?

    init(_ options: CaptureOptions) {
        // Tags beyond the duration end it; where none come, the wall's clock does, a little later.
        limit = options.durationPS.map { .picoseconds($0) + .milliseconds(500) }
        idle = options.idleTimeout
    }

    var reason: CaptureEnd? { lock.withLock { ended } }
    var failure: (any Error)? { lock.withLock { failed } }

    func end(_ reason: CaptureEnd) { lock.withLock { ended = ended ?? reason } }
    func sawTags() { lock.withLock { lastTags = .now } }

    func fail(_ error: any Error) {
        lock.withLock {
            failed = failed ?? error
            ended = ended ?? .failed
        }
    }

    func checkTime() {
        lock.withLock {
            let now = ContinuousClock.now
            if let idle, now - lastTags > idle { ended = ended ?? .idle }
            if let limit, now - start > limit { ended = ended ?? .duration }
        }
    }
}
