import NIOCore
import NIOPosix
import QKDCore

/// Stands an emulated byte-stream instrument on a TCP port; each connection is a conversation of its own.
public struct TCPEmulatorHost: Sendable {
    /// The port it stands on.
    public let port: Int
    private let server: any Channel
    private let children: ChildChannels

    /// Binds to `address`:`port` (0: any free port); throws `busy`, `permissionDenied` or `outOfRange`.
    public static func start(
        address: String, port: Int, clock: any BenchClock,
        conversation: @escaping @Sendable () async -> any StreamEmulator
    ) async throws -> TCPEmulatorHost {
        try PortNumber.check(port, from: 0, endpoint: "tcp:\(address):\(port)")
        let children = ChildChannels()
        do {
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(
                    ChannelOptions.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 18)
                )
                .childChannelInitializer { channel in
                    children.add(channel)
                    let endpoint = "tcp:\(channel.remoteAddress?.description ?? "client")"
                    return ChannelTransport.install(on: channel, endpoint: endpoint).map { inbox in
                        let transport = ChannelTransport(endpoint: endpoint, channel: channel, inbox: inbox)
                        Task { _ = StreamEmulatorHost(await conversation(), on: transport, clock: clock) }
                    }
                }
                .bind(host: address, port: port)
                .get()
            return TCPEmulatorHost(port: server.localAddress?.port ?? port, server: server, children: children)
        } catch {
            throw ChannelFailure.named(error, endpoint: "tcp:\(address):\(port)")
        }
    }

    /// Stops listening and hangs up on every client.
    public func stop() async {
        try? await server.close().get()  // "already closed" is what we want
        await children.closeAll()
    }
}
