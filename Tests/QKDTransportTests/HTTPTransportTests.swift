import Glibc
import QKDCore
import QKDTestKit
import QKDTransport
import Testing

/// Answers `/echo` with the body, `/count` with how many requests came, and notes the order.
private actor EchoServer: HTTPEmulator {
    private(set) var paths: [String] = []

    func respond(to request: HTTPRequestMessage, nowPS: Int64) -> HTTPResponseMessage {
        paths.append(request.path)
        switch request.path {
        case "/echo": return HTTPResponseMessage(status: 200, headers: ["x-method": request.method], body: request.body)
        case "/headers": return HTTPResponseMessage(status: 200, body: Array((request.headers["x-key"] ?? "").utf8))
        case "/none": return HTTPResponseMessage(status: 404, body: Array("no".utf8))
        default: return HTTPResponseMessage(status: 200, body: Array(request.path.utf8))
        }
    }
}

/// Answers every request with the same text, and leaves the connection open.
private actor CannedServer: StreamEmulator {
    private let text: String
    private var head: [UInt8] = []

    init(_ text: String) { self.text = text }

    func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        head += bytes
        guard head.suffix(4).elementsEqual([13, 10, 13, 10]) else { return [] }
        head = []
        return Array(text.utf8)
    }

    func advance(toPS nowPS: Int64) -> [UInt8] { [] }
}

@Suite(.timeLimit(.minutes(1))) struct HTTPTransportTests {
    private func withServer(
        _ work: (EchoServer, SlowClock, HTTPClient) async throws -> Void
    ) async throws {
        let (server, clock) = (EchoServer(), SlowClock())
        let host = try await HTTPEmulatorHost.start(server, address: "127.0.0.1", port: 0, clock: clock)
        let client = HTTPClient(host: "127.0.0.1", port: host.port)
        do { try await work(server, clock, client) } catch {
            await client.close()
            await host.stop()
            throw error
        }
        await client.close()
        await host.stop()
    }

    private func get(_ path: String) -> HTTPRequestMessage { HTTPRequestMessage(method: "GET", path: path) }

    @Test func severalRequestsGoOverTheKeptConnection() async throws {
        try await withServer { server, _, client in
            for index in 0..<20 {
                let answer = try await client.send(get("/\(index)"), timeout: .seconds(5))
                #expect(answer.status == 200 && answer.body == Array("/\(index)".utf8))
                #expect(answer.headers["content-length"] == "\(answer.body.count)")
            }
            #expect(await server.paths == (0..<20).map { "/\($0)" })
        }
    }

    @Test func methodHeadersAndStatusGetThrough() async throws {
        try await withServer { _, _, client in
            let post = HTTPRequestMessage(method: "POST", path: "/echo", body: controlBytes)
            let answer = try await client.send(post, timeout: .seconds(5))
            #expect(answer.body == controlBytes && answer.headers["x-method"] == "POST")
            let keyed = HTTPRequestMessage(method: "GET", path: "/headers", headers: ["x-key": "a b"])
            #expect(try await client.send(keyed, timeout: .seconds(5)).body == Array("a b".utf8))
            let none = try await client.send(get("/none"), timeout: .seconds(5))
            #expect(none.status == 404 && none.body == Array("no".utf8))
        }
    }

    @Test func aBodyOfTwentyFourMegabytesGoesThereAndBack() async throws {
        try await withServer { _, _, client in
            let body = pattern(24_000_000)
            let post = HTTPRequestMessage(method: "POST", path: "/echo", body: body)
            let answer = try await client.send(post, timeout: .seconds(20))
            #expect(answer.status == 200)
            #expect(identical(answer.body, body))
        }
    }

    @Test func concurrentRequestsAreServedInTurn() async throws {
        try await withServer { server, _, client in
            let bodies = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<25 {
                    group.addTask {
                        let request = HTTPRequestMessage(method: "GET", path: "/\(index)")
                        return try await client.send(request, timeout: .seconds(10)).body == Array("/\(index)".utf8)
                    }
                }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(bodies.count == 25 && bodies.allSatisfy { $0 })
            #expect(await Set(server.paths).count == 25)
        }
    }

    @Test func aSleepingServerIsATimeoutAndTheClientGoesOn() async throws {
        try await withServer { _, clock, client in
            // The connection is made beforehand, so that the short timeout is the answer's alone.
            _ = try await client.send(get("/early"), timeout: .seconds(5))
            await clock.setDelay(.seconds(4))
            let start = ContinuousClock.now
            let error = await #expect(throws: QKDError.self) {
                _ = try await client.send(get("/late"), timeout: .milliseconds(50))
            }
            #expect(error?.kind == .timeout)
            #expect(error?.place?.source == client.endpoint)
            #expect(ContinuousClock.now - start < .seconds(4))
            await clock.setDelay(.zero)
            // The late answer belongs to the connection that was given up.
            let next = try await client.send(get("/next"), timeout: .seconds(5))
            #expect(next.body == Array("/next".utf8))
        }
    }

    @Test func aCancelledRequestLeavesTheClientUsable() async throws {
        try await withServer { _, clock, client in
            await clock.setDelay(.seconds(4))
            let task = Task {
                await isCancelled {
                    _ = try await client.send(HTTPRequestMessage(method: "GET", path: "/c"), timeout: .seconds(10))
                }
            }
            #expect(try await eventually { await clock.asked > 0 })
            task.cancel()
            #expect(await task.value)
            await clock.setDelay(.zero)
            let next = try await client.send(get("/next"), timeout: .seconds(5))
            #expect(next.body == Array("/next".utf8))
        }
    }

    @Test func aRequestCancelledBeforeItsTurnLeavesTheClientUsable() async throws {
        try await withServer { _, clock, client in
            await clock.setDelay(.milliseconds(50))
            async let first = client.send(get("/first"), timeout: .seconds(5))
            #expect(try await eventually { await clock.asked > 0 })
            let task = Task {
                await isCancelled {
                    _ = try await client.send(HTTPRequestMessage(method: "GET", path: "/c"), timeout: .seconds(10))
                }
            }
            task.cancel()
            #expect(try await first.body == Array("/first".utf8))
            #expect(await task.value)
            let next = try await client.send(get("/next"), timeout: .seconds(5))
            #expect(next.body == Array("/next".utf8))
        }
    }

    @Test func aServerThatIsNotThereIsAbsent() async throws {
        let server = try PlainServer()
        server.stop()
        let client = HTTPClient(host: "127.0.0.1", port: server.port)
        let error = await #expect(throws: QKDError.self) { _ = try await client.send(get("/"), timeout: .seconds(5)) }
        #expect(error?.kind == .absent)
        #expect(error?.place?.source == "http://127.0.0.1:\(server.port)")
        await client.close()
    }

    @Test(arguments: [-1, 0, 65_536, 70_000])
    func noSuchPortNumber(port: Int) async {
        let client = HTTPClient(host: "127.0.0.1", port: port)
        #expect(await failureKind { _ = try await client.send(get("/"), timeout: .seconds(5)) } == .outOfRange)
    }

    @Test func aServerThatHangsUpDuringARequestIsDisconnected() async throws {
        let server = try PlainServer()
        let client = HTTPClient(host: "127.0.0.1", port: server.port)
        async let error = #expect(throws: QKDError.self) { _ = try await client.send(get("/"), timeout: .seconds(30)) }
        close(try await server.accept())
        let failure = await error
        #expect(failure?.kind == .disconnected)
        #expect(failure?.place?.source == client.endpoint)
        server.stop()
        #expect(await failureKind { _ = try await client.send(get("/"), timeout: .seconds(5)) } == .absent)
        await client.close()
    }

    @Test func anAnswerThatIsNotHTTPIsAProtocolViolation() async throws {
        let host = try await TCPEmulatorHost.start(address: "127.0.0.1", port: 0, clock: ManualClock()) {
            CannedServer("SSH-2.0-lamp\r\n\r\n")
        }
        let client = HTTPClient(host: "127.0.0.1", port: host.port)
        let error = await #expect(throws: QKDError.self) { _ = try await client.send(get("/"), timeout: .seconds(5)) }
        #expect(error?.kind == .protocolViolation)
        #expect(error?.place?.source == client.endpoint)
        await client.close()
        await host.stop()
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\nConnection: close\r\n", "HTTP/1.0 200 OK\r\n"], [1, 2])
    func aConnectionThatTheServerEndsIsNotUsedAgain(head: String, rounds: Int) async throws {
        let conversations = Collected<Int>()
        let host = try await TCPEmulatorHost.start(address: "127.0.0.1", port: 0, clock: ManualClock()) {
            conversations.add(1)
            return CannedServer("\(head)Content-Length: 2\r\n\r\nok")
        }
        let client = HTTPClient(host: "127.0.0.1", port: host.port)
        for _ in 0..<rounds {
            #expect(try await client.send(get("/"), timeout: .seconds(5)).body == Array("ok".utf8))
        }
        #expect(conversations.values.count == rounds)
        await client.close()
        await host.stop()
    }

    @Test func aClosedClientConnectsAnew() async throws {
        try await withServer { _, _, client in
            _ = try await client.send(get("/a"), timeout: .seconds(5))
            await client.close()
            await client.close()
            #expect(try await client.send(get("/b"), timeout: .seconds(5)).body == Array("/b".utf8))
        }
    }
}
