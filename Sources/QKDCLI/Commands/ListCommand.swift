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
                    driver: driver(port.product, port.vendorID, port.productID),
                    mayBeOpened: Obstacle.verdict(port.obstacle)))
        }
        do {
            for device in try USBBus.list() {
                rows.append(
                    Row(
                        where: "usb", address: "bus \(device.bus) device \(device.address)",
                        device: device.product ?? "\(Self.hex(device.vendorID)):\(Self.hex(device.productID))",
                        driver: driver(device.product, device.vendorID, device.productID),
                        mayBeOpened: Obstacle.verdict(device.obstacle)))
            }
        } catch let error as QKDError {
            Terminal.err("warning: USB cannot be looked at: \(error)")
        }
        try formatOptions.show(rows: rows) {
            var table = TextTable(["where", "address", "device", "driver", "may be opened"])
            for row in rows {
                table.row([row.where, row.address, row.device, row.driver ?? "none", row.mayBeOpened])
            }
            return table.text
        }
    }

    private func driver(_ product: String?, _ vendor: UInt16?, _ productID: UInt16?) -> String? {
        Catalog.entries.first { entry in
            entry.descriptor.usb.contains { match in
                if let wanted = match.vendorID, wanted != vendor { return false }
                if let wanted = match.productID, wanted != productID { return false }
                if let wanted = match.productContains, product?.contains(wanted) != true { return false }
                return true
            }
        }?.descriptor.id
    }

    /// What can be said of a bench's address without opening it.
    private static func verdict(_ address: RoleDescription.Address) -> String {
        switch address {
        case .emulated: "yes (EMULATED here)"
        case .serial(let path): Obstacle.verdict(SerialPorts.obstacle(path: path))
        case .network: "not tried"
        }
    }

    private static func hex(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
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
