import NIOCore
import NIOPosix
import QKDCore

/// Listens on a TCP port and gives each client's byte stream to whoever serves it.
struct StreamListener: Sendable {
    /// The port it stands on.
    let port: Int
    private let server: any Channel
    private let children: ChildChannels

    /// Binds to `address`:`port` (0: any free port); endpoints are called `scheme:…`. Throws `busy`,
    /// `permissionDenied` or `outOfRange`.
    static func start(
        scheme: String, address: String, port: Int,
        on loops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        serve: @escaping @Sendable (ChannelTransport) async -> Void
    ) async throws -> StreamListener {
        try PortNumber.check(port, from: 0, endpoint: "\(scheme):\(address):\(port)")
        let children = ChildChannels()
        do {
            let server = try await ServerBootstrap(group: loops)
                .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(
                    ChannelOptions.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 18)
                )
                .childChannelInitializer { channel in
                    children.add(channel)
                    let endpoint = "\(scheme):\(channel.remoteAddress?.description ?? "client")"
                    return ChannelTransport.install(on: channel, endpoint: endpoint).map { inbox in
                        let transport = ChannelTransport(endpoint: endpoint, channel: channel, inbox: inbox)
                        Task { await serve(transport) }
                    }
                }
                .bind(host: address, port: port)
                .get()
            return StreamListener(port: server.localAddress?.port ?? port, server: server, children: children)
        } catch {
            throw ChannelFailure.named(error, endpoint: "\(scheme):\(address):\(port)")
        }
    }

    /// Stops listening; those who are connected stay.
    func stopListening() async {
        try? await server.close().get()  // "already closed" is what we want
    }

    /// Hangs up on every client.
    func hangUp() async { await children.closeAll() }
}
