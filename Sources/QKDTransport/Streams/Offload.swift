import Dispatch

/// Runs calls that may wait in the kernel on a thread that may: not one of those that Swift's tasks share, of which a
/// machine with one core has just one.
package enum Offload {
    /// Runs `work` and returns what it returns, or throws what it throws.
    package static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }
}
