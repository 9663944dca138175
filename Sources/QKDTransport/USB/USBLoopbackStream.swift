import Foundation
import QKDCore

/// A stream over an emulated port: as many transfers wait at the port as a host would keep in flight.
final class USBLoopbackStream: USBInStream, @unchecked Sendable {
    private let port: USBPort
    private let source: UInt8
    private let longest: Int
    private var length: Int
    private let queue: USBStreamQueue
    private let ids: @Sendable () -> UInt32
    private let received: @Sendable (Int) -> Void
    private let lock = NSLock()
    private var inFlight: Set<UInt32> = []

    init(
        port: USBPort, from source: UInt8, length: Int, named endpoint: String, ids: @escaping @Sendable () -> UInt32,
        received: @escaping @Sendable (Int) -> Void
    ) {
        self.port = port
        self.source = source
        longest = length
        self.length = length
        self.ids = ids
        self.received = received
        queue = USBStreamQueue(endpoint: endpoint)
    }

    /// Whether bytes have come that nobody took.
    var holdsUntaken: Bool { queue.holdsUntaken }

    func aim(length: Int) { lock.withLock { self.length = min(longest, max(1, length)) } }

    func submit() async {
        let id = ids()
        let length = lock.withLock {
            inFlight.insert(id)
            return self.length
        }
        await port.submit(USBRequestBlock(id: id, endpoint: source, length: length)) { [weak self] done in
            self?.ended(id, done)
        }
    }

    func next(timeout: Duration) async throws -> [UInt8] {
        let bytes = try await queue.take(timeout: timeout)
        await submit()
        return bytes
    }

    func close() async {
        queue.end(nil)
        for id in lock.withLock({ inFlight }) { await port.cancel(id) }
    }

    private func ended(_ id: UInt32, _ done: USBCompletion) {
        _ = lock.withLock { inFlight.remove(id) }
        received(done.data.count)
        switch done.status {
        case .done: queue.put(done.data)
        case .cancelled: if !done.data.isEmpty { queue.put(done.data) }
        case .stall, .overflow, .gone:
            if !done.data.isEmpty { queue.put(done.data) }
            queue.end(done.status.error(at: queue.endpoint))
        }
    }
}
