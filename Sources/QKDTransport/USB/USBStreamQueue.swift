import Dispatch
import Foundation
import QKDCore

/// The transfers of a stream that have ended and wait for their reader, in order.
///
/// As long as the stream's transfers are submitted again only when they were taken, it cannot grow beyond them.
final class USBStreamQueue: @unchecked Sendable {
    let endpoint: String
    private let lock = NSLock()
    private var ready: [[UInt8]] = []
    private var hasEnded = false
    private var failure: QKDError?
    private var waiter: CheckedContinuation<[UInt8], any Error>?
    private var waiterNumber: UInt64 = 0
    /// The last transfer that was taken may still be on its way through its reader.
    private var isReaderBusy = false

    init(endpoint: String) { self.endpoint = endpoint }

    /// Whether the reader has not come back for more since bytes came.
    var holdsUntaken: Bool { lock.withLock { !hasEnded && (!ready.isEmpty || isReaderBusy) } }

    func put(_ bytes: [UInt8]) {
        let waiter = lock.withLock { () -> CheckedContinuation<[UInt8], any Error>? in
            guard let waiter = self.waiter else {
                ready.append(bytes)
                return nil
            }
            self.waiter = nil
            isReaderBusy = true
            return waiter
        }
        waiter?.resume(returning: bytes)
    }

    /// No more will come; the first call says why.
    func end(_ failure: QKDError?) {
        let waiter = lock.withLock { () -> CheckedContinuation<[UInt8], any Error>? in
            if !hasEnded { self.failure = failure }
            hasEnded = true
            defer { self.waiter = nil }
            return self.waiter
        }
        waiter?.resume(throwing: ended)
    }

    private var ended: QKDError {
        lock.withLock { failure } ?? QKDError(.disconnected, "the stream is closed", at: .init(endpoint))
    }

    func take(timeout: Duration) async throws -> [UInt8] {
        let number = lock.withLock {
            isReaderBusy = false
            waiterNumber += 1
            return waiterNumber
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { park($0, number: number, timeout: timeout) }
        } onCancel: {
            give(up: number, CancellationError())
        }
    }

    private func park(_ continuation: CheckedContinuation<[UInt8], any Error>, number: UInt64, timeout: Duration) {
        enum Now {
            case bytes([UInt8])
            case failure(any Error)
            case waits
        }
        let now = lock.withLock { () -> Now in
            if !ready.isEmpty {
                isReaderBusy = true
                return .bytes(ready.removeFirst())
            }
            if Task.isCancelled { return .failure(CancellationError()) }
            if hasEnded {
                return .failure(failure ?? QKDError(.disconnected, "the stream is closed", at: .init(endpoint)))
            }
            if timeout <= .zero { return .failure(timedOut(timeout)) }
            precondition(waiter == nil, "one reader at a time")
            waiter = continuation
            return .waits
        }
        switch now {
        case .bytes(let bytes): continuation.resume(returning: bytes)
        case .failure(let error): continuation.resume(throwing: error)
        case .waits:
            let nanoseconds = Int(min(timeout.picoseconds / 1000, 3_600_000_000_000))
            DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak self] in
                guard let self else { return }
                self.give(up: number, self.timedOut(timeout))
            }
        }
    }

    private func give(up number: UInt64, _ error: any Error) {
        let waiter = lock.withLock { () -> CheckedContinuation<[UInt8], any Error>? in
            guard number == waiterNumber else { return nil }
            defer { self.waiter = nil }
            return self.waiter
        }
        waiter?.resume(throwing: error)
    }

    private func timedOut(_ timeout: Duration) -> QKDError {
        QKDError(.timeout, "nothing came within \(timeout)", at: .init(endpoint))
    }
}
