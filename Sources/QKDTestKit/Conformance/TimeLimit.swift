import Foundation

/// Runs work that may hang, and gives it up after a while on the wall.
enum TimeLimit {
    enum Outcome<Value: Sendable>: Sendable {
        case returned(Value)
        case threw(any Error)
        case hung
    }

    /// Waits for `work` no longer than `limit`; work that hangs is cancelled and left behind.
    static func run<Value: Sendable>(
        _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
    ) async -> Outcome<Value> {
        let gate = Gate<Outcome<Value>>()
        let task = Task {
            do { gate.open(.returned(try await work())) } catch { gate.open(.threw(error)) }
        }
        let watch = Task {
            try? await Task.sleep(for: limit)
            gate.open(.hung)
        }
        let outcome = await gate.wait()
        watch.cancel()
        task.cancel()
        return outcome
    }

    /// Lets the first value through and forgets the others.
    private final class Gate<Value: Sendable>: @unchecked Sendable {
        private let lock = NSLock()
        private var value: Value?
        private var waiter: CheckedContinuation<Value, Never>?

        func open(_ value: Value) {
            let waiter = lock.withLock { () -> CheckedContinuation<Value, Never>? in
                guard self.value == nil else { return nil }
                self.value = value
                return self.waiter
            }
            waiter?.resume(returning: value)
        }

        func wait() async -> Value {
            await withCheckedContinuation { continuation in
                let ready = lock.withLock { () -> Value? in
                    if value == nil { waiter = continuation }
                    return value
                }
                if let ready { continuation.resume(returning: ready) }
            }
        }
    }
}
