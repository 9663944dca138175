import Foundation

/// Counts what is in flight, and lets somebody wait until nothing is.
final class FlightCount: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// One more is in flight.
    func enter() { lock.withLock { count += 1 } }

    /// One has ended.
    func leave() {
        let idle = lock.withLock { () -> [CheckedContinuation<Void, Never>] in
            count -= 1
            guard count == 0 else { return [] }
            defer { waiters = [] }
            return waiters
        }
        for waiter in idle { waiter.resume() }
    }

    /// Waits until nothing is in flight.
    func untilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = lock.withLock {
                if count == 0 { return true }
                waiters.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }
}
