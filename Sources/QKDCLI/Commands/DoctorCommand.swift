import ArgumentParser
import Foundation
import QKDCore
import QKDDrivers
import QKDTransport

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine: kernel, permissions, udev, groups, libusb, GPIO; say what to do.",
        discussion: "Example: qkdctl doctor --format json")

    @OptionGroup var formatOptions: FormatOptions

    func run() async throws {
        let findings = try await Doctor.examine()
        try formatOptions.show(rows: findings) {
            findings.map { finding in
                let remedy = finding.remedy.map { "\n        try: \($0)" } ?? ""
                return
                    "\(finding.verdict.padding(toLength: 8, withPad: " ", startingAt: 0))\(finding.check): \(finding.found)\(remedy)"
            }
            .joined(separator: "\n")
        }
        if findings.contains(where: { $0.verdict == "failed" }) {
            throw QKDError(.unhealthy, "this machine is not ready for hardware")
        }
    }
}

/// What was looked at on this machine, what was found, and what to do.
struct DoctorFinding: Encodable, Sendable, Equatable {
    var check: String
    /// `ok`, `note` (only hardware needs it) or `failed`.
    var verdict: String
    var found: String
    var remedy: String?
}

/// Looks at the machine without changing anything.
enum Doctor {
    static func examine(root: String = "") async throws -> [DoctorFinding] {
        [kernel(), pty(), await usb(), ports(), rules(root), groups(), try await gpio(root)]
    }

    private static func kernel() -> DoctorFinding {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let parts = release.split(separator: ".").compactMap { Int($0.prefix { $0.isNumber }) }
        let fits = parts.count >= 2 && (parts[0], parts[1]) >= (5, 10)
        return DoctorFinding(
            check: "kernel", verdict: fits ? "ok" : "note", found: release,
            remedy: fits ? nil : "GPIO edges are counted without loss from Linux 5.10 on: upgrade the kernel")
    }

    private static func pty() -> DoctorFinding {
        let fits = access("/dev/ptmx", R_OK | W_OK) == 0
        return DoctorFinding(
            check: "pty", verdict: fits ? "ok" : "failed",
            found: fits ? "emulated serial devices can stand" : "/dev/ptmx cannot be opened",
            remedy: fits ? nil : "mount devpts: 'mount -t devpts devpts /dev/pts'")
    }

    private static func usb() async -> DoctorFinding {
        do {
            let devices = try await USBBus.list()
            // What nobody drives here is nobody's business: only instruments of ours can be in the way.
            let ours = devices.filter { facts in
                Catalog.entries.contains { entry in
                    entry.descriptor.transports.contains(.usb)
                        && entry.descriptor.usb.contains {
                            // A device that may not be opened has no product text to compare.
                            $0.fits(facts)
                                || facts.product == nil && $0.vendorID == facts.vendorID
                                    && $0.productID == facts.productID
                        }
                }
            }
            let shut = ours.filter { $0.obstacle == .permissionDenied }
            let nodes = shut.map(\.node).joined(separator: ", ")
            return DoctorFinding(
                check: "libusb", verdict: shut.isEmpty ? "ok" : "failed",
                found: "libusb \(USBBus.libraryVersion), \(devices.count) devices, \(ours.count) of ours"
                    + (shut.isEmpty ? "" : ", without permission: \(nodes)"),
                remedy: shut.isEmpty ? nil : usbRemedy(shut))
        } catch {
            return DoctorFinding(
                check: "libusb", verdict: "note", found: "USB cannot be looked at: \(error)",
                remedy: "in a container, pass /dev/bus/usb through; without USB devices nothing is needed")
        }
    }

    private static func usbRemedy(_ shut: [USBDeviceFacts]) -> String {
        var facts = stat()
        let inGroup = shut.contains {
            stat($0.node, &facts) == 0 && facts.st_gid != 0 && facts.st_mode & 0o060 == 0o060
        }
        return inGroup
            ? "'sudo usermod -aG plugdev $USER', then log in again"
            : "install the udev rules: 'sudo cp udev/*.rules /etc/udev/rules.d/ && sudo udevadm control --reload', then replug"
    }

    private static func ports() -> DoctorFinding {
        let ports = SerialPorts.list()
        let shut = ports.filter { $0.obstacle == .permissionDenied }
        return DoctorFinding(
            check: "serial ports", verdict: shut.isEmpty ? "ok" : "failed",
            found: "\(ports.count) USB ports, \(shut.count) without permission",
            remedy: shut.isEmpty ? nil : "'sudo usermod -aG dialout $USER', then log in again")
    }

    private static func rules(_ root: String) -> DoctorFinding {
        let folders = ["/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"]
        let found = folders.first { access("\(root)\($0)/60-qkdctl.rules", R_OK) == 0 }
        return DoctorFinding(
            check: "udev rules", verdict: found == nil ? "note" : "ok",
            found: found.map { "60-qkdctl.rules in \($0)" } ?? "60-qkdctl.rules is not installed",
            remedy: found == nil
                ? "'sudo cp udev/*.rules /etc/udev/rules.d/ && sudo udevadm control --reload'; emulation needs none"
                : nil)
    }

    private static func groups() -> DoctorFinding {
        if geteuid() == 0 {
            return DoctorFinding(
                check: "groups", verdict: "note", found: "running as root, who may open everything",
                remedy: "root ignores the exclusive lock of serial ports: better work as a user in 'dialout'")
        }
        var ids = [gid_t](repeating: 0, count: 256)
        let count = getgroups(Int32(ids.count), &ids)
        let names = ids.prefix(Int(max(0, count))).compactMap {
            getgrgid($0).map { String(cString: $0.pointee.gr_name) }
        }
        let fits = names.contains("dialout") || names.contains("plugdev")
        return DoctorFinding(
            check: "groups", verdict: fits ? "ok" : "note", found: names.joined(separator: ", "),
            remedy: fits ? nil : "'sudo usermod -aG dialout,plugdev $USER', then log in again")
    }

    private static func gpio(_ root: String) async throws -> DoctorFinding {
        let chips = try await GPIOChips.list(folder: "\(root)/dev")
        let shut = chips.filter { $0.obstacle != nil }
        let library = "libgpiod \(GPIOChips.libraryVersion)"
        let names = chips.map { "\($0.path) (\($0.lineCount) lines)" }.joined(separator: ", ")
        let limit =
            GPIOChips.showsLostEdges
            ? ""
            : "; lost edges do not show, so that more than \(Int(GPIOEdges.highestUncountedRateHz)) a second are refused"
        return DoctorFinding(
            check: "gpio", verdict: shut.isEmpty ? "ok" : "note",
            found: "\(library)\(limit); " + (chips.isEmpty ? "no GPIO chips" : names)
                + (shut.isEmpty ? "" : ", \(shut.count) without permission"),
            remedy: shut.isEmpty
                ? nil
                : "a udev rule such as SUBSYSTEM==\"gpio\", KERNEL==\"gpiochip*\", GROUP=\"plugdev\", MODE=\"0660\"")
    }
}
