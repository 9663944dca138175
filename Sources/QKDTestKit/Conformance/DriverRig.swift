import QKDCore
import QKDTransport

/// A fresh driver on a fresh emulator, and the ways in which a test may get at what lies between them.
public struct DriverRig<Driver: Device>: Sendable {
    /// The driver under test.
    public var device: Driver
    /// The time that driver and emulator share; none of the wall's passes in it.
    public var clock: ManualClock
    /// How much the host has said so far: bytes, or requests.
    public var sentCount: @Sendable () -> Int
    /// Breaks the wire from now on.
    public var inject: @Sendable (WireFault) -> Void
    /// Asks the emulator, not the driver, whether the device can harm: `nil`, or what is not safe.
    public var hazard: @Sendable () async -> String?

    /// Collects the parts by hand, for devices on more than one connection.
    public init(
        device: Driver, clock: ManualClock, sentCount: @escaping @Sendable () -> Int,
        inject: @escaping @Sendable (WireFault) -> Void, hazard: @escaping @Sendable () async -> String?
    ) {
        self.device = device
        self.clock = clock
        self.sentCount = sentCount
        self.inject = inject
        self.hazard = hazard
    }

    /// Binds a driver to the emulator of a byte stream.
    public init<Emulator: StreamEmulator>(
        emulator: Emulator, clock: ManualClock = ManualClock(), idleRead: EmulatorLink.IdleRead = .passesTime,
        driver: @Sendable (EmulatorLink, ManualClock) async throws -> Driver,
        hazard: @escaping @Sendable (Emulator, ManualClock) async -> String?
    ) async rethrows {
        let link = await EmulatorLink(emulator, clock: clock, idleRead: idleRead, named: Driver.descriptor.id)
        self.init(
            device: try await driver(link, clock), clock: clock,
            sentCount: { link.counters.written },
            inject: { link.inject($0) },
            hazard: { await hazard(emulator, clock) })
    }

    /// Binds a driver to an emulator on USB.
    public init<Emulator: USBEmulator>(
        usb emulator: Emulator, clock: ManualClock = ManualClock(),
        driver: (any USBConnection, ManualClock) -> Driver,
        hazard: @escaping @Sendable (Emulator, ManualClock) async -> String?
    ) async {
        let port = USBPort(emulator, clock: clock)
        let connection = await USBLoopback.open(port, clock: clock)
        self.init(
            device: driver(connection, clock), clock: clock,
            sentCount: { connection.counters.written },
            inject: { fault in
                switch fault {
                case .silent: port.inject(.silent)
                case .garbage: port.inject(.garbage)
                case .cut: port.inject(.cut)
                }
            },
            hazard: { await hazard(emulator, clock) })
    }
}
