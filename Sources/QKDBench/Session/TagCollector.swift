import Foundation
import QKDCore

/// Takes the tagger's batches off its stream as they come, so that nothing is dropped while the run is busy.
actor TagCollector {
    private var waiting = TagBatch()
    private var following: Task<Void, Never>?

    /// What ended the stream, if it was not its proper end.
    private(set) var failure: (any Error)?
    /// Whether the stream has ended.
    private(set) var hasEnded = false
    /// The time of the first tag that came.
    private(set) var firstTimePS: Int64?

    /// Follows a stream to its end.
    func follow(_ stream: TagStream) {
        following = Task.detached { [weak self] in
            do {
                for try await batch in stream { await self?.take(batch) }
                await self?.end(nil)
            } catch {
                await self?.end(error)
            }
        }
    }

    /// Lets go of the stream, which has the tagger's driver stop it.
    func stop() { following?.cancel() }

    private func take(_ batch: TagBatch) {
        if firstTimePS == nil { firstTimePS = batch.times.first }
        waiting.append(batch)
    }

    private func end(_ error: (any Error)?) {
        failure = error
        hasEnded = true
    }

    /// Hands over what has come.
    func drain() -> TagBatch {
        defer { waiting = TagBatch() }
        return waiting
    }

    /// Waits until the stream has ended, at most `timeout` of wall time; says whether it has.
    func waitForEnd(timeout: Duration) async -> Bool {
        let deadline = ContinuousClock.now + timeout
        while !hasEnded, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(1)) }
        return hasEnded
    }
}
