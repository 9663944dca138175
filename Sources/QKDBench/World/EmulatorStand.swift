import QKDCore
import QKDDrivers
import QKDTransport

/// Where an emulator stands: on a pty, on network ports, on USB, or at the end of lines.
enum EmulatorStand: Sendable {
    case terminal(EmulatedWire)
    case ports(host: String, http: HTTPEmulatorHost, stream: TCPEmulatorHost)
    /// In this process.
    case usb(EmulatedUSBWire)
    /// For `usbip attach`; `address` is how a bench finds the device once it is attached.
    case attachable(AttachableWire, at: String, address: RoleDescription.Address)
    /// In this process.
    case lines(any GPIOEmulator)

    /// Stands up one emulator that does not stand on USB/IP.
    static func start(
        _ emulator: EmulatedDevice, hosting: BenchEmulation.Hosting, vendor: DeviceLink, clock: any BenchClock
    ) async throws -> EmulatorStand {
        switch emulator {
        case .stream(let emulator):
            return .terminal(try await EmulatedWire.open(emulator, clock: clock))
        case .usb(let emulator): return .usb(EmulatedUSBWire(emulator, clock: clock))
        case .gpio(let emulator):
            guard case .thisProcess = hosting else {
                throw QKDError(
                    .unsupported,
                    "an emulated device at the end of GPIO lines cannot stand for other programs: lines come from the kernel"
                )
            }
            return .lines(emulator)
        case .network(let emulator):
            guard case .network(let ports) = vendor else {
                throw QKDError(.unsupported, "this driver names no ports for its emulator")
            }
            let http = try await HTTPEmulatorHost.start(
                emulator, address: hosting.address, port: hosting.port(ports.http), clock: clock)
            do {
                let stream = try await TCPEmulatorHost.start(
                    address: hosting.address, port: hosting.port(ports.stream), clock: clock
                ) { await emulator.streamConversation() }
                return .ports(host: hosting.address, http: http, stream: stream)
            } catch {
                await http.stop()
                throw error
            }
        }
    }

    /// The address under which a bench file finds it.
    var address: RoleDescription.Address {
        switch self {
        case .terminal(let wire): .serial(wire.path ?? "unplugged")
        case .ports(let host, let http, let stream):
            .network(host: host, httpPort: http.port, streamPort: stream.port)
        case .attachable(_, _, let address): address
        case .usb, .lines: .emulated
        }
    }

    /// Where other programs find it, in words.
    var place: String {
        if case .attachable(_, let place, let address) = self { return "\(place), once attached \(address.text)" }
        return address.text
    }

    /// What has to be pumped when the emulator's time moves.
    var wire: (any WorldWire)? {
        switch self {
        case .terminal(let wire): wire
        case .usb(let wire): wire
        case .attachable(let wire, _, _): wire
        case .ports, .lines: nil
        }
    }

    func stop() async {
        switch self {
        case .terminal(let wire): await wire.unplug()
        case .usb(let wire): await wire.unplug()
        case .attachable(let wire, _, _): await wire.server.stop()
        case .lines: break
        case .ports(_, let http, let stream):
            await http.stop()
            await stream.stop()
        }
    }
}

extension RoleDescription.Address {
    /// The address as bench files write it.
    public var text: String {
        switch self {
        case .emulated: "emulated"
        case .serial(let path): path
        case .network(let host, let http, let stream):
            ([host] + [http, stream].compactMap { $0.map(String.init) }).joined(separator: ":")
        case .usb(let serialNumber, let socket):
            "usb" + (serialNumber.map { ":\($0)" } ?? "") + (socket.map { ":@\($0)" } ?? "")
        case .gpio(let lines): "\(lines)"
        }
    }
}
