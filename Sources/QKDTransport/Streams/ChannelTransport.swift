import NIOCore
import NIOPosix
import QKDCore

/// A byte transport over a swift-nio channel: what serial ports, ptys and TCP connections share.
public final class ChannelTransport: ByteTransport {
    public let endpoint: String
    private let channel: any Channel
    private let inbox: ByteInbox
    private let written = LockedCounter()
    /// How long the other side may leave a write untaken before the connection counts as lost.
    static let writeTimeout = TimeAmount.seconds(10)

    init(endpoint: String, channel: any Channel, inbox: ByteInbox) {
        self.endpoint = endpoint
        self.channel = channel
        self.inbox = inbox
    }

    public func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        guard channel.isActive else { throw inbox.disconnected }
        let channel = self.channel
        let watchdog = channel.eventLoop.scheduleTask(in: Self.writeTimeout) {
            channel.close(promise: nil)
        }
        defer { watchdog.cancel() }
        do {
            try await channel.writeAndFlush(channel.allocator.buffer(bytes: bytes)).get()
            written.add(bytes.count)
        } catch {
            inbox.close(ChannelFailure.lost(error, endpoint: endpoint))
            throw inbox.disconnected
        }
    }

    public func read(timeout: Duration) async throws -> [UInt8] {
        try await inbox.take(timeout: timeout)
    }

    public func close() async {
        inbox.close()
        try? await channel.close().get()  // "already closed" is what we want
    }

    public var counters: TransportCounters {
        var counters = TransportCounters()
        counters.written = written.value
        counters.received = inbox.receivedCount
        return counters
    }
}

/// Hands what arrives on a channel to an inbox, and stops reading while the inbox is full.
final class InboxHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private let inbox: ByteInbox
    private let endpoint: String

    init(inbox: ByteInbox, endpoint: String) {
        self.inbox = inbox
        self.endpoint = endpoint
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.deliver(Array(unwrapInboundIn(data).readableBytesView))
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.close(QKDError(.disconnected, "the other side hung up", at: .init(endpoint)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.close(ChannelFailure.lost(error, endpoint: endpoint))
        context.close(promise: nil)
    }
}

/// Names swift-nio's failures in our kinds.
enum ChannelFailure {
    static func named(_ error: any Error, endpoint: String) -> QKDError {
        if let error = error as? QKDError { return error }
        let place = QKDError.Place(endpoint)
        if let error = error as? IOError {
            // EADDRINUSE, of which NIO tells only its call.
            let message = error.errnoCode == 98 ? "another program listens at this port" : "\(error)"
            return QKDError(kind(ofErrno: error.errnoCode), message, code: error.errnoCode, at: place)
        }
        if let error = error as? NIOConnectionError, let first = error.connectionErrors.first {
            return named(first.error, endpoint: endpoint)
        }
        return QKDError(.disconnected, "the connection failed: \(error)", at: place)
    }

    /// The failure of a connection that stood: whatever the system calls it, the device went away.
    static func lost(_ error: any Error, endpoint: String) -> QKDError {
        // The kinds of our own errors stand, such as a request's timeout.
        if let error = error as? QKDError { return error }
        var failure = named(error, endpoint: endpoint)
        failure.kind = .disconnected
        return failure
    }

    static func kind(ofErrno code: Int32) -> QKDError.Kind {
        switch code {
        case 2, 6, 19, 111, 113: .absent  // ENOENT, ENXIO, ENODEV, ECONNREFUSED, EHOSTUNREACH
        case 16, 98: .busy  // EBUSY, EADDRINUSE
        case 1, 13: .permissionDenied  // EPERM, EACCES
        case 110: .timeout  // ETIMEDOUT
        case 5, 32, 104: .disconnected  // EIO, EPIPE, ECONNRESET
        default: .io
        }
    }
}

extension ChannelTransport {
    /// Wires an inbox into a fresh channel; call on its event loop, inside an initializer.
    static func install(on channel: any Channel, endpoint: String) -> EventLoopFuture<ByteInbox> {
        let inbox = ByteInbox(
            endpoint: endpoint,
            onPressure: { [weak channel] full in
                channel?.setOption(ChannelOptions.autoRead, value: !full).whenFailure { _ in }
            })
        return channel.pipeline.addHandler(InboxHandler(inbox: inbox, endpoint: endpoint)).map { inbox }
    }
}
