import Foundation

/// Lets one exchange at a time onto a wire, in the order of asking.
///
/// An actor alone does not: while one call waits for its answer another one may enter.
package final class WireTurn: @unchecked Sendable {
    private let lock = NSLock()
    private var isTaken = false
    private var queue: [CheckedContinuation<Void, Never>] = []

    /// Starts with the wire free.
    package init() {}

    /// Runs `exchange` when all earlier ones have ended.
    package func run<Value>(
        isolation: isolated (any Actor)? = #isolation, _ exchange: () async throws -> Value
    ) async rethrows -> Value {
        await take()
        defer { give() }
        return try await exchange()
    }

    private func take(isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { continuation in
            let isMine = lock.withLock {
                if isTaken {
                    queue.append(continuation)
                    return false
                }
                isTaken = true
                return true
            }
            if isMine { continuation.resume() }
        }
    }

    private func give() {
        let next: CheckedContinuation<Void, Never>? = lock.withLock {
            if queue.isEmpty {
                isTaken = false
                return nil
            }
            return queue.removeFirst()
        }
        next?.resume()
    }
}
