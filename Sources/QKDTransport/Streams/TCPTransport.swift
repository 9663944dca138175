import Foundation
import NIOCore
import NIOPosix
import QKDCore

/// TCP connections to instruments.
public enum TCPTransport {
    /// Connects to `host`:`port`; throws `absent`, `timeout` or `outOfRange` (the port).
    public static func connect(
        host: String, port: Int, timeout: Duration = .seconds(3)
    ) async throws -> ChannelTransport {
        let endpoint = "tcp:\(host):\(port)"
        try PortNumber.check(port, endpoint: endpoint)
        let inboxes = NIOLoopBoundInbox()
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.nanoseconds(timeout.picoseconds / 1000))
                .channelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    ChannelTransport.install(on: channel, endpoint: endpoint).map { inboxes.put($0) }
                }
                .connect(host: host, port: port)
                .get()
            guard let inbox = inboxes.inbox else {
                throw QKDError(.io, "the connection's channel did not come up", at: .init(endpoint))
            }
            return ChannelTransport(endpoint: endpoint, channel: channel, inbox: inbox)
        } catch {
            var failure = ChannelFailure.named(error, endpoint: endpoint)
            if failure.kind == .disconnected { failure.kind = .absent }
            failure.message = "nothing answers there: \(failure.message)"
            throw failure
        }
    }
}

/// Port numbers; the resolver would take them modulo 65536 and lead somewhere else.
enum PortNumber {
    static func check(_ port: Int, from lowest: Int = 1, endpoint: String) throws {
        guard (lowest...65_535).contains(port) else {
            throw QKDError(.outOfRange, "there is no port \(port)", at: .init(endpoint))
        }
    }
}

/// Carries an inbox out of a channel's initializer.
final class NIOLoopBoundInbox: @unchecked Sendable {
    private let lock = NSLock()
    private var held: ByteInbox?

    var inbox: ByteInbox? { lock.withLock { held } }

    func put(_ inbox: ByteInbox) { lock.withLock { held = inbox } }
}
