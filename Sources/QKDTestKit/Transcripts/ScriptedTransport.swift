import Foundation
import QKDCore
import QKDTransport

/// Plays the device's lines of a scene to a driver, and fails on anything the scene does not have.
///
/// A device line can be read once all host lines before it have been written. With a clock, a `wait`
/// line holds the driver to that much time on it; without one, waits are passed over. Nothing blocks:
/// where the scene has no answer, `read` throws `timeout` at once and lets the time pass on the clock.
public final class ScriptedTransport: ByteTransport, @unchecked Sendable {
    public let endpoint: String
    private let lock = NSLock()
    private let source: String
    private let clock: ManualClock?
    private var items: ArraySlice<Transcript.Item>
    /// Bytes of the first host item that have been written already.
    private var matched = 0
    private var lastEventPS: Int64 = 0
    private var closed = false
    private var recorded: [String] = []
    private var count = TransportCounters()

    /// Plays `scene` of the transcript called `source`.
    public init(_ scene: Transcript.Scene, of source: String, clock: ManualClock? = nil) {
        self.source = source
        self.clock = clock
        endpoint = "script:\(scene.name)"
        items = scene.items[...]
    }

    /// A device that is there and says nothing, whatever it is told.
    public static func silent() -> any ByteTransport { SilentTransport() }

    public var counters: TransportCounters { lock.withLock { count } }

    public func write(_ bytes: [UInt8]) async throws {
        let nowPS = await clock?.nowPS
        try lock.withLock {
            try checkOpen()
            count.written += bytes.count
            for index in bytes.indices { try match(bytes[index], of: bytes, at: index, nowPS: nowPS) }
        }
    }

    public func read(timeout: Duration) async throws -> [UInt8] {
        if timeout > .zero, let wait = lock.withLock({ pendingWaitPS() }) {
            try await clock?.sleep(durationPS: min(wait, timeout.picoseconds))
        }
        let nowPS = await clock?.nowPS
        if let bytes = try lock.withLock({ try takeAnswer(nowPS: nowPS) }) { return bytes }
        if timeout > .zero { try await clock?.sleep(durationPS: timeout.picoseconds) }
        throw QKDError(.timeout, "the script has no answer here", at: .init(endpoint))
    }

    public func close() async { lock.withLock { closed = true } }

    /// What the driver did that the scene does not have, and what the scene has that was left unsaid.
    public func finish() -> [String] {
        lock.withLock {
            recorded
                + items.compactMap { item in
                    switch item.event {
                    case .host(let bytes):
                        "\(source):\(item.line): the driver never said '\(TranscriptBytes.encode(bytes))'"
                    case .device(let bytes):
                        "\(source):\(item.line): the driver never read '\(TranscriptBytes.encode(bytes))'"
                    case .wait: nil
                    }
                }
        }
    }

    // The rest runs under the lock.

    private func checkOpen() throws {
        if closed { throw QKDError(.disconnected, "the connection is closed", at: .init(endpoint)) }
    }

    private func match(_ byte: UInt8, of bytes: [UInt8], at index: Int, nowPS: Int64?) throws {
        try passWait(nowPS: nowPS)
        guard let item = items.first, case .host(let expected) = item.event else {
            let line = items.first?.line
            throw violation("wrote '\(TranscriptBytes.encode(bytes[index...]))' where it should listen", line)
        }
        guard byte == expected[matched] else {
            let sent = expected[..<matched] + bytes[index...]
            throw violation(
                "wrote '\(TranscriptBytes.encode(sent))', expected '\(TranscriptBytes.encode(expected))'", item.line)
        }
        matched += 1
        if matched == expected.count { advance(nowPS: nowPS) }
    }

    private func passWait(nowPS: Int64?) throws {
        while let item = items.first, case .wait(let durationPS) = item.event {
            if let nowPS, nowPS - lastEventPS < durationPS {
                throw violation("spoke \(nowPS - lastEventPS) ps after the last word, not \(durationPS)", item.line)
            }
            advance(nowPS: nil)
        }
    }

    /// What is left of a `wait` that stands before the device's next word.
    private func pendingWaitPS() -> Int64? {
        guard let first = items.first, case .wait(let durationPS) = first.event else { return nil }
        guard let next = items.dropFirst().first, case .device = next.event else { return nil }
        return durationPS
    }

    private func takeAnswer(nowPS: Int64?) throws -> [UInt8]? {
        try checkOpen()
        if pendingWaitPS() != nil {
            if let nowPS, case .wait(let durationPS)? = items.first?.event, nowPS - lastEventPS < durationPS {
                return nil
            }
            advance(nowPS: nil)
        }
        guard case .device(let bytes)? = items.first?.event else { return nil }
        count.received += bytes.count
        advance(nowPS: nowPS)
        return bytes
    }

    private func advance(nowPS: Int64?) {
        items.removeFirst()
        matched = 0
        if let nowPS { lastEventPS = nowPS }
    }

    private func violation(_ message: String, _ line: Int?) -> QKDError {
        let text = "\(source)\(line.map { ":\($0)" } ?? ": after the end"): the driver \(message)"
        recorded.append(text)
        return QKDError(.protocolViolation, text, at: .init(endpoint))
    }
}

/// Takes every byte and never answers.
private final class SilentTransport: ByteTransport {
    let endpoint = "silence"
    let counters = TransportCounters()

    func write(_ bytes: [UInt8]) async throws {}

    func read(timeout: Duration) async throws -> [UInt8] {
        throw QKDError(.timeout, "no answer within \(timeout)", at: .init(endpoint))
    }

    func close() async {}
}
