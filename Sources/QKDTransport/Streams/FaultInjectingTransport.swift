import Foundation
import QKDCore

/// What a faulty wire does to the bytes that come from the device.
public enum StreamFault: Sendable, Equatable {
    /// Every `every`-th byte is lost.
    case loss(every: Int)
    /// Of each chunk only the first `to` bytes arrive.
    case truncation(to: Int)
    /// Each chunk arrives this much later.
    case delay(Duration)
    /// These bytes come before the next chunk, once.
    case garbage([UInt8])
    /// The wire breaks after this many bytes from the device.
    case disconnect(afterBytes: Int)
}

/// A transport that does harm, on order, to what the device says.
public final class FaultInjectingTransport: ByteTransport, @unchecked Sendable {
    private let wire: any ByteTransport
    private let lock = NSLock()
    private var faults: [StreamFault]
    private var passed = 0
    /// What is on its way, and when it comes.
    private var late: (bytes: [UInt8], due: ContinuousClock.Instant)?

    /// Wraps `wire`; all the `faults` act at once.
    public init(_ wire: any ByteTransport, faults: [StreamFault]) {
        self.wire = wire
        self.faults = faults
    }

    /// Changes what goes wrong from now on.
    public func setFaults(_ faults: [StreamFault]) { lock.withLock { self.faults = faults } }

    public var endpoint: String { wire.endpoint }
    public var counters: TransportCounters { wire.counters }

    public func write(_ bytes: [UInt8]) async throws { try await wire.write(bytes) }

    public func read(timeout: Duration) async throws -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        while true {
            if let late = lock.withLock({ late }) {
                try await Task.sleep(until: min(late.due, deadline))
                if deadline < late.due {
                    throw QKDError(.timeout, "no answer within \(timeout)", at: .init(endpoint))
                }
                lock.withLock { self.late = nil }
                return late.bytes
            }
            let left = max(.zero, ContinuousClock.now.duration(to: deadline))
            let chunk = try await wire.read(timeout: left)
            let (bytes, delay, broken) = lock.withLock { harm(chunk) }
            if broken {
                await wire.close()
                if bytes.isEmpty { throw QKDError(.disconnected, "the wire broke", at: .init(endpoint)) }
            }
            guard !bytes.isEmpty else { continue }
            guard let delay else { return bytes }
            lock.withLock { late = (bytes, ContinuousClock.now + delay) }
        }
    }

    public func close() async { await wire.close() }

    private func harm(_ chunk: [UInt8]) -> (bytes: [UInt8], delay: Duration?, broken: Bool) {
        var bytes = chunk
        var delay: Duration?
        var broken = false
        for (index, fault) in faults.enumerated().reversed() {
            switch fault {
            case .loss(let every):
                let start = passed
                bytes = bytes.enumerated().filter { (start + $0.offset + 1) % every != 0 }.map(\.element)
            case .truncation(let limit): bytes = Array(bytes.prefix(limit))
            case .delay(let amount): delay = amount
            case .garbage(let noise):
                bytes = noise + bytes
                faults.remove(at: index)
            case .disconnect(let limit):
                if passed + bytes.count >= limit {
                    bytes = Array(bytes.prefix(max(0, limit - passed)))
                    broken = true
                }
            }
        }
        passed += chunk.count
        return (bytes, delay, broken)
    }
}
