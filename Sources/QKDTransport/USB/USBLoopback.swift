import Foundation
import QKDCore

/// A USB device in this process: the driver's side of a `USBPort`.
///
/// While a single transfer waits for the device, the bench's time goes on, a millisecond at a time; a stream waits
/// until somebody else moves it.
public final class USBLoopback: USBConnection, @unchecked Sendable {
    public let endpoint: String
    public let facts: USBDeviceFacts
    public let interfaces: [USBInterface]
    private let port: USBPort
    private let clock: any BenchClock
    private let lock = NSLock()
    private var isClosed = false
    private var isLost = false
    private var nextID: UInt32 = 0
    private var count = TransportCounters()
    private var streams: [USBLoopbackStream] = []

    static let stepPS = Picoseconds.perMillisecond

    private init(_ port: USBPort, description: USBDescription, clock: any BenchClock) {
        self.port = port
        self.clock = clock
        facts = USBDeviceFacts(
            bus: 0, address: 0, vendorID: description.vendorID, productID: description.productID,
            release: description.release, product: description.product, serialNumber: description.serialNumber)
        interfaces = description.interfaces
        endpoint =
            "usb:\(USBAddress.hex(description.vendorID)):\(USBAddress.hex(description.productID))"
            + ":\(description.serialNumber) (in this process)"
    }

    /// Opens the device at `port` on the bench's clock.
    public static func open(_ port: USBPort, clock: any BenchClock) async -> USBLoopback {
        let loopback = USBLoopback(port, description: port.emulator.description, clock: clock)
        await port.onUnplug { [weak loopback] in loopback?.lost() }
        return loopback
    }

    public func claim(interface: UInt8, alternate: UInt8) async throws {
        _ = try await control(
            USBSetup(requestType: 0x01, request: 11, value: UInt16(alternate), index: UInt16(interface)), data: [],
            timeout: .seconds(1))
    }

    public func control(_ setup: USBSetup, data: [UInt8], timeout: Duration) async throws -> [UInt8] {
        lock.withLock { count.written += data.count + 8 }
        let done = try await transfer(
            USBRequestBlock(
                id: 0, endpoint: setup.isIn ? 0x80 : 0, setup: setup, data: data, length: Int(setup.length)),
            timeout: timeout)
        return done.data
    }

    public func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws {
        lock.withLock { count.written += bytes.count }
        _ = try await transfer(USBRequestBlock(id: 0, endpoint: endpoint, data: bytes), timeout: timeout)
    }

    public func read(_ length: Int, from endpoint: UInt8, timeout: Duration) async throws -> [UInt8] {
        try await transfer(USBRequestBlock(id: 0, endpoint: endpoint, length: length), timeout: timeout).data
    }

    public func clearHalt(_ endpoint: UInt8) async throws {
        try await control(out: 0x02, 1, index: UInt16(endpoint))
    }

    public func stream(from endpoint: UInt8, _ shape: USBStreamShape) async throws -> any USBInStream {
        try checkOpen()
        let stream = USBLoopbackStream(
            port: port, from: endpoint, length: shape.length, named: self.endpoint,
            ids: { [weak self] in self?.takeID() ?? 0 },
            received: { [weak self] in self?.add(received: $0) })
        lock.withLock { streams.append(stream) }
        stream.aim(length: shape.firstLength)
        for _ in 0..<shape.transfers { await stream.submit() }
        return stream
    }

    public func close() async {
        let streams = lock.withLock {
            isClosed = true
            defer { self.streams = [] }
            return self.streams
        }
        for stream in streams { await stream.close() }
    }

    public var counters: TransportCounters { lock.withLock { count } }

    /// Waits until everything that the device has to say has been taken by its readers; see `StreamEmulatorHost.settle`.
    public func settle() async throws {
        let deadline = ContinuousClock.now + .seconds(5)
        await port.poll()
        while lock.withLock({ streams.contains { $0.holdsUntaken } }) {
            guard ContinuousClock.now < deadline else {
                throw QKDError(.timeout, "the emulated bus does not come to rest", at: .init(endpoint))
            }
            try await Task.sleep(for: .microseconds(100))
        }
    }

    /// Has the device asked again: its time has moved.
    public func poll() async { await port.poll() }

    private func transfer(_ block: USBRequestBlock, timeout: Duration) async throws -> USBCompletion {
        // As strict as an event loop: a cancelled task gets nothing through.
        try Task.checkCancellation()
        try checkOpen()
        var block = block
        block.id = takeID()
        let outcome = OutcomeBox()
        await port.submit(block) { outcome.put($0) }
        let deadlinePS = await clock.nowPS + timeout.picoseconds
        while outcome.value == nil {
            if await clock.nowPS >= deadlinePS {
                await port.cancel(block.id)
                break
            }
            do {
                try checkOpen()
                try await clock.sleep(durationPS: Self.stepPS)
            } catch {
                await port.cancel(block.id)
                throw error
            }
            await port.poll()
        }
        guard let done = outcome.value else { throw timedOut(timeout) }
        add(received: done.data.count)
        switch done.status {
        case .done: return done
        case .cancelled where !done.data.isEmpty: return done
        case .cancelled: throw timedOut(timeout)
        case .stall, .overflow, .gone: throw done.status.error(at: endpoint)
        }
    }

    private func timedOut(_ timeout: Duration) -> QKDError {
        QKDError(.timeout, "the transfer was not done within \(timeout)", at: .init(endpoint))
    }

    private func checkOpen() throws {
        let (closed, lost) = lock.withLock { (isClosed, isLost) }
        if lost { throw USBCompletion.Status.gone.error(at: endpoint) }
        if closed { throw QKDError(.disconnected, "the device is closed", at: .init(endpoint)) }
    }

    private func lost() { lock.withLock { isLost = true } }

    private func takeID() -> UInt32 {
        lock.withLock {
            nextID &+= 1
            return nextID
        }
    }

    private func add(received: Int) { lock.withLock { count.received += received } }
}

/// Carries a completion out of a callback.
private final class OutcomeBox: @unchecked Sendable {
    private let lock = NSLock()
    private var held: USBCompletion?

    var value: USBCompletion? { lock.withLock { held } }

    func put(_ completion: USBCompletion) { lock.withLock { held = completion } }
}

extension USBCompletion.Status {
    /// What a driver is told of a transfer that ended like this.
    func error(at endpoint: String) -> QKDError {
        let place = QKDError.Place(endpoint)
        switch self {
        case .stall: return QKDError(.refused, "the device refuses: stall", code: rawValue, at: place)
        case .overflow:
            return QKDError(
                .protocolViolation, "the device sent more than was asked for", code: rawValue, at: place)
        case .gone: return QKDError(.disconnected, "the device was unplugged", code: rawValue, at: place)
        case .cancelled: return QKDError(.interrupted, "the transfer was cancelled", code: rawValue, at: place)
        case .done: return QKDError(.io, "a transfer that was done counts as failed", at: place)
        }
    }
}
