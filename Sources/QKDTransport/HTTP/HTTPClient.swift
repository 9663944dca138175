import NIOCore
import NIOHTTP1
import NIOPosix
import QKDCore

/// An HTTP/1.1 client for one instrument: one connection, kept alive, one request at a time.
public actor HTTPClient: HTTPTransport {
    public nonisolated let endpoint: String
    private let host: String
    private let port: Int
    private var channel: (any Channel)?
    private var busy = false
    private var queue: [CheckedContinuation<Void, Never>] = []

    /// Prepares to talk to `host`:`port`; the connection is made at the first request.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
        endpoint = "http://\(host):\(port)"
    }

    public func send(_ request: HTTPRequestMessage, timeout: Duration) async throws -> HTTPResponseMessage {
        await waitForTurn()
        defer { nextTurn() }
        let channel = try await connected(timeout: timeout)
        let answer = channel.eventLoop.makePromise(of: HTTPResponseMessage.self)
        let timer = channel.eventLoop.scheduleTask(in: .nanoseconds(timeout.picoseconds / 1000)) { [endpoint] in
            answer.fail(QKDError(.timeout, "no answer to \(request.method) \(request.path)", at: .init(endpoint)))
            channel.close(promise: nil)
        }
        defer { timer.cancel() }
        // A cancelled caller leaves a half-done exchange: the connection goes with it.
        return try await withTaskCancellationHandler {
            do {
                try await channel.writeAndFlush(
                    HTTPExchange(request: head(request), body: request.body, answer: answer)
                )
                .get()
                return try await answer.futureResult.get()
            } catch {
                self.channel = nil
                channel.close(promise: nil)
                answer.fail(error)
                if Task.isCancelled { throw CancellationError() }
                var failure = ChannelFailure.lost(error, endpoint: endpoint)
                if failure.place == nil { failure.place = QKDError.Place(endpoint) }
                throw failure
            }
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    public func close() async {
        let channel = self.channel
        self.channel = nil
        try? await channel?.close().get()  // "already closed" is what we want
    }

    private func waitForTurn() async {
        if busy { await withCheckedContinuation { queue.append($0) } } else { busy = true }
    }

    private func nextTurn() {
        if queue.isEmpty { busy = false } else { queue.removeFirst().resume() }
    }

    private func head(_ request: HTTPRequestMessage) -> HTTPRequestHead {
        var headers = HTTPHeaders([("host", "\(host):\(port)"), ("content-length", "\(request.body.count)")])
        for (name, value) in request.headers.sorted(by: { $0.key < $1.key }) {
            headers.replaceOrAdd(name: name, value: value)
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.path, headers: headers)
    }

    private func connected(timeout: Duration) async throws -> any Channel {
        if let channel, channel.isActive { return channel }
        try PortNumber.check(port, endpoint: endpoint)
        do {
            let fresh = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.nanoseconds(min(timeout, .seconds(3)).picoseconds / 1000))
                .channelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(HTTPExchangeHandler())
                    }
                }
                .connect(host: host, port: port)
                .get()
            channel = fresh
            return fresh
        } catch {
            var failure = ChannelFailure.named(error, endpoint: endpoint)
            if failure.kind == .disconnected { failure.kind = .absent }
            failure.message = "nothing answers there: \(failure.message)"
            throw failure
        }
    }
}

/// A request on its way through the pipeline, with the promise of its answer.
struct HTTPExchange: Sendable {
    var request: HTTPRequestHead
    var body: [UInt8]
    var answer: EventLoopPromise<HTTPResponseMessage>
}

/// Turns exchanges into HTTP parts and the parts of the answer into a message.
final class HTTPExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPExchange
    typealias OutboundOut = HTTPClientRequestPart

    private var answer: EventLoopPromise<HTTPResponseMessage>?
    private var response = HTTPResponseMessage(status: 0)
    private var keepAlive = true
    /// Larger answers than this are no instrument's.
    private static let bodyLimit = 64 << 20

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let exchange = unwrapOutboundIn(data)
        answer = exchange.answer
        response = HTTPResponseMessage(status: 0)
        context.write(wrapOutboundOut(.head(exchange.request)), promise: nil)
        if !exchange.body.isEmpty {
            let body = context.channel.allocator.buffer(bytes: exchange.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            response.status = Int(head.status.code)
            keepAlive = head.isKeepAlive
            for field in head.headers { response.headers[field.name.lowercased()] = field.value }
        case .body(let part):
            guard response.body.count + part.readableBytes <= Self.bodyLimit else {
                fail(QKDError(.protocolViolation, "the answer is longer than \(Self.bodyLimit) bytes"))
                context.close(promise: nil)
                return
            }
            response.body += part.readableBytesView
        case .end:
            let answer = self.answer
            self.answer = nil
            // The server will hang up or has done so: the next request needs a connection of its own.
            if !keepAlive { context.close(promise: nil) }
            answer?.succeed(response)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(QKDError(.disconnected, "the instrument closed the connection"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error is HTTPParserError ? QKDError(.protocolViolation, "the answer is not HTTP: \(error)") : error)
        context.close(promise: nil)
    }

    private func fail(_ error: any Error) {
        answer?.fail(error)
        answer = nil
    }
}
