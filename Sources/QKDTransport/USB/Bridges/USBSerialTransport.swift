import Foundation
import QKDCore

/// A serial instrument behind a USB converter, reached past the kernel's tty: the bulk endpoints themselves.
public final class USBSerialTransport: ByteTransport, @unchecked Sendable {
    public let endpoint: String
    private let connection: any USBConnection
    private let stream: any USBInStream
    private let wire: Wire
    private let lock = NSLock()
    private var count = TransportCounters()
    private var isClosed = false

    /// What a converter's kind decides.
    struct Wire: Sendable {
        var inEndpoint: USBEndpoint
        var outEndpoint: USBEndpoint
        /// Bytes at the head of each packet that are the converter's own.
        var headBytes: Int
        /// Lets go of the instrument: its lines fall.
        var hangUp: USBSetup
    }

    private static let writeLimit = Duration.seconds(5)

    /// Claims the converter on an open device and sets it to 8N1 at `baud`, lines raised, no flow control.
    ///
    /// Throws `unsupported` when its interfaces are not those of such a converter, `outOfRange` for a speed that it
    /// cannot run at, and what `USBConnection` throws.
    public static func open(
        _ connection: any USBConnection, _ kind: SerialBridge.Kind, baud: Int
    ) async throws -> USBSerialTransport {
        let wire =
            switch kind {
            case .cdcACM: try await CDCACM.prepare(connection, baud: baud)
            case .ftdi: try await FTDI.prepare(connection, baud: baud)
            }
        // As Linux reads converters: many short transfers, because what waits in one that is not full has not come yet.
        let stream = try await connection.stream(
            from: wire.inEndpoint.address, USBStreamShape(transfers: 16, length: 2 * wire.inEndpoint.packetLength))
        return USBSerialTransport(connection, stream, wire)
    }

    private init(_ connection: any USBConnection, _ stream: any USBInStream, _ wire: Wire) {
        self.connection = connection
        self.stream = stream
        self.wire = wire
        endpoint = connection.endpoint
    }

    public func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try await connection.write(bytes, to: wire.outEndpoint.address, timeout: Self.writeLimit)
        lock.withLock { count.written += bytes.count }
    }

    public func read(timeout: Duration) async throws -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            let bytes = withoutHeads(try await stream.next(timeout: max(.zero, left)))
            // An idle converter speaks of itself all the time.
            guard bytes.isEmpty else {
                lock.withLock { count.received += bytes.count }
                return bytes
            }
            guard ContinuousClock.now < deadline else {
                throw QKDError(.timeout, "nothing came within \(timeout)", at: .init(endpoint))
            }
        }
    }

    public func close() async {
        let isFirst = lock.withLock {
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        await stream.close()
        // A device that is gone has no lines to lower.
        _ = try? await connection.control(wire.hangUp, data: [], timeout: .milliseconds(500))
        await connection.close()
    }

    /// Bytes of the instrument; the converter's own are not counted.
    public var counters: TransportCounters { lock.withLock { count } }

    private func withoutHeads(_ transfer: [UInt8]) -> [UInt8] {
        guard wire.headBytes > 0 else { return transfer }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(transfer.count)
        for start in stride(from: 0, to: transfer.count, by: wire.inEndpoint.packetLength) {
            bytes += transfer[start..<min(transfer.count, start + wire.inEndpoint.packetLength)].dropFirst(
                wire.headBytes)
        }
        return bytes
    }
}

extension [USBInterface] {
    /// The bulk endpoints of the first interface that is meant, IN and OUT, and its number.
    func bulkPair(where isMeant: (USBInterface) -> Bool) -> (interface: UInt8, into: USBEndpoint, out: USBEndpoint)? {
        for interface in self where isMeant(interface) {
            let bulk = interface.endpoints.filter { $0.kind == .bulk }
            guard let into = bulk.first(where: \.isIn), let out = bulk.first(where: { !$0.isIn }) else { continue }
            return (interface.number, into, out)
        }
        return nil
    }
}
