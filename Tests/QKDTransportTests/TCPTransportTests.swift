import Glibc
import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct TCPTransportTests {
    private func withEcho(_ work: (TCPEmulatorHost) async throws -> Void) async throws {
        let host = try await TCPEmulatorHost.start(address: "127.0.0.1", port: 0, clock: ManualClock()) {
            EchoEmulator()
        }
        do { try await work(host) } catch {
            await host.stop()
            throw error
        }
        await host.stop()
    }

    @Test func anEmulatorAnswers() async throws {
        try await withEcho { host in
            #expect(host.port > 0)
            let client = try await TCPTransport.connect(host: "127.0.0.1", port: host.port)
            #expect(client.endpoint == "tcp:127.0.0.1:\(host.port)")
            try await client.write(controlBytes)
            #expect(try await collect(controlBytes.count, from: client) == controlBytes)
            #expect(await failureKind { _ = try await client.read(timeout: .milliseconds(10)) } == .timeout)
            await client.close()
        }
    }

    @Test func eachConnectionIsAConversationOfItsOwn() async throws {
        try await withEcho { host in
            let one = try await TCPTransport.connect(host: "localhost", port: host.port)
            let two = try await TCPTransport.connect(host: "127.0.0.1", port: host.port)
            try await one.write([1])
            try await two.write([2])
            #expect(try await one.read(timeout: .seconds(5)) == [1])
            #expect(try await two.read(timeout: .seconds(5)) == [2])
            await one.close()
            try await two.write([3])
            #expect(try await two.read(timeout: .seconds(5)) == [3])
            await two.close()
        }
    }

    @Test func twentyMegabytesGoThereAndBack() async throws {
        try await withEcho { host in
            let client = try await TCPTransport.connect(host: "127.0.0.1", port: host.port)
            let sent = pattern(20_000_000)
            async let received = collect(sent.count, from: client)
            try await client.write(sent)
            #expect(identical(try await received, sent))
            #expect(client.counters.written == sent.count && client.counters.received == sent.count)
            await client.close()
        }
    }

    @Test func aRefusedPortIsAbsent() async throws {
        let server = try PlainServer()
        server.stop()
        let error = await #expect(throws: QKDError.self) {
            _ = try await TCPTransport.connect(host: "127.0.0.1", port: server.port)
        }
        #expect(error?.kind == .absent)
        #expect(error?.code == ECONNREFUSED)
        #expect(error?.place?.source == "tcp:127.0.0.1:\(server.port)")
    }

    @Test func aNameThatNobodyHasIsAbsent() async {
        let kind = await failureKind { _ = try await TCPTransport.connect(host: "no.such.host.invalid", port: 80) }
        #expect(kind == .absent || kind == .timeout)
    }

    @Test(arguments: [-1, 0, 65_536, 70_000, .max])
    func noSuchPortNumber(port: Int) async {
        #expect(
            await failureKind { _ = try await TCPTransport.connect(host: "127.0.0.1", port: port) } == .outOfRange)
    }

    @Test func aPortThatIsTakenIsBusy() async throws {
        try await withEcho { host in
            let kind = await failureKind {
                _ = try await TCPEmulatorHost.start(address: "127.0.0.1", port: host.port, clock: ManualClock()) {
                    EchoEmulator()
                }
            }
            #expect(kind == .busy)
        }
    }

    @Test func aClientsCloseIsFinal() async throws {
        try await withEcho { host in
            let client = try await TCPTransport.connect(host: "127.0.0.1", port: host.port)
            async let kind = failureKind { _ = try await client.read(timeout: .seconds(30)) }
            try await Task.sleep(for: .milliseconds(5))
            await client.close()
            await client.close()
            #expect(await kind == .disconnected)
            #expect(await failureKind { try await client.write([1]) } == .disconnected)
            #expect(await failureKind { _ = try await client.read(timeout: .seconds(5)) } == .disconnected)
        }
    }

    @Test func theServersCloseEndsAWaitingReadAfterItsLastBytes() async throws {
        let server = try PlainServer()
        let client = try await TCPTransport.connect(host: "127.0.0.1", port: server.port)
        let connection = try await server.accept()
        #expect(Glibc.write(connection, [7, 8] as [UInt8], 2) == 2)
        close(connection)
        #expect(try await collect(2, from: client) == [7, 8])
        let error = await #expect(throws: QKDError.self) { _ = try await client.read(timeout: .seconds(30)) }
        #expect(error?.kind == .disconnected)
        #expect(error?.message == "the other side hung up")
        #expect(await failureKind { try await client.write([1]) } == .disconnected)
        server.stop()
    }

    @Test func aResetEndsAWaitingRead() async throws {
        let server = try PlainServer()
        let client = try await TCPTransport.connect(host: "127.0.0.1", port: server.port)
        async let kind = failureKind { _ = try await client.read(timeout: .seconds(30)) }
        try await Task.sleep(for: .milliseconds(10))
        server.stop()
        #expect(await kind == .disconnected)
        await client.close()
    }

    @Test func aStoppedHostTakesNobodyNew() async throws {
        let host = try await TCPEmulatorHost.start(address: "127.0.0.1", port: 0, clock: ManualClock()) {
            EchoEmulator()
        }
        await host.stop()
        await host.stop()
        #expect(
            await failureKind { _ = try await TCPTransport.connect(host: "127.0.0.1", port: host.port) } == .absent)
    }
}
