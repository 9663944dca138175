import QKDCore
import QKDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct FaultInjectingTransportTests {
    private func wire(_ faults: StreamFault...) -> (host: FaultInjectingTransport, device: LoopbackTransport) {
        let (host, device) = LoopbackTransport.pair(named: "bad")
        return (FaultInjectingTransport(host, faults: faults), device)
    }

    @Test func withoutFaultsItIsAWire() async throws {
        let (host, device) = wire()
        try await host.write([1, 2])
        #expect(try await device.read(timeout: .seconds(1)) == [1, 2])
        try await device.write(controlBytes)
        #expect(try await host.read(timeout: .seconds(1)) == controlBytes)
        #expect(host.endpoint == "bad" && host.counters.written == 2)
        #expect(host.counters.received == controlBytes.count)
        await host.close()
        #expect(await failureKind { _ = try await host.read(timeout: .seconds(1)) } == .disconnected)
    }

    @Test(arguments: [1, 2, 3, 5, 10, 30])
    func everyNthByteIsLostWhateverTheChunks(chunk: Int) async throws {
        let (host, device) = wire(.loss(every: 5))
        let sent = Array(UInt8(0)..<30)
        for start in stride(from: 0, to: 30, by: chunk) { try await device.write(Array(sent[start..<start + chunk])) }
        #expect(try await collect(24, from: host) == sent.filter { $0 % 5 != 4 })
    }

    @Test func aLostChunkIsNoEmptyRead() async throws {
        let (host, device) = wire(.loss(every: 1))
        try await device.write([1, 2, 3])
        #expect(await failureKind { _ = try await host.read(timeout: .milliseconds(10)) } == .timeout)
        host.setFaults([])
        try await device.write([4])
        #expect(try await host.read(timeout: .seconds(1)) == [4])
    }

    @Test func chunksAreCutShort() async throws {
        let (host, device) = wire(.truncation(to: 2))
        try await device.write([1, 2, 3])
        #expect(try await host.read(timeout: .seconds(1)) == [1, 2])
        try await device.write([4])
        #expect(try await host.read(timeout: .seconds(1)) == [4])
        host.setFaults([.truncation(to: 0)])
        try await device.write([5])
        #expect(await failureKind { _ = try await host.read(timeout: .milliseconds(5)) } == .timeout)
    }

    @Test func garbageComesOnce() async throws {
        let (host, device) = wire(.garbage([0xFF, 0x00]))
        try await device.write([1])
        #expect(try await host.read(timeout: .seconds(1)) == [0xFF, 0x00, 1])
        try await device.write([2])
        #expect(try await host.read(timeout: .seconds(1)) == [2])
    }

    @Test func aDelayedChunkComesLater() async throws {
        let (host, device) = wire(.delay(.milliseconds(40)))
        try await device.write([1])
        let start = ContinuousClock.now
        #expect(try await host.read(timeout: .seconds(5)) == [1])
        #expect(ContinuousClock.now - start >= .milliseconds(40))
    }

    @Test func aChunkDelayedPastTheTimeoutComesToTheNextRead() async throws {
        let (host, device) = wire(.delay(.milliseconds(200)))
        try await device.write([1])
        let start = ContinuousClock.now
        #expect(await failureKind { _ = try await host.read(timeout: .milliseconds(10)) } == .timeout)
        try await device.write([2])
        #expect(try await host.read(timeout: .seconds(5)) == [1])
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        #expect(try await host.read(timeout: .seconds(5)) == [2])
    }

    @Test func aReadCancelledInTheDelayLosesNothing() async throws {
        let (host, device) = wire(.delay(.milliseconds(900)))
        try await device.write([1])
        let task = Task { await isCancelled { _ = try await host.read(timeout: .seconds(5)) } }
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        #expect(await task.value)
        #expect(try await host.read(timeout: .seconds(5)) == [1])
    }

    @Test(arguments: 0...9, [1, 3, 9])
    func theWireBreaksAtTheExactByte(limit: Int, chunk: Int) async throws {
        let (host, device) = wire(.disconnect(afterBytes: limit))
        let sent = Array(UInt8(0)..<9)
        for start in stride(from: 0, to: 9, by: chunk) {
            // The wire may already be cut when the device goes on talking.
            try await device.write(Array(sent[start..<start + chunk]))
        }
        #expect(try await collect(limit, from: host) == Array(sent.prefix(limit)))
        #expect(await failureKind { _ = try await host.read(timeout: .seconds(1)) } == .disconnected)
        #expect(await failureKind { try await host.write([1]) } == .disconnected)
        #expect(await failureKind { try await device.write([1]) } == .disconnected)
    }

    @Test func severalFaultsActTogether() async throws {
        let (host, device) = wire(.garbage([9]), .loss(every: 2), .disconnect(afterBytes: 6))
        try await device.write([1, 2, 3, 4])
        let first = try await host.read(timeout: .seconds(1))
        #expect(first.first == 9 && first.dropFirst().elementsEqual([1, 3]))
        try await device.write([5, 6])
        #expect(try await host.read(timeout: .seconds(1)) == [5])
        #expect(await failureKind { _ = try await host.read(timeout: .seconds(1)) } == .disconnected)
    }
}
