import Foundation
import QKDCore

/// Takes the tagger's batches off its stream as they come, so that nothing is dropped while the run is busy.
actor TagCollector {
    private var waiting = TagBatch()
    private var lastTimePS: Int64?
    private var failure: (any Error)?
    private var ended = false

    /// The time of the first tag that came.
    private(set) var firstTimePS: Int64?

    /// Follows a stream to its end; run it on a task of its own.
    func follow(_ stream: TagStream) async {
        do {
            for try await batch in stream { take(batch) }
        } catch {
            failure = error
        }
        ended = true
    }

    private func take(_ batch: TagBatch) {
        if firstTimePS == nil { firstTimePS = batch.times.first }
        if let last = batch.times.last { lastTimePS = last }
        waiting.append(batch)
    }

    /// Hands over what has come; throws what ended the stream, once all before it has been taken.
    func drain() throws -> TagBatch {
        let batch = waiting
        waiting = TagBatch()
        if batch.isEmpty, batch.holes.isEmpty, let failure { throw failure }
        return batch
    }

    /// Waits until the stream has ended, at most `timeout` of wall time; says whether it has.
    func waitForEnd(timeout: Duration) async -> Bool {
        let deadline = ContinuousClock.now + timeout
        while !ended, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(1)) }
        return ended
    }

    /// Waits until a tag at or after `timePS` has come; throws `timeout`, or what ended the stream.
    func wait(untilPS timePS: Int64, timeout: Duration) async throws {
        let deadline = ContinuousClock.now + timeout
        while lastTimePS.map({ $0 < timePS }) ?? true {
            if let failure { throw failure }
            guard !ended, ContinuousClock.now < deadline else {
                throw QKDError(.timeout, "the tagger has fallen silent")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
