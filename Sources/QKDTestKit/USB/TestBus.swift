import Foundation
import QKDCore
import QKDTransport

/// The bus that emulated USB devices are plugged into in tests: the same tests run on each.
///
/// `QKD_USB_STAGE` chooses: nothing for the loopback in this process; `native` for real libusb on usbdevfs calls that a
/// user-space host answers (its control socket is in `QKD_USB_HOST`); `kernel` for real libusb on the real kernel's
/// virtual host controller.
public enum TestBus: String, Sendable {
    case loopback
    case native
    case kernel
    /// `QKD_USB_STAGE` names no bus: nothing can be plugged in, so that every test of a bus fails.
    case misnamed

    /// The bus of this run.
    public static var current: TestBus {
        guard let name = ProcessInfo.processInfo.environment["QKD_USB_STAGE"] else { return .loopback }
        return TestBus(rawValue: name) ?? .misnamed
    }

    /// Whether libusb and what lies below it take part.
    public var isReal: Bool { self != .loopback }

    /// Plugs a device in and waits until the bus shows it.
    public func plug(_ emulator: any USBEmulator, clock: any BenchClock = HostClock()) async throws -> TestPlug {
        switch self {
        case .loopback:
            let port = USBPort(emulator, clock: clock)
            return TestPlug(emulator, unplug: { await port.unplug() }, poll: { await port.poll() }) {
                await USBLoopback.open(port, clock: clock)
            }
        case .native:
            let server = try await USBIPServer.start([emulator], address: "127.0.0.1", port: 0, clock: clock)
            try await NativeHost.attach(port: server.port, busID: "1-1")
            return try await TestPlug.real(
                emulator, unplug: { await server.stop() }, poll: { await server.poll("1-1") })
        case .misnamed:
            throw QKDError(.invalidInput, "QKD_USB_STAGE names no bus: it may be loopback, native or kernel")
        case .kernel:
            let plug = try await VirtualHostController().plug(emulator, clock: clock)
            return try await TestPlug.real(emulator, unplug: { await plug.unplug() }, poll: { await plug.port.poll() })
        }
    }
}

/// A device that is plugged in.
public final class TestPlug: Sendable {
    /// How the device is found.
    public let address: USBAddress
    private let pull: @Sendable () async -> Void
    private let make: @Sendable () async throws -> any USBConnection
    private let ticker: Task<Void, Never>

    init(
        _ emulator: any USBEmulator, unplug: @escaping @Sendable () async -> Void,
        poll: @escaping @Sendable () async -> Void, open: @escaping @Sendable () async throws -> any USBConnection
    ) {
        let facts = emulator.description
        address = USBAddress(
            matches: [USBMatch(vendorID: facts.vendorID, productID: facts.productID)], serialNumber: facts.serialNumber)
        pull = unplug
        make = open
        // Devices that make something as time passes are asked again.
        ticker = Task.detached {
            while !Task.isCancelled {
                await poll()
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    static func real(
        _ emulator: any USBEmulator, unplug: @escaping @Sendable () async -> Void,
        poll: @escaping @Sendable () async -> Void
    ) async throws -> TestPlug {
        let box = AddressBox()
        let plug = TestPlug(emulator, unplug: unplug, poll: poll) { try await USBBus.open(box.address) }
        box.address = plug.address
        try await plug.waitUntil { $0 }
        return plug
    }

    /// Opens the device.
    public func open() async throws -> any USBConnection { try await make() }

    /// Pulls the cable and, on a real bus, waits until the bus no longer shows the device.
    public func unplug() async throws {
        ticker.cancel()
        await pull()
        if TestBus.current.isReal { try await waitUntil { !$0 } }
    }

    /// Waits at most ten seconds until the bus shows the device, or no longer does.
    private func waitUntil(_ isRight: (Bool) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !isRight(try await USBBus.list().contains { address.means($0) }) {
            guard ContinuousClock.now < deadline else {
                throw QKDError(.timeout, "the bus does not show the change", at: .init("\(address)"))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private final class AddressBox: @unchecked Sendable {
        var address = USBAddress(matches: [])
    }
}

/// The host's clock, from when it was made.
public struct HostClock: BenchClock {
    private let start = ContinuousClock.now

    /// Starts at zero.
    public init() {}

    public var nowPS: Int64 { get async { start.duration(to: .now).picoseconds } }

    public func sleep(durationPS: Int64) async throws { try await Task.sleep(for: .picoseconds(durationPS)) }
}
