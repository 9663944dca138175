import Foundation
import QKDCore
import QKDTransport

/// The kind of the `QKDError` that `work` throws; `nil` if it throws nothing or something else.
func failureKind(_ work: () async throws -> Void) async -> QKDError.Kind? {
    do {
        try await work()
        return nil
    } catch {
        return (error as? QKDError)?.kind
    }
}

/// Whether `work` throws `CancellationError`.
func isCancelled(_ work: () async throws -> Void) async -> Bool {
    do {
        try await work()
        return false
    } catch {
        return error is CancellationError
    }
}

/// Reads until `count` bytes have come.
func collect(_ count: Int, from transport: any ByteTransport) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += try await transport.read(timeout: .seconds(10)) }
    return bytes
}

/// Waits for `condition`, at most five seconds; returns whether it came true.
func eventually(_ condition: () async -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(5)
    while ContinuousClock.now < deadline {
        if await condition() { return true }
        try await Task.sleep(for: .milliseconds(2))
    }
    return await condition()
}

/// `count` bytes in which every place differs from its neighbours at all distances that a buffer could slip by.
func pattern(_ count: Int) -> [UInt8] {
    var words = [UInt64](repeating: 0, count: (count + 7) / 8)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for index in words.indices {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        words[index] = state
    }
    return words.withUnsafeBytes { Array($0.prefix(count)) }
}

/// Equality of megabytes at the speed of `memcmp`, in debug builds too.
func identical(_ one: [UInt8], _ two: [UInt8]) -> Bool {
    one.count == two.count && one.withUnsafeBytes { a in two.withUnsafeBytes { b in a.elementsEqualFast(b) } }
}

extension UnsafeRawBufferPointer {
    fileprivate func elementsEqualFast(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let one = baseAddress, let two = other.baseAddress else { return true }
        return memcmp(one, two, count) == 0
    }
}

/// Bytes that a terminal in any cooked mode would swallow, translate or act upon.
let controlBytes: [UInt8] = [
    0x00, 0x03, 0x04, 0x11, 0x13, 0x1A, 0x1C, 0x0A, 0x0D, 0x0D, 0x0A, 0x7F, 0x80, 0xFF, 0xFF, 0x00,
]

/// Answers with what it is sent, and says by itself what it was told to.
actor EchoEmulator: StreamEmulator {
    private var spontaneous: [UInt8] = []
    private(set) var receivedCount = 0

    func say(_ bytes: [UInt8]) { spontaneous += bytes }

    func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        receivedCount += bytes.count
        return bytes
    }

    func advance(toPS nowPS: Int64) -> [UInt8] {
        defer { spontaneous = [] }
        return spontaneous
    }
}

/// A clock that takes a while to tell the time, and so delays whoever asks it.
actor SlowClock: BenchClock {
    private var delay: Duration = .zero
    private(set) var asked = 0

    func setDelay(_ delay: Duration) { self.delay = delay }

    var nowPS: Int64 {
        get async {
            asked += 1
            let delay = self.delay
            if delay > .zero { try? await Task.sleep(for: delay) }
            return 0
        }
    }

    func sleep(durationPS: Int64) async throws { try await Task.sleep(for: .picoseconds(durationPS)) }
}

/// Values that several tasks lay down.
final class Collected<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [Value] = []

    var values: [Value] { lock.withLock { list } }

    func add(_ value: Value) { lock.withLock { list.append(value) } }
}
