import QKDCore
import QKDDrivers
import QKDTransport

/// Picks the transport of a device from its address and its driver.
public enum DeviceOpening {
    /// Connects a driver to an address outside this process; the device is not opened yet.
    ///
    /// Throws `unsupported` when the address does not suit the driver, and what the transport throws.
    public static func connect(
        driver: String, address: RoleDescription.Address, clock: any BenchClock
    ) async throws -> any Device {
        guard let entry = Catalog.entry(driver) else {
            throw QKDError(.unsupported, "there is no driver '\(driver)'")
        }
        switch (entry.link, address) {
        case (.serial(let baud), .serial(let path)):
            return try entry.connect(.stream(try await SerialTransport.open(path: path, baud: baud)), clock)
        case (.network(let ports), .network(let host, let httpPort, let streamPort)):
            let http = HTTPClient(host: host, port: httpPort ?? ports.http)
            let port = streamPort ?? ports.stream
            return try entry.connect(
                .network(http: http, stream: { try await TCPTransport.connect(host: host, port: port) }), clock)
        case (.serial, .network(let host, .some(let port), _)):
            // A serial server, or an emulator that stands on TCP.
            return try entry.connect(.stream(try await TCPTransport.connect(host: host, port: port)), clock)
        case (.serial(let baud), .usb(let serialNumber, let socket)):
            guard let bridge = entry.bridge else {
                throw QKDError(.unsupported, "how \(driver) shows itself on USB is not known: name its serial port")
            }
            // Past the kernel's tty: its driver gives way, and comes back at the end.
            // A converter's ids are its maker's: without a serial number or a socket the instrument's name has to show.
            let isNamed = serialNumber != nil || socket != nil
            let matches =
                isNamed ? [USBMatch()] : entry.descriptor.usb + [USBMatch(productContains: bridge.product)]
            let address = USBAddress(matches: matches, serialNumber: serialNumber, socket: socket)
            let converter = try await USBBus.open(address)
            do {
                return try entry.connect(
                    .stream(try await USBSerialTransport.open(converter, bridge.kind, baud: baud)), clock)
            } catch {
                await converter.close()
                throw error
            }
        case (.usb, .usb(let serialNumber, let socket)):
            let address = USBAddress(matches: entry.descriptor.usb, serialNumber: serialNumber, socket: socket)
            return try entry.connect(.usb(try await USBBus.open(address)), clock)
        case (.gpio(let names), .gpio(let lines)):
            guard lines.offsets.count == names.count else {
                throw QKDError(
                    .invalidInput,
                    "\(driver) needs \(names.count) lines, in the order \(names.joined(separator: ", ")); \(lines.offsets.count) are named",
                    at: .init("\(lines)"))
            }
            let first = [Bool](repeating: true, count: names.count)
            return try entry.connect(.gpio(try await GPIOChips.outputs(lines, values: first)), clock)
        default:
            throw QKDError(.unsupported, "\(driver) cannot be reached at this kind of address")
        }
    }
}
