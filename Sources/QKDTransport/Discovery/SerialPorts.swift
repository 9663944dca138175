import Foundation
import Glibc
import QKDCore

/// A serial port that the kernel shows.
public struct SerialPortFacts: Sendable, Equatable {
    /// The port's path, e.g. `/dev/ttyACM0`.
    public var path: String
    /// The stable name under `/dev/serial/by-id`, where udev made one.
    public var stablePath: String?
    /// What the USB device behind it says of itself, where there is one.
    public var vendorID: UInt16?
    /// The USB `idProduct`; `nil` if the port is not behind USB.
    public var productID: UInt16?
    /// The USB product string.
    public var product: String?
    /// The USB serial number string.
    public var serialNumber: String?
    /// Why it could not be opened, or `nil` if this user may.
    public var obstacle: QKDError.Kind?

    /// The USB device behind it, as far as it is known.
    public var usb: USBDeviceFacts {
        USBDeviceFacts(
            bus: 0, address: 0, vendorID: vendorID ?? 0, productID: productID ?? 0, product: product,
            serialNumber: serialNumber)
    }
}

/// Finds the serial ports of USB instruments through sysfs.
public enum SerialPorts {
    /// Lists the USB serial ports, in the order of their names; ports are looked at but not opened.
    public static func list() -> [SerialPortFacts] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/tty")) ?? []
        let stable = stableNames()
        return names.filter { $0.hasPrefix("ttyACM") || $0.hasPrefix("ttyUSB") }.sorted().map { name in
            let path = "/dev/\(name)"
            var facts = SerialPortFacts(path: path, stablePath: stable[path])
            if let folder = usbFolder(ofTTY: name) {
                facts.vendorID = attribute("idVendor", in: folder).flatMap { UInt16($0, radix: 16) }
                facts.productID = attribute("idProduct", in: folder).flatMap { UInt16($0, radix: 16) }
                facts.product = attribute("product", in: folder)
                facts.serialNumber = attribute("serial", in: folder)
            }
            facts.obstacle = obstacle(path: path)
            return facts
        }
    }

    /// Why this user could not open the port at `path`, or `nil`; the port is not opened.
    public static func obstacle(path: String) -> QKDError.Kind? {
        guard access(path, R_OK | W_OK) != 0 else { return nil }
        return switch errno {
        case EACCES: .permissionDenied
        case ENOENT: .absent
        default: .io
        }
    }

    private static func stableNames() -> [String: String] {
        let folder = "/dev/serial/by-id"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var found: [String: String] = [:]
        for name in names {
            let link = "\(folder)/\(name)"
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link) {
                found["/dev/" + (target.split(separator: "/").last.map(String.init) ?? target)] = link
            }
        }
        return found
    }

    /// The USB device's folder is a parent of the tty's: the first one that has an idVendor.
    private static func usbFolder(ofTTY name: String) -> String? {
        guard let resolved = realpath("/sys/class/tty/\(name)/device", nil) else { return nil }
        defer { free(resolved) }
        var parts = String(cString: resolved).split(separator: "/")
        while parts.count > 3 {
            let folder = "/" + parts.joined(separator: "/")
            if access("\(folder)/idVendor", R_OK) == 0 { return folder }
            parts.removeLast()
        }
        return nil
    }

    private static func attribute(_ name: String, in folder: String) -> String? {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
