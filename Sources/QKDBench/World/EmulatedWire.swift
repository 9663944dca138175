import Foundation
import QKDCore
import QKDTransport

/// What connects an emulator with its client, and can be unplugged.
protocol WorldWire: Sendable {
    var isPluggedIn: Bool { get }
    /// A count that moves whenever something goes over it.
    var activity: Int { get async }
    /// The emulator's time has moved: what it has to say goes out.
    func pump(toPS nowPS: Int64) async throws
    /// Waits until all that is under way has arrived, if the client is in this process.
    func settle() async throws
    func plugIn() async throws
    /// Hangs up, as a USB plug that is pulled does.
    func unplug() async
}

/// A byte-stream wire between an emulator and, if it is in this process, its driver. It can be unplugged.
final class EmulatedWire: WorldWire, @unchecked Sendable {
    /// What there is only while the wire is plugged in.
    private struct Plug {
        var host: StreamEmulatorHost
        var terminal: PseudoTerminal
        /// The driver's end; `nil` when the client is another process.
        var driver: (any ByteTransport)?
    }

    private let emulator: any StreamEmulator
    private let clock: any BenchClock
    private let lock = NSLock()
    private var guarded: Plug?

    private var plug: Plug? {
        get { lock.withLock { guarded } }
        set { lock.withLock { guarded = newValue } }
    }

    private init(_ emulator: any StreamEmulator, clock: any BenchClock) {
        self.emulator = emulator
        self.clock = clock
    }

    /// Stands an emulator on a pty.
    static func open(_ emulator: any StreamEmulator, clock: any BenchClock) async throws -> EmulatedWire {
        let wire = EmulatedWire(emulator, clock: clock)
        try await wire.plugIn()
        return wire
    }

    /// Where a client finds the device: a pty's path; `nil` while it is unplugged.
    var path: String? { plug?.terminal.path }
    var isPluggedIn: Bool { plug != nil }
    var activity: Int {
        guard let counters = plug?.terminal.device.counters else { return 0 }
        return counters.written + counters.received
    }

    /// Tells which end the driver in this process holds, so that bytes can be waited for.
    func attach(driver: any ByteTransport) { lock.withLock { guarded?.driver = driver } }

    /// Puts the device on a new pty.
    func plugIn() async throws {
        let terminal = try await PseudoTerminal.open()
        plug = Plug(host: StreamEmulatorHost(emulator, on: terminal.device, clock: clock), terminal: terminal)
    }

    func unplug() async {
        let old = lock.withLock {
            defer { guarded = nil }
            return guarded
        }
        await old?.host.stop()
        await old?.terminal.close()
    }

    func pump(toPS nowPS: Int64) async throws { try await plug?.host.pump(toPS: nowPS) }

    func settle() async throws {
        guard let plug, let driver = plug.driver else { return }
        try await plug.host.settle(with: driver)
    }
}
