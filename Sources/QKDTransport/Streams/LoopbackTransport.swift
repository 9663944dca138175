import Foundation
import QKDCore

/// One end of a pair of in-process byte streams: what one end writes the other reads.
public final class LoopbackTransport: ByteTransport {
    public let endpoint: String
    private let inbox: ByteInbox
    private let peer: ByteInbox
    private let written = LockedCounter()

    private init(endpoint: String, inbox: ByteInbox, peer: ByteInbox) {
        self.endpoint = endpoint
        self.inbox = inbox
        self.peer = peer
    }

    /// Makes the two ends.
    public static func pair(named name: String = "loopback") -> (LoopbackTransport, LoopbackTransport) {
        let one = ByteInbox(endpoint: name)
        let two = ByteInbox(endpoint: name)
        return (
            LoopbackTransport(endpoint: name, inbox: one, peer: two),
            LoopbackTransport(endpoint: name, inbox: two, peer: one)
        )
    }

    public func write(_ bytes: [UInt8]) async throws {
        guard !inbox.isClosed, !peer.isClosed else { throw inbox.disconnected }
        written.add(bytes.count)
        peer.deliver(bytes)
    }

    public func read(timeout: Duration) async throws -> [UInt8] {
        try await inbox.take(timeout: timeout)
    }

    public func close() async {
        inbox.close()
        peer.close()
    }

    public var counters: TransportCounters {
        var counters = TransportCounters()
        counters.written = written.value
        counters.received = inbox.receivedCount
        return counters
    }
}
