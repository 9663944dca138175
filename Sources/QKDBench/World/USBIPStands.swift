import QKDCore
import QKDDrivers
import QKDTransport

/// Puts emulated devices on one USB/IP server, for `usbip attach`.
enum USBIPStands {
    /// An emulator that goes there, with its driver and what distinguishes it from others of its kind.
    struct Device: Sendable {
        var entry: CatalogEntry
        var emulator: EmulatedDevice
        var unit: Int

        /// Serial devices go too if they have a USB plug and `withSerial`.
        func usb(withSerial: Bool) -> (any USBEmulator)? {
            switch emulator {
            case .usb(let emulator): emulator
            case .stream(let emulator):
                withSerial ? entry.bridge?.emulator(emulator, serialNumber: serialNumber) : nil
            case .network, .gpio: nil
            }
        }

        var serialNumber: String { "\(DeviceIdentity.emulatedMark)-\(unit)" }

        /// How a bench finds it when it is attached to the bench's machine.
        func address(_ description: USBDescription) -> RoleDescription.Address {
            guard case .stream = emulator, let bridge = entry.bridge else {
                return .usb(serialNumber: description.serialNumber, socket: nil)
            }
            // As udev names it: what is no letter, digit or one of #+-.:=@_ becomes an underscore.
            let name = [description.manufacturer, description.product, description.serialNumber]
                .map { text in
                    String(text.map { $0.isLetter || $0.isNumber || "#+-.:=@_".contains($0) ? $0 : "_" })
                }
                .joined(separator: "_")
            return .serial("/dev/serial/by-id/usb-\(name)-if00" + (bridge.kind == .ftdi ? "-port0" : ""))
        }
    }

    /// Stands up those of `devices` that have a place on USB, by their keys; the others are not in the answer.
    static func start<Key: Hashable & Sendable>(
        _ devices: [(key: Key, device: Device)], hosting: BenchEmulation.Hosting, clock: any BenchClock
    ) async throws -> [Key: EmulatorStand] {
        guard case .outside(let address, _, let usbIP) = hosting else { return [:] }
        let fitting = devices.compactMap { row in
            row.device.usb(withSerial: usbIP.takesSerial).map { (row.key, row.device, $0) }
        }
        guard !fitting.isEmpty else { return [:] }
        let server = try await USBIPServer.start(
            fitting.map(\.2), address: address, port: usbIP.port, clock: clock)
        var stands: [Key: EmulatorStand] = [:]
        for (index, row) in fitting.enumerated() {
            let busID = "1-\(index + 1)"
            stands[row.0] = .attachable(
                AttachableWire(server: server, busID: busID), at: "usbip:\(address):\(server.port)/\(busID)",
                address: row.1.address(row.2.description))
        }
        return stands
    }
}

/// What stands on USB/IP, and on which port.
public struct USBIPHosting: Sendable {
    /// Whether serial devices that have a USB plug stand there too, not on ptys.
    public var takesSerial: Bool
    /// The TCP port; 0 for any free one.
    public var port: Int

    /// The usual port, and only what is on USB by nature.
    public init(takesSerial: Bool = false, port: Int = USBIPServer.standardPort) {
        self.takesSerial = takesSerial
        self.port = port
    }
}
