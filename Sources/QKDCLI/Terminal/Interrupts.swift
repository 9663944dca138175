import Dispatch
import Foundation
import QKDCore

/// Runs work that a signal may end: INT, TERM and HUP cancel it, and it then makes the hardware safe
/// before it returns.
enum Interrupts {
    /// Runs `work` in a task of its own; a signal cancels the task and the work's clean-up runs to its end.
    static func guarding<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task.detached { try await work() }
        let sources = watch { @Sendable in task.cancel() }
        defer { for source in sources { source.cancel() } }
        do {
            return try await task.value
        } catch is CancellationError {
            throw QKDError(.interrupted, "interrupted")
        }
    }

    /// Waits until a signal comes.
    static func wait() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = watch { @Sendable in continuation.yield() }
        for await _ in stream { break }
        for source in sources { source.cancel() }
    }

    private static func watch(_ action: @escaping @Sendable () -> Void) -> [any DispatchSourceSignal] {
        signal(SIGPIPE, SIG_IGN)
        return [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: DispatchWorkItem(block: action))
            source.resume()
            return source
        }
    }
}
