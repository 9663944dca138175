import QKDCore

/// An open stream of bytes to a device: a serial port, a TCP connection, or a stand-in for one.
///
/// One task reads and one writes at a time. Every call is bounded; a lost device shows as
/// `disconnected`, on whichever side notices first.
public protocol ByteTransport: Sendable {
    /// Where it leads, for messages: `/dev/ttyACM0`, `tcp:10.0.0.5:2101`.
    var endpoint: String { get }
    /// Writes all bytes, or throws; returns when the operating system has taken them.
    func write(_ bytes: [UInt8]) async throws
    /// Returns whatever has arrived, at least one byte; throws `timeout` when nothing comes in time.
    func read(timeout: Duration) async throws -> [UInt8]
    /// Closes; later calls throw `disconnected`. May be called twice.
    func close() async
    /// Bytes that passed so far.
    var counters: TransportCounters { get }
}

/// How many bytes a transport carried.
public struct TransportCounters: Sendable, Equatable {
    /// Bytes taken by `write`.
    public var written = 0
    /// Bytes that arrived from the device, read by the caller or still waiting for it.
    public var received = 0

    /// Starts at zero.
    public init() {}
}

/// Reads whole lines and exact counts from a transport, and keeps what came beyond them.
///
/// It has one owner: the device's actor.
public struct ByteReader: ~Copyable {
    private let transport: any ByteTransport
    private var buffer: [UInt8] = []

    /// Reads from `transport`.
    public init(_ transport: any ByteTransport) {
        self.transport = transport
    }

    /// Reads up to and including `terminator` and returns the bytes before it.
    ///
    /// Throws `timeout` if it does not come in time and `protocolViolation` past `limit` bytes.
    public mutating func line(
        endingWith terminator: [UInt8], timeout: Duration, limit: Int = 4096
    ) async throws -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        while true {
            if let end = firstIndex(of: terminator) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + terminator.count)
                return line
            }
            guard buffer.count <= limit else {
                throw QKDError(
                    .protocolViolation, "no line end within \(limit) bytes",
                    at: QKDError.Place(transport.endpoint))
            }
            try await fill(until: deadline)
        }
    }

    /// Reads exactly `count` bytes, or throws `timeout`; what came stays for the next call.
    public mutating func bytes(_ count: Int, timeout: Duration) async throws -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        while buffer.count < count { try await fill(until: deadline) }
        let bytes = Array(buffer[..<count])
        buffer.removeFirst(count)
        return bytes
    }

    /// Returns all that arrives within `timeout` of the first byte's wait, at least one byte; throws `timeout`.
    public mutating func available(timeout: Duration) async throws -> [UInt8] {
        if buffer.isEmpty { try await fill(until: ContinuousClock.now + timeout) }
        let bytes = buffer
        buffer = []
        return bytes
    }

    /// Throws away what comes until nothing has come for `quiet`; returns how many bytes it was.
    ///
    /// Throws `protocolViolation` past `limit` bytes: a device that never stops talking must not hold its driver.
    @discardableResult
    public mutating func drain(quiet: Duration, limit: Int = 1 << 20) async throws -> Int {
        var dropped = buffer.count
        buffer = []
        while dropped <= limit {
            do {
                dropped += try await transport.read(timeout: quiet).count
            } catch let error as QKDError where error.kind == .timeout {
                return dropped
            }
        }
        throw QKDError(
            .protocolViolation, "the device does not stop talking: more than \(limit) bytes came",
            at: QKDError.Place(transport.endpoint))
    }

    private mutating func fill(until deadline: ContinuousClock.Instant) async throws {
        let left = ContinuousClock.now.duration(to: deadline)
        buffer += try await transport.read(timeout: left > .zero ? left : .zero)
    }

    private func firstIndex(of pattern: [UInt8]) -> Int? {
        guard let first = pattern.first, buffer.count >= pattern.count else { return nil }
        return buffer.indices.dropLast(pattern.count - 1).first {
            buffer[$0] == first && buffer[$0..<($0 + pattern.count)].elementsEqual(pattern)
        }
    }
}
