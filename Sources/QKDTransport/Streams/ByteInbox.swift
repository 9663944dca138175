import Dispatch
import Foundation
import QKDCore

/// Where a transport's event loop lays down what arrived, and one reader picks it up.
///
/// A lock, not an actor: the event loop must never wait for a task.
public final class ByteInbox: @unchecked Sendable {
    private let lock = NSLock()
    private var buffer: [UInt8] = []
    private var received = 0
    private var closed = false
    private var failure: QKDError?
    private var waiter: CheckedContinuation<[UInt8], any Error>?
    private var waiterNumber: UInt64 = 0
    private let endpoint: String
    /// Called with `true` when the inbox is full and with `false` when it has room again.
    private let onPressure: (@Sendable (Bool) -> Void)?
    private var pressed = false

    /// Bytes that may wait before the source is asked to stop.
    public static let highWater = 1 << 20

    /// Makes an inbox for the transport that leads to `endpoint`.
    public init(endpoint: String, onPressure: (@Sendable (Bool) -> Void)? = nil) {
        self.endpoint = endpoint
        self.onPressure = onPressure
    }

    /// The error of a closed transport.
    public var disconnected: QKDError {
        lock.withLock { failure } ?? QKDError(.disconnected, "the connection is closed", at: .init(endpoint))
    }

    /// Whether no more bytes will arrive.
    public var isClosed: Bool { lock.withLock { closed } }

    /// All bytes that ever arrived.
    public var receivedCount: Int { lock.withLock { received } }

    /// Lays down bytes; a waiting reader gets them at once.
    public func deliver(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        lock.lock()
        received += bytes.count
        if let waiter {
            self.waiter = nil
            lock.unlock()
            waiter.resume(returning: bytes)
            return
        }
        buffer += bytes
        let nowFull = !pressed && buffer.count > Self.highWater
        if nowFull { pressed = true }
        lock.unlock()
        if nowFull { onPressure?(true) }
    }

    /// Ends the stream; what has arrived can still be read, then readers get `failure` or `disconnected`.
    public func close(_ failure: QKDError? = nil) {
        lock.lock()
        // The first close says why: a channel that we closed ourselves reports a hang-up afterwards.
        if !closed { self.failure = failure }
        closed = true
        let waiter = self.waiter
        self.waiter = nil
        lock.unlock()
        waiter?.resume(throwing: disconnected)
    }

    /// Takes all that has arrived, waiting for the first byte; throws `timeout`, `disconnected` or a cancellation.
    public func take(timeout: Duration) async throws -> [UInt8] {
        if let ready = try takeReady() { return ready }
        if timeout <= .zero { throw timedOut(timeout) }
        let number = lock.withLock {
            waiterNumber += 1
            return waiterNumber
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                park(continuation, number: number, timeout: timeout)
            }
        } onCancel: {
            give(up: number, CancellationError())
        }
    }

    private func takeReady() throws -> [UInt8]? {
        lock.lock()
        defer { lock.unlock() }
        if !buffer.isEmpty { return unlockedTake() }
        if closed {
            throw failure ?? QKDError(.disconnected, "the connection is closed", at: .init(endpoint))
        }
        return nil
    }

    private func unlockedTake() -> [UInt8] {
        let bytes = buffer
        buffer = []
        if pressed {
            pressed = false
            // On another queue: the handler may take the event loop's own locks.
            if let onPressure { DispatchQueue.global().async { onPressure(false) } }
        }
        return bytes
    }

    private func park(_ continuation: CheckedContinuation<[UInt8], any Error>, number: UInt64, timeout: Duration) {
        lock.lock()
        if !buffer.isEmpty {
            let bytes = unlockedTake()
            lock.unlock()
            continuation.resume(returning: bytes)
        } else if closed {
            lock.unlock()
            continuation.resume(throwing: disconnected)
        } else if Task.isCancelled {
            lock.unlock()
            continuation.resume(throwing: CancellationError())
        } else {
            precondition(waiter == nil, "one reader at a time")
            waiter = continuation
            lock.unlock()
            let nanoseconds = Int(min(timeout.picoseconds / 1000, 3_600_000_000_000))
            DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak self] in
                guard let self else { return }
                self.give(up: number, self.timedOut(timeout))
            }
        }
    }

    private func give(up number: UInt64, _ error: any Error) {
        lock.lock()
        guard number == waiterNumber, let waiter else {
            lock.unlock()
            return
        }
        self.waiter = nil
        lock.unlock()
        waiter.resume(throwing: error)
    }

    private func timedOut(_ timeout: Duration) -> QKDError {
        QKDError(.timeout, "no answer within \(timeout)", at: .init(endpoint))
    }
}

/// A count that any thread may raise.
final class LockedCounter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    var value: Int { lock.withLock { count } }

    func add(_ amount: Int) { lock.withLock { count += amount } }
}
