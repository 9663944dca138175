import QKDCore
import QKDTransport

/// Files of the repository that are made from the drivers' descriptors; `scripts/generate --check` fails when
/// they differ.
public enum GeneratedText {
    /// `udev/60-qkdctl.rules`: tags devices by the facts that are public, and says nothing of access.
    public static func udevRules(_ descriptors: [DeviceDescriptor]) -> String {
        var lines = [
            "# Made by 'qkdctl drivers --udev-rules' from the drivers' descriptors; do not edit.",
            "# Tags instruments that qkdctl drives with ENV{QKDCTL_DRIVER}; 61-qkdctl-access.rules gives access.",
            "ACTION==\"remove\", GOTO=\"qkdctl_end\"",
        ]
        for facts in descriptors where !facts.usb.isEmpty {
            lines.append("")
            lines.append("# \(facts.vendor) \(facts.model)")
            for match in facts.usb { lines += rules(match, facts) }
        }
        lines += ["", "LABEL=\"qkdctl_end\""]
        return lines.joined(separator: "\n")
    }

    private static func rules(_ match: USBMatch, _ facts: DeviceDescriptor) -> [String] {
        var lines: [String] = []
        // A tty is a grandchild of its USB device; a USB device carries the facts itself.
        for (kind, key) in [(TransportKind.serial, "ATTRS"), (.usb, "ATTR")] where facts.transports.contains(kind) {
            var conditions =
                kind == .usb
                ? ["SUBSYSTEM==\"usb\"", "ENV{DEVTYPE}==\"usb_device\""] : ["SUBSYSTEM==\"tty\""]
            let known = conditions.count
            if let vendor = match.vendorID { conditions.append("\(key){idVendor}==\"\(USBAddress.hex(vendor))\"") }
            if let product = match.productID { conditions.append("\(key){idProduct}==\"\(USBAddress.hex(product))\"") }
            if let text = match.productContains { conditions.append("\(key){product}==\"*\(text)*\"") }
            guard conditions.count > known else { continue }
            conditions.append("ENV{QKDCTL_DRIVER}=\"\(facts.id)\"")
            if kind == .serial { conditions.append("ENV{ID_MM_DEVICE_IGNORE}=\"1\"") }
            lines.append(conditions.joined(separator: ", "))
        }
        return lines
    }

    /// README's table of supported devices.
    public static func deviceTable(_ descriptors: [DeviceDescriptor]) -> String {
        var lines = [
            "| driver | device | class | transport | support | protocol |", "| --- | --- | --- | --- | --- | --- |",
        ]
        for facts in descriptors {
            let classes = facts.classes.map(\.rawValue).joined(separator: ", ")
            let transports = facts.transports.map(\.rawValue).joined(separator: ", ")
            lines.append(
                "| `\(facts.id)` | \(facts.vendor) \(facts.model) | \(classes) | \(transports) | \(facts.support.rawValue), "
                    + "\(facts.unverified.count) facts unverified | [page](\(facts.protocolPage)) |")
        }
        return lines.joined(separator: "\n")
    }
}
