import NIOCore
import NIOHTTP1
import NIOPosix
import QKDCore

/// Stands an emulated HTTP instrument on a port of this machine.
public struct HTTPEmulatorHost: Sendable {
    /// The port it stands on.
    public let port: Int
    private let server: any Channel
    private let children: ChildChannels

    /// Binds to `address`:`port` (0: any free port); throws `busy`, `permissionDenied` or `outOfRange`.
    public static func start(
        _ emulator: any HTTPEmulator, address: String, port: Int, clock: any BenchClock
    ) async throws -> HTTPEmulatorHost {
        try PortNumber.check(port, from: 0, endpoint: "http://\(address):\(port)")
        let children = ChildChannels()
        do {
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    children.add(channel)
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        try channel.pipeline.syncOperations.addHandler(
                            HTTPAnswerHandler(emulator: emulator, clock: clock))
                    }
                }
                .bind(host: address, port: port)
                .get()
            return HTTPEmulatorHost(port: server.localAddress?.port ?? port, server: server, children: children)
        } catch {
            throw ChannelFailure.named(error, endpoint: "http://\(address):\(port)")
        }
    }

    /// Stops listening and hangs up on every client.
    public func stop() async {
        try? await server.close().get()  // "already closed" is what we want
        await children.closeAll()
    }
}

/// Collects a request's parts and writes the emulator's answer.
///
/// Unchecked: its state is touched on the channel's event loop alone.
private final class HTTPAnswerHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let emulator: any HTTPEmulator
    private let clock: any BenchClock
    private var request = HTTPRequestMessage(method: "", path: "")
    private var keepAlive = true
    private static let bodyLimit = 64 << 20

    init(emulator: any HTTPEmulator, clock: any BenchClock) {
        self.emulator = emulator
        self.clock = clock
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            var headers: [String: String] = [:]
            for field in head.headers { headers[field.name.lowercased()] = field.value }
            request = HTTPRequestMessage(method: head.method.rawValue, path: head.uri, headers: headers)
            keepAlive = head.isKeepAlive
        case .body(let part):
            guard request.body.count + part.readableBytes <= Self.bodyLimit else {
                context.close(promise: nil)
                return
            }
            request.body += part.readableBytesView
        case .end:
            answer(on: context.channel)
        }
    }

    private func answer(on channel: any Channel) {
        let (request, emulator, clock, keepAlive) = (request, emulator, clock, keepAlive)
        self.request = HTTPRequestMessage(method: "", path: "")
        Task {
            let response = await emulator.respond(to: request, nowPS: clock.nowPS)
            var headers = HTTPHeaders([("content-length", "\(response.body.count)")])
            for (name, value) in response.headers { headers.replaceOrAdd(name: name, value: value) }
            if !keepAlive { headers.replaceOrAdd(name: "connection", value: "close") }
            let head = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: response.status), headers: headers)
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            channel.write(
                HTTPServerResponsePart.body(.byteBuffer(channel.allocator.buffer(bytes: response.body))), promise: nil)
            channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
                if !keepAlive { channel.close(promise: nil) }
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
