import Foundation
import QKDCore

/// One chunk that passed over a recorded wire.
public struct RecordedChunk: Sendable, Equatable {
    /// Which way a chunk went, as transcripts mark it.
    public enum Direction: String, Sendable { case toDevice = ">", fromDevice = "<" }

    /// Who sent it.
    public var direction: Direction
    /// The chunk as it was written or read, possibly part of a message.
    public var bytes: [UInt8]

    /// Records a chunk.
    public init(_ direction: Direction, _ bytes: [UInt8]) {
        self.direction = direction
        self.bytes = bytes
    }
}

/// A transport that remembers every chunk that passes, so that a session with hardware can be replayed.
public final class RecordingTransport: ByteTransport, @unchecked Sendable {
    private let wire: any ByteTransport
    private let lock = NSLock()
    private var chunks: [RecordedChunk] = []

    /// Records what passes over `wire`. A recording of a random source holds its bytes: keep it secret.
    public init(_ wire: any ByteTransport) { self.wire = wire }

    /// What passed so far, in order.
    public var recording: [RecordedChunk] { lock.withLock { chunks } }

    public var endpoint: String { wire.endpoint }
    public var counters: TransportCounters { wire.counters }

    public func write(_ bytes: [UInt8]) async throws {
        // Before the write: another task may read the answer before the write returns.
        let place = lock.withLock {
            chunks.append(RecordedChunk(.toDevice, bytes))
            return chunks.count - 1
        }
        do { try await wire.write(bytes) } catch {
            // One task writes at a time, so nothing before this place has moved.
            lock.withLock { _ = chunks.remove(at: place) }
            throw error
        }
    }

    public func read(timeout: Duration) async throws -> [UInt8] {
        let bytes = try await wire.read(timeout: timeout)
        lock.withLock { chunks.append(RecordedChunk(.fromDevice, bytes)) }
        return bytes
    }

    public func close() async { await wire.close() }
}

/// A transport that answers from a recording and fails on anything that was not recorded.
public final class ReplayTransport: ByteTransport, @unchecked Sendable {
    public let endpoint: String
    private let lock = NSLock()
    private var script: [RecordedChunk]
    private var total = TransportCounters()
    private var closed = false

    /// Replays `recording`; chunks of one direction that follow each other count as one.
    public init(_ recording: [RecordedChunk], endpoint: String = "replay") {
        self.endpoint = endpoint
        script = []
        for chunk in recording where !chunk.bytes.isEmpty {
            if script.last?.direction == chunk.direction {
                script[script.count - 1].bytes += chunk.bytes
            } else {
                script.append(chunk)
            }
        }
    }

    /// What of the recording was not asked for; empty after a faithful replay.
    public var remaining: [RecordedChunk] { lock.withLock { script } }
    public var counters: TransportCounters { lock.withLock { total } }

    public func write(_ bytes: [UInt8]) async throws {
        try lock.withLock {
            guard !closed else { throw disconnected }
            if bytes.isEmpty { return }
            guard let next = script.first, next.direction == .toDevice, next.bytes.starts(with: bytes) else {
                throw QKDError(
                    .protocolViolation, "the recording holds no such bytes from the host here",
                    at: .init(endpoint, byteOffset: total.written))
            }
            total.written += bytes.count
            if next.bytes.count == bytes.count {
                script.removeFirst()
            } else {
                script[0].bytes.removeFirst(bytes.count)
            }
        }
    }

    public func read(timeout: Duration) async throws -> [UInt8] {
        try lock.withLock {
            guard !closed else { throw disconnected }
            guard let next = script.first, next.direction == .fromDevice else {
                throw QKDError(.timeout, "the recording holds no answer here", at: .init(endpoint))
            }
            script.removeFirst()
            total.received += next.bytes.count
            return next.bytes
        }
    }

    public func close() async { lock.withLock { closed = true } }

    private var disconnected: QKDError { QKDError(.disconnected, "the replay is closed", at: .init(endpoint)) }
}
