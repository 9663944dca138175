import QKDCore
import QKDDrivers
import Testing

@testable import QKDBench
@testable import QKDCLI

@Suite("What is printed")
struct OutputTests {
    @Test("Columns are aligned and lines have no tail of spaces")
    func table() {
        var table = TextTable(["a", "long header"])
        table.row(["value", "x"])
        table.row(["", "yy"])
        #expect(table.text == "a      long header\nvalue  x\n       yy")
    }

    @Test("Figures carry the digits asked for")
    func figures() {
        #expect(Figure.fixed(1.23456, 2) == "1.23")
        #expect(Figure.percent(0.01574, 3) == "1.574 %")
        #expect(Figure.scientific(0.00861, 2) == "8.61e-03")
    }

    @Test("The live line shows progress, both bases and the clock")
    func liveLine() {
        var progress = RunProgress(
            elapsedS: 5, durationS: 10, singles: [1, 2, 3, 4], detections: 9, siftedBits: 7, qberZ: 0.0157, qberX: nil,
            offsetS: nil, skew: nil, framesLost: 0, framesWithHoles: 1)
        let early = LiveLine.text(progress)
        #expect(early.contains("[##########..........] 5.0/10.0 s"))
        #expect(early.contains("singles 1/2/3/4") && early.contains("Z 1.57 %  X -") && early.contains("searching"))
        progress.offsetS = -0.25
        progress.skew = 8.4e-6
        #expect(LiveLine.text(progress).contains("offset -0.250000 s  skew 8.4000 ppm  lost 0 holes 1"))
        progress.elapsedS = 11
        #expect(LiveLine.text(progress).contains("[####################]"))
    }

    @Test("The udev rules tag what is public and nothing else")
    func udevRules() {
        let facts = [
            DeviceDescriptor(
                id: "one", vendor: "V", model: "M", classes: [], transports: [.serial], support: .description,
                summary: "", unverified: [],
                usb: [USBMatch(vendorID: 0x403, productID: 0x6015), USBMatch(productContains: "TDC1")]),
            DeviceDescriptor(
                id: "two", vendor: "V", model: "N", classes: [], transports: [.http], support: .description,
                summary: "", unverified: []),
        ]
        let rules = GeneratedText.udevRules(facts)
        #expect(rules.contains("ATTRS{idVendor}==\"0403\", ATTRS{idProduct}==\"6015\", ENV{QKDCTL_DRIVER}=\"one\""))
        #expect(rules.contains("ATTRS{product}==\"*TDC1*\""))
        #expect(!rules.contains("two"))
        #expect(!rules.contains("MODE") && !rules.contains("GROUP"))
    }

    @Test("The device table names every driver with its page")
    func deviceTable() {
        let table = GeneratedText.deviceTable(Catalog.entries.map(\.descriptor))
        for entry in Catalog.entries {
            #expect(table.contains("| `\(entry.descriptor.id)` |"))
            #expect(table.contains("(\(entry.descriptor.protocolPage))"))
        }
        #expect(table.split(separator: "\n").count == Catalog.entries.count + 2)
    }

    @Test("The doctor looks at everything and has a remedy for every failure")
    func doctor() async throws {
        let findings = try await Doctor.examine(root: "/no/such/root")
        #expect(findings.map(\.check) == ["kernel", "pty", "libusb", "serial ports", "udev rules", "groups", "gpio"])
        for finding in findings {
            #expect(["ok", "note", "failed"].contains(finding.verdict))
            if finding.verdict == "failed" { #expect(finding.remedy != nil, "\(finding.check)") }
        }
        #expect(findings[4].verdict == "note", "no rules under a root that does not exist")
    }
}
