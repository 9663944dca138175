import Foundation
import QKDCore
import QKDTransport

/// An emulator bound to a driver in the same process, on a clock that a test moves.
///
/// `write` returns when the emulator has taken the bytes, so the order of a talk never depends on
/// how tasks are scheduled. What the emulator says by itself is delivered as the clock moves.
public final class EmulatorLink: ByteTransport, @unchecked Sendable {
    /// What a `read` does while nothing is there to be read.
    public enum IdleRead: Sendable {
        /// It lets its timeout pass on the clock, a millisecond at a time, and never waits on the wall.
        /// For devices that answer when asked.
        case passesTime
        /// It waits on the wall until somebody moves the clock. For devices that speak by themselves,
        /// whose driver always has a read under way.
        case waits
    }

    public let endpoint: String
    private let emulator: any StreamEmulator
    private let clock: ManualClock
    private let idleRead: IdleRead
    private let inbox: ByteInbox
    private let lock = NSLock()
    private var fault: WireFault?
    private var garbage = GarbageSource()
    private var written = 0

    /// The step in which an idle read lets time pass.
    public static let stepPS = Picoseconds.perMillisecond

    /// Binds `emulator` to `clock`.
    public init(
        _ emulator: any StreamEmulator, clock: ManualClock, idleRead: IdleRead = .passesTime,
        named endpoint: String = "emulator"
    ) async {
        self.emulator = emulator
        self.clock = clock
        self.idleRead = idleRead
        self.endpoint = endpoint
        inbox = ByteInbox(endpoint: endpoint)
        await clock.follow { [weak self] nowPS in await self?.advance(toPS: nowPS) }
    }

    /// Breaks the wire from now on; a `cut` shows at the next answer.
    public func inject(_ fault: WireFault?) { lock.withLock { self.fault = fault } }

    public func write(_ bytes: [UInt8]) async throws {
        // As strict as an event loop: a cancelled task gets nothing through.
        try Task.checkCancellation()
        if inbox.isClosed { throw inbox.disconnected }
        lock.withLock { written += bytes.count }
        deliver(await emulator.receive(bytes, nowPS: await clock.nowPS), asked: true)
    }

    public func read(timeout: Duration) async throws -> [UInt8] {
        guard idleRead == .passesTime else { return try await inbox.take(timeout: timeout) }
        if let ready = try await takeReady() { return ready }
        var leftPS = timeout.picoseconds
        // Nothing can come over a silent wire, so there is no need to look every millisecond.
        let stepPS = lock.withLock { fault } == .silent ? leftPS : Self.stepPS
        while leftPS > 0 {
            try Task.checkCancellation()
            let stepPS = min(stepPS, leftPS)
            await clock.advance(byPS: stepPS)
            leftPS -= stepPS
            if let ready = try await takeReady() { return ready }
        }
        throw QKDError(.timeout, "no answer within \(timeout)", at: .init(endpoint))
    }

    public func close() async { inbox.close() }

    public var counters: TransportCounters {
        var counters = TransportCounters()
        counters.written = lock.withLock { written }
        counters.received = inbox.receivedCount
        return counters
    }

    private func takeReady() async throws -> [UInt8]? {
        do {
            return try await inbox.take(timeout: .zero)
        } catch let error as QKDError where error.kind == .timeout {
            return nil
        }
    }

    private func advance(toPS nowPS: Int64) async {
        deliver(await emulator.advance(toPS: nowPS), asked: false)
    }

    private func deliver(_ answer: [UInt8], asked: Bool) {
        switch lock.withLock({ fault }) {
        case nil: inbox.deliver(answer)
        case .silent: break
        case .garbage: if asked || !answer.isEmpty { inbox.deliver(lock.withLock { garbage.next() }) }
        case .cut:
            if asked || !answer.isEmpty {
                inbox.deliver(Array(answer.prefix(answer.count / 2)))
                inbox.close()
            }
        }
    }
}
