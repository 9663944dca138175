import QKDCore
import QKDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct LoopbackTransportTests {
    @Test func whatOneEndWritesTheOtherReads() async throws {
        let (one, two) = LoopbackTransport.pair(named: "wire")
        #expect(one.endpoint == "wire" && two.endpoint == "wire")
        try await one.write(controlBytes)
        try await two.write([1, 2])
        try await one.write([])
        #expect(try await two.read(timeout: .seconds(1)) == controlBytes)
        #expect(try await one.read(timeout: .seconds(1)) == [1, 2])
        #expect(one.counters.written == controlBytes.count && one.counters.received == 2)
        #expect(two.counters.written == 2 && two.counters.received == controlBytes.count)
        #expect(await failureKind { _ = try await one.read(timeout: .zero) } == .timeout)
    }

    @Test func aCloseEndsBothEnds() async throws {
        let (one, two) = LoopbackTransport.pair()
        try await one.write([5])
        async let waiting = failureKind { _ = try await one.read(timeout: .seconds(30)) }
        try await Task.sleep(for: .milliseconds(5))
        await two.close()
        await two.close()
        #expect(await waiting == .disconnected)
        #expect(try await two.read(timeout: .zero) == [5])
        #expect(await failureKind { _ = try await two.read(timeout: .seconds(5)) } == .disconnected)
        #expect(await failureKind { try await one.write([1]) } == .disconnected)
        #expect(await failureKind { try await two.write([1]) } == .disconnected)
    }

    @Test func aCancelledReadLosesNothing() async throws {
        let (one, two) = LoopbackTransport.pair()
        let task = Task { await isCancelled { _ = try await one.read(timeout: .seconds(30)) } }
        try await Task.sleep(for: .milliseconds(5))
        task.cancel()
        #expect(await task.value)
        try await two.write([6])
        #expect(try await one.read(timeout: .seconds(1)) == [6])
    }
}
