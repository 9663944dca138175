import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct ThorlabsMBXCodecTests {
    typealias Codec = ThorlabsMBXCodec

    @Test func commandsHaveColonBlankAndCarriageReturn() {
        #expect(Codec.query(.attenuation) == Array("VOA:ATTEN?\r".utf8))
        #expect(Codec.set(.mode, 3) == Array("MZM:MODE: 3\r".utf8))
        #expect(Codec.set(.holdVoltage, -10000) == Array("MZM:HOLD:VOLTAGE: -10000\r".utf8))
        #expect(Codec.set(.attenuation, 5) == Array("VOA:ATTEN: 5\r".utf8))
        #expect(Codec.set(.attenuation, 12.345) == Array("VOA:ATTEN: 12.345\r".utf8))
        #expect(Codec.set(.outputPower, 0.01) == Array("VOA:OUTPUT:MW: 0.01\r".utf8))
    }

    @Test func repliesAreReadOrRefused() throws {
        #expect(try Codec.number(Array("5.42".utf8), of: .voltage, endpoint: "e") == 5.42)
        #expect(try Codec.number(Array(" -3 \n".utf8), of: .voltage, endpoint: "e") == -3)
        #expect(try Codec.flag(Array("1".utf8), of: .locked, endpoint: "e"))
        #expect(throws: QKDError.self) { try Codec.number(Array("nan".utf8), of: .voltage, endpoint: "e") }
        #expect(throws: QKDError.self) { try Codec.number([], of: .voltage, endpoint: "e") }
        #expect(throws: QKDError.self) { try Codec.flag(Array("2".utf8), of: .locked, endpoint: "e") }
        #expect(throws: QKDError.self) { try Codec.integer(Array("2.5".utf8), of: .mode, in: 0...9, endpoint: "e") }
        #expect(throws: QKDError.self) { try Codec.integer(Array("1e300".utf8), of: .mode, in: 0...9, endpoint: "e") }
        #expect(throws: QKDError.self) { try Codec.integer(Array("10".utf8), of: .mode, in: 0...9, endpoint: "e") }
    }

    @Test func errorNamesTheNodeAndThePort() {
        do {
            _ = try Codec.number(Array("frog\u{7}".utf8), of: .voltage, endpoint: "/dev/ttyUSB0")
            Issue.record("a frog is no number")
        } catch let error as QKDError {
            #expect(error.kind == .protocolViolation)
            #expect(error.place == QKDError.Place("/dev/ttyUSB0", field: "MZM:VOLTAGE"))
            #expect(error.message.contains("frog?"))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func identityTakesFourFieldsOrAnyText() throws {
        let four = try Codec.identity(Array("THORLABS, MBX1,M001 ,1.2".utf8), endpoint: "e")
        #expect(four == DeviceIdentity(vendor: "THORLABS", model: "MBX1", serialNumber: "M001", firmware: "1.2"))
        let other = try Codec.identity(Array("MBX series".utf8), endpoint: "e")
        #expect(other == DeviceIdentity(vendor: "Thorlabs", model: "MBX series"))
        #expect(throws: QKDError.self) { try Codec.identity([0x81, 0x82], endpoint: "e") }
        #expect(throws: QKDError.self) { try Codec.identity(Array("  ".utf8), endpoint: "e") }
    }
}

@Suite struct DecimalTextTests {
    @Test(arguments: [
        (0.0, 3, "0"), (5.0, 3, "5"), (0.5, 1, "0.5"), (-12.25, 3, "-12.25"), (-0.0001, 3, "0"), (99.9996, 3, "100"),
        (0.001, 3, "0.001"), (1234, 0, "1234"), (20, 2, "20"),
    ])
    func writesPlainDecimals(value: Double, places: Int, text: String) {
        #expect(DecimalText.write(value, places: places) == text)
    }

    @Test func trimsAndPrints() {
        #expect(DecimalText.trim([0x20, 0x0D, 0x0A]) == "")
        #expect(DecimalText.trim(Array(" a b\r\n".utf8)) == "a b")
        #expect(DecimalText.printable("a\u{1B}é") == "a??")
    }
}

@Suite struct ThorlabsMBXTranscriptTests {
    static func emulator(_ scene: Transcript.Scene) throws -> ThorlabsMBXEmulator {
        var setup = ThorlabsMBXEmulator.Setup()
        for given in scene.givens {
            let value = try #require(Double(given.value), "line \(given.line)")
            switch given.key {
            case "mode": setup.mode = Int(value)
            case "hold-volts": setup.holdVolts = value
            case "input-power": setup.inputPowerMW = value
            case "voa-enabled": setup.voaEnabled = value == 1
            case "voa-mode": setup.keepsPower = value == 1
            case "attenuation": setup.attenuationDB = value
            case "sensor-error": setup.attenuationSensorErrorDB = value
            case "panel-red": setup.panel[0] = Int(value)
            case "panel-green": setup.panel[1] = Int(value)
            case "panel-blue": setup.panel[2] = Int(value)
            case "panel-white": setup.panel[3] = Int(value)
            default: Issue.record("line \(given.line): unknown '\(given.key)'")
            }
        }
        return ThorlabsMBXEmulator(setup)
    }

    @Test func emulatorKeepsToTheTranscript() async throws {
        let transcript = try ProtocolPages().transcript("thorlabs-mbx")
        #expect(try await playToEmulator(transcript, make: Self.emulator) == [])
    }

    private static func reads(_ name: String, _ value: ParameterValue) -> SceneAction<ThorlabsMBX> {
        { device in
            let got = try await device.value(of: name)
            #expect(got == value, "\(name)")
        }
    }

    private static func sets(_ name: String, _ value: ParameterValue) -> SceneAction<ThorlabsMBX> {
        { try await $0.set(name, to: value) }
    }

    static let actions: [String: SceneAction<ThorlabsMBX>] = [
        "calibrating": reads("calibrating", .flag(false)),
        "locked": { device in
            let isLocked = try await device.isLocked()
            #expect(isLocked)
        },
        "set mode": sets("mzm-mode", .text("quadrature-positive")),
        "get mode": reads("mzm-mode", .text("hold-quadrature-positive")),
        "set hold ratio": sets("hold-ratio", .number(5.004)),
        "set hold voltage": sets("hold-voltage", .number(5.0004)),
        "get voltage": reads("mzm-voltage", .number(5.42)),
        "get tap power": reads("tap-power", .number(1.23)),
        "enable attenuator": sets("voa-enabled", .flag(true)),
        "get attenuator enabled": reads("voa-enabled", .flag(false)),
        "attenuation not settled": { device in
            let isSettled = try await device.isSettled()
            #expect(!isSettled)
        },
        "set attenuation mode": sets("voa-mode", .text("attenuation")),
        "get attenuation mode": reads("voa-mode", .text("power")),
        "set attenuation": sets("attenuation", .integer(5)),
        "get measured attenuation": reads("measured-attenuation", .number(5)),
        "get attenuation error": reads("attenuation-error", .number(0.1)),
        "set output power": sets("output-power", .number(5)),
        "get attenuator tap power": reads("voa-tap-power", .number(5)),
        "panel light off": sets("panel-light", .text("off")),
        "get panel light": reads("panel-light", .text("white")),
        "set panel red": sets("panel-red", .integer(55)),
        "set panel green": sets("panel-green", .integer(65)),
        "set panel blue": sets("panel-blue", .integer(75)),
        "get panel red": reads("panel-red", .integer(25)),
        "get panel green": reads("panel-green", .integer(35)),
        "get panel blue": reads("panel-blue", .integer(45)),
        "set panel white": sets("panel-white", .integer(50)),
        "get panel white": reads("panel-white", .integer(40)),
        "open": { device in
            let identity = try await device.open()
            #expect(identity.isEmulated && identity.serialNumber == "EMULATED-1")
        },
        "make safe": { try await $0.makeSafe() },
    ]

    @Test func driverKeepsToTheTranscript() async throws {
        let transcript = try ProtocolPages().transcript("thorlabs-mbx")
        // The driver never resets without waiting for the end, polls more often than the lock scene
        // shows, and sends no bad command.
        let findings = await playToDriver(
            transcript, emulatorOnly: ["calibrate", "lock to the minimum", "bad command"], actions: Self.actions,
            make: { ThorlabsMBX(transport: $0, clock: $1) })
        #expect(findings == [])
    }
}
