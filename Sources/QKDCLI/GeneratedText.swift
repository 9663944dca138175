import QKDCore

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
            for match in facts.usb { lines += rules(match, id: facts.id) }
        }
        lines += ["", "LABEL=\"qkdctl_end\""]
        return lines.joined(separator: "\n")
    }

    private static func rules(_ match: USBMatch, id: String) -> [String] {
        var conditions: [String] = []
        if let vendor = match.vendorID { conditions.append("ATTRS{idVendor}==\"\(hex(vendor))\"") }
        if let product = match.productID { conditions.append("ATTRS{idProduct}==\"\(hex(product))\"") }
        if let text = match.productContains { conditions.append("ATTRS{product}==\"*\(text)*\"") }
        guard !conditions.isEmpty else { return [] }
        let tag = "ENV{QKDCTL_DRIVER}=\"\(id)\", ENV{ID_MM_DEVICE_IGNORE}=\"1\""
        return ["SUBSYSTEM==\"tty\", \(conditions.joined(separator: ", ")), \(tag)"]
    }

    private static func hex(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
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
