import QKDCore
import Testing

@Suite struct DeviceTests {
    /// A device with one parameter and no wire.
    private actor Lamp: Device {
        static let descriptor = DeviceDescriptor(
            id: "acme-lamp", vendor: "Acme", model: "Lamp", classes: [.attenuator], transports: [.serial],
            support: .description, summary: "A lamp.", unverified: ["all"])

        nonisolated var parameters: [Parameter] {
            [
                Parameter("level", .integer(0...3), access: .readWrite, "Level."),
                Parameter("lit", .flag, access: .readOnly, "Lit?"),
            ]
        }

        func open() -> DeviceIdentity { DeviceIdentity(vendor: "Acme", model: "Lamp") }
        func close() {}
        func makeSafe() {}
        func selfTest() -> SelfTestReport { SelfTestReport([]) }
        func health() -> DeviceHealth { DeviceHealth(.healthy) }
        func value(of parameter: String) throws -> ParameterValue {
            _ = try self.parameter(parameter)
            return .integer(0)
        }
        func set(_ parameter: String, to value: ParameterValue) throws { try self.parameter(parameter).check(value) }
    }

    @Test func aParameterIsFoundByName() throws {
        #expect(try Lamp().parameter("lit").kind == .flag)
        let error = #expect(throws: QKDError.self) { try Lamp().parameter("Lit") }
        #expect(error?.kind == .unsupported)
        #expect(error?.message == "acme-lamp has no parameter 'Lit'; it has level, lit")
    }

    @Test func anUnknownParameterCannotBeReadOrSet() async {
        let lamp = Lamp()
        let read = await #expect(throws: QKDError.self) { try await lamp.value(of: "colour") }
        #expect(read?.kind == .unsupported)
        let set = await #expect(throws: QKDError.self) { try await lamp.set("level", to: .integer(4)) }
        #expect(set?.kind == .outOfRange)
    }

    @Test func theDescriptorIsTheTypes() {
        #expect(Lamp().descriptor.id == "acme-lamp")
        #expect(Lamp.descriptor.protocolPage == "Firmware-Protocols/acme-lamp.md")
        #expect(Lamp.descriptor.usb.isEmpty)
        #expect(USBMatch(vendorID: 0x0403) != USBMatch(productID: 0x0403))
    }

    @Test(arguments: [
        (DeviceIdentity(vendor: "S-Fifteen", model: "TDC1", serialNumber: "TDC1-7"), false),
        (DeviceIdentity(vendor: "S-Fifteen", model: "TDC1", serialNumber: "EMULATED-7"), true),
        (DeviceIdentity(vendor: "Thorlabs", model: "MBX EMULATED"), true),
        (DeviceIdentity(vendor: "Thorlabs", model: "MBX", firmware: "1.0 (EMULATED)"), true),
        (DeviceIdentity(vendor: "Thorlabs", model: "MBX", serialNumber: "emulated"), false),
        (DeviceIdentity(vendor: "EMULATED Inc.", model: "MBX", serialNumber: "", firmware: ""), false),
    ])
    func anEmulatorOwnsUp(identity: DeviceIdentity, isEmulated: Bool) {
        #expect(identity.isEmulated == isEmulated)
    }

    @Test func aSelfTestPassesWhenAllOfItsChecksDo() {
        #expect(!SelfTestReport([]).passed)
        #expect(SelfTestReport([.init("identity", passed: true)]).passed)
        #expect(SelfTestReport([.init("a", passed: true), .init("b", passed: true, detail: "x")]).passed)
        #expect(!SelfTestReport([.init("a", passed: true), .init("b", passed: false)]).passed)
        #expect(!SelfTestReport([.init("a", passed: false)]).passed)
    }

    @Test func healthSaysWhy() {
        #expect(DeviceHealth(.healthy).findings.isEmpty)
        #expect(DeviceHealth(.failed, findings: ["hot"]) != DeviceHealth(.degraded, findings: ["hot"]))
    }
}
