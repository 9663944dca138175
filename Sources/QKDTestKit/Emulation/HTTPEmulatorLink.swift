import Foundation
import QKDCore
import QKDTransport

/// An HTTP emulator bound to a driver in the same process, on a clock that a test moves.
public final class HTTPEmulatorLink: HTTPTransport, @unchecked Sendable {
    public let endpoint: String
    private let emulator: any HTTPEmulator
    private let clock: ManualClock
    private let lock = NSLock()
    private var fault: WireFault?
    private var garbage = GarbageSource()
    private var closed = false
    private var requests = 0

    /// Binds `emulator` to `clock`.
    public init(_ emulator: any HTTPEmulator, clock: ManualClock, named endpoint: String = "http-emulator") {
        self.emulator = emulator
        self.clock = clock
        self.endpoint = endpoint
    }

    /// Breaks the wire from now on.
    public func inject(_ fault: WireFault?) { lock.withLock { self.fault = fault } }

    /// Requests that were sent.
    public var requestCount: Int { lock.withLock { requests } }

    public func send(_ request: HTTPRequestMessage, timeout: Duration) async throws -> HTTPResponseMessage {
        try Task.checkCancellation()
        let (isClosed, fault) = lock.withLock {
            requests += 1
            return (closed, self.fault)
        }
        if isClosed { throw QKDError(.disconnected, "the connection is closed", at: .init(endpoint)) }
        switch fault {
        case nil: return await emulator.respond(to: request, nowPS: await clock.nowPS)
        case .silent:
            await clock.advance(byPS: timeout.picoseconds)
            throw QKDError(.timeout, "no answer within \(timeout)", at: .init(endpoint))
        case .garbage: return HTTPResponseMessage(status: 200, body: lock.withLock { garbage.next() })
        case .cut:
            await close()
            throw QKDError(.disconnected, "the connection broke", at: .init(endpoint))
        }
    }

    public func close() async { lock.withLock { closed = true } }
}
