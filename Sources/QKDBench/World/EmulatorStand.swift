import QKDCore
import QKDDrivers
import QKDTransport

/// Where an emulator stands: on a pty, or on network ports.
enum EmulatorStand: Sendable {
    case terminal(EmulatedWire)
    case ports(host: String, http: HTTPEmulatorHost, stream: TCPEmulatorHost)

    static func start(
        _ emulator: EmulatedDevice, hosting: BenchEmulation.Hosting, vendor: DeviceLink, clock: any BenchClock
    ) async throws -> EmulatorStand {
        switch emulator {
        case .stream(let emulator):
            return .terminal(try await EmulatedWire.open(emulator, clock: clock))
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
        }
    }

    func stop() async {
        switch self {
        case .terminal(let wire): await wire.unplug()
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
        }
    }
}
