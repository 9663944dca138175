import Foundation
import QKDCore
import QKDTransport

/// An emulated USB device in this process: the port that it is plugged into, and its driver's end.
final class EmulatedUSBWire: WorldWire, @unchecked Sendable {
    private let emulator: any USBEmulator
    private let clock: any BenchClock
    private let lock = NSLock()
    private var port: USBPort?
    private var driver: USBLoopback?

    init(_ emulator: any USBEmulator, clock: any BenchClock) {
        self.emulator = emulator
        self.clock = clock
        port = USBPort(emulator, clock: clock)
    }

    var isPluggedIn: Bool { lock.withLock { port != nil } }
    var activity: Int { get async { await lock.withLock { port }?.endedTransfers ?? 0 } }

    /// Opens the device; throws `absent` while it is unplugged.
    func open() async throws -> any USBConnection {
        guard let port = lock.withLock({ port }) else { throw QKDError(.absent, "the device is unplugged") }
        let opened = await USBLoopback.open(port, clock: clock)
        lock.withLock { driver = opened }
        return opened
    }

    func pump(toPS nowPS: Int64) async throws { await lock.withLock { port }?.poll() }

    func settle() async throws { try await lock.withLock { driver }?.settle() }

    func plugIn() async throws { lock.withLock { port = USBPort(emulator, clock: clock) } }

    func unplug() async {
        let old = lock.withLock { () -> USBPort? in
            defer { (port, driver) = (nil, nil) }
            return port
        }
        await old?.unplug()
    }
}

/// An emulated device on a USB/IP server: whoever attached it is its client.
struct AttachableWire: WorldWire {
    let server: USBIPServer
    let busID: String

    var isPluggedIn: Bool { true }
    var activity: Int { get async { await server.endedTransfers(busID) } }

    func pump(toPS nowPS: Int64) async throws { await server.poll(busID) }
    func settle() async throws {}
    /// It can be attached again at any time; that is the client's to do.
    func plugIn() async throws {}
    func unplug() async { await server.unplug(busID) }
}
