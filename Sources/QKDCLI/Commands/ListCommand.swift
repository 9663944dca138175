import ArgumentParser
import QKDBench
import QKDCore
import QKDDrivers
import QKDTransport

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the devices at hand: attached, on the bench, and what may not be opened and why.",
        discussion: "Example: qkdctl list --bench live.toml")

    @OptionGroup var benchOptions: BenchOptions
    @OptionGroup var formatOptions: FormatOptions

    private struct Row: Encodable {
        var `where`: String
        var address: String
        var device: String
        var driver: String?
        var mayBeOpened: String
    }

    func run() async throws {
        let bench = try benchOptions.load()
        var rows: [Row] = bench.roles.sorted { $0.key.rawValue < $1.key.rawValue }.map { role, facts in
            Row(
                where: "bench \(bench.name)", address: facts.address.text, device: role.rawValue, driver: facts.driver,
                mayBeOpened: Self.verdict(facts.address))
        }
        let ports = SerialPorts.list()
        for port in ports {
            rows.append(
                Row(
                    where: "serial", address: port.stablePath ?? port.path, device: port.product ?? "unnamed port",
                    driver: driver(port.usb),
                    mayBeOpened: Obstacle.verdict(port.obstacle)))
        }
        do {
            for device in try await USBBus.list() {
                rows.append(
                    Row(
                        where: "usb", address: device.socket.isEmpty ? device.node : "usb:@\(device.socket)",
                        device: device.product
                            ?? "\(USBAddress.hex(device.vendorID)):\(USBAddress.hex(device.productID))",
                        driver: driver(device),
                        mayBeOpened: Obstacle.verdict(device.obstacle)))
            }
        } catch let error as QKDError {
            Terminal.err("warning: USB cannot be looked at: \(error)")
        }
        for chip in try await GPIOChips.list() {
            rows.append(
                Row(
                    where: "gpio", address: chip.path, device: "\(chip.label), \(chip.lineCount) lines", driver: nil,
                    mayBeOpened: Obstacle.verdict(chip.obstacle)))
        }
        try formatOptions.show(rows: rows) {
            var table = TextTable(["where", "address", "device", "driver", "may be opened"])
            for row in rows {
                table.row([row.where, row.address, row.device, row.driver ?? "none", row.mayBeOpened])
            }
            return table.text
        }
    }

    private func driver(_ facts: USBDeviceFacts) -> String? {
        Catalog.entries.first { entry in entry.descriptor.usb.contains { $0.fits(facts) } }?.descriptor.id
    }

    /// What can be said of a bench's address without opening it.
    private static func verdict(_ address: RoleDescription.Address) -> String {
        switch address {
        case .emulated: "yes (EMULATED here)"
        case .serial(let path): Obstacle.verdict(SerialPorts.obstacle(path: path))
        case .network: "not tried"
        case .usb: "not tried; the rows of usb tell"
        case .gpio(let lines): Obstacle.verdict(SerialPorts.obstacle(path: lines.chip))
        }
    }
}

/// Why a device may not be opened, in words.
enum Obstacle {
    static func verdict(_ kind: QKDError.Kind?) -> String { kind.map { "no: \(text($0))" } ?? "yes" }

    static func text(_ kind: QKDError.Kind) -> String {
        switch kind {
        case .permissionDenied: "no permission; 'qkdctl doctor' tells what to do"
        case .busy: "another program holds it"
        case .absent: "it is not there"
        default: "the system refuses (\(kind.rawValue))"
        }
    }
}
