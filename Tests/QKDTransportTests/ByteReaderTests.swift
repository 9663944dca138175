import Foundation
import QKDCore
import QKDTransport
import Testing

/// Gives one chunk a read; an empty chunk stands for quiet on the line.
private final class ChunkWire: ByteTransport, @unchecked Sendable {
    let endpoint = "chunks"
    private let lock = NSLock()
    private var chunks: [[UInt8]]
    var counters: TransportCounters { TransportCounters() }

    init(_ chunks: [[UInt8]]) { self.chunks = chunks }

    func write(_ bytes: [UInt8]) async throws {}
    func close() async {}
    func read(timeout: Duration) async throws -> [UInt8] {
        let chunk = lock.withLock { chunks.isEmpty ? [] : chunks.removeFirst() }
        if chunk.isEmpty { throw QKDError(.timeout, "quiet") }
        return chunk
    }
}

@Suite(.timeLimit(.minutes(1))) struct ByteReaderTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(arguments: [[0x0A], [0x0D, 0x0A]] as [[UInt8]], [1, 2, 3, 7, 100])
    func linesAreFoundHoweverTheChunksFall(terminator: [UInt8], chunk: Int) async throws {
        let (host, device) = LoopbackTransport.pair()
        let lines = ["", "A", "id?\r", "\rB", "12,34,-5", "", "end"]
        let wire = lines.flatMap { Array($0.utf8) + terminator }
        let feeder = Task {
            for start in stride(from: 0, to: wire.count, by: chunk) {
                try await device.write(Array(wire[start..<min(start + chunk, wire.count)]))
                await Task.yield()
            }
        }
        var reader = ByteReader(host)
        for line in lines {
            #expect(text(try await reader.line(endingWith: terminator, timeout: .seconds(5))) == line)
        }
        try await feeder.value
        let rest = await failureKind { _ = try await reader.line(endingWith: terminator, timeout: .milliseconds(1)) }
        #expect(rest == .timeout)
    }

    @Test func anIncompleteLineStaysForTheNextCall() async throws {
        let (host, device) = LoopbackTransport.pair()
        var reader = ByteReader(host)
        try await device.write(Array("par\r".utf8))
        let kind = await failureKind { _ = try await reader.line(endingWith: [13, 10], timeout: .milliseconds(10)) }
        #expect(kind == .timeout)
        try await device.write(Array("\ntial\r\n".utf8))
        #expect(text(try await reader.line(endingWith: [13, 10], timeout: .seconds(1))) == "par")
        #expect(text(try await reader.line(endingWith: [13, 10], timeout: .seconds(1))) == "tial")
    }

    @Test func exactCountsCarryOver() async throws {
        let (host, device) = LoopbackTransport.pair()
        var reader = ByteReader(host)
        try await device.write(Array(0..<10))
        #expect(try await reader.bytes(0, timeout: .zero) == [])
        #expect(try await reader.bytes(3, timeout: .seconds(1)) == [0, 1, 2])
        #expect(try await reader.bytes(4, timeout: .seconds(1)) == [3, 4, 5, 6])
        let kind = await failureKind { _ = try await reader.bytes(4, timeout: .milliseconds(10)) }
        #expect(kind == .timeout)
        try await device.write([10, 0x0A, 42])
        #expect(try await reader.bytes(4, timeout: .seconds(1)) == [7, 8, 9, 10])
        #expect(try await reader.line(endingWith: [0x0A], timeout: .seconds(1)) == [])
        #expect(try await reader.available(timeout: .zero) == [42])
    }

    @Test func availableWaitsForTheFirstByteOnly() async throws {
        let (host, device) = LoopbackTransport.pair()
        var reader = ByteReader(host)
        #expect(await failureKind { _ = try await reader.available(timeout: .milliseconds(5)) } == .timeout)
        try await device.write([1])
        try await device.write([2])
        #expect(try await reader.available(timeout: .seconds(1)) == [1, 2])
    }

    @Test func drainThrowsAwayWhatCameAndCountsIt() async throws {
        var reader = ByteReader(ChunkWire([[], Array("x\nyz".utf8), [0, 0], [1], [2, 10, 3], [], [7], []]))
        #expect(try await reader.drain(quiet: .milliseconds(250)) == 0)
        #expect(text(try await reader.line(endingWith: [10], timeout: .seconds(1))) == "x")
        #expect(try await reader.drain(quiet: .milliseconds(250)) == 8)
        #expect(try await reader.bytes(1, timeout: .seconds(1)) == [7])
        #expect(try await reader.drain(quiet: .milliseconds(250)) == 0)
    }

    @Test func drainDoesNotFollowAnEndlessTalker() async throws {
        let (host, device) = LoopbackTransport.pair()
        var reader = ByteReader(host)
        let feeder = Task {
            while !Task.isCancelled {
                try await device.write([UInt8](repeating: 1, count: 64))
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        let kind = await failureKind { _ = try await reader.drain(quiet: .seconds(5), limit: 1000) }
        #expect(kind == .protocolViolation)
        feeder.cancel()
        _ = await feeder.result
    }

    @Test func drainOfALostDeviceSaysSo() async throws {
        let (host, device) = LoopbackTransport.pair()
        var reader = ByteReader(host)
        try await device.write([1])
        await device.close()
        #expect(await failureKind { _ = try await reader.drain(quiet: .milliseconds(5)) } == .disconnected)
    }

    @Test(arguments: [0, 1, 16, 4096])
    func aLineWithoutEndIsAViolationPastTheLimit(limit: Int) async throws {
        let (host, device) = LoopbackTransport.pair()
        var reader = ByteReader(host)
        try await device.write([UInt8](repeating: 0x41, count: limit))
        let below = await failureKind {
            _ = try await reader.line(endingWith: [10], timeout: .milliseconds(5), limit: limit)
        }
        #expect(below == .timeout)
        try await device.write([0x41])
        let past = await failureKind {
            _ = try await reader.line(endingWith: [10], timeout: .seconds(5), limit: limit)
        }
        #expect(past == .protocolViolation)
    }

    @Test func aSlowTrickleDoesNotExtendTheDeadline() async throws {
        let (host, device) = LoopbackTransport.pair()
        var reader = ByteReader(host)
        let feeder = Task {
            while !Task.isCancelled {
                try await device.write([0x41])
                try await Task.sleep(for: .milliseconds(3))
            }
        }
        let start = ContinuousClock.now
        let kind = await failureKind { _ = try await reader.line(endingWith: [10], timeout: .milliseconds(60)) }
        #expect(kind == .timeout)
        #expect(ContinuousClock.now - start < .seconds(5))
        feeder.cancel()
        _ = await feeder.result
    }
}
