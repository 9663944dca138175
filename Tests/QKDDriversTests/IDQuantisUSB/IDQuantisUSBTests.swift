import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct IDQuantisUSBTests {
    private static func rig() async -> (IDQuantisUSB, IDQuantisUSBEmulator, USBPort) {
        let clock = ManualClock()
        let emulator = IDQuantisUSBEmulator(.init(seed: 7))
        let port = USBPort(emulator, clock: clock)
        return (IDQuantisUSB(connection: await USBLoopback.open(port, clock: clock), clock: clock), emulator, port)
    }

    @Test func keepsTheRulesOfDrivers() async throws {
        let conformance = try DriverConformance(
            of: IDQuantisUSB.self, states: [.init("has read") { _ = try await $0.randomBytes(100) }]
        ) {
            await DriverRig(usb: IDQuantisUSBEmulator(.init(seed: 1))) {
                IDQuantisUSB(connection: $0, clock: $1)
            } hazard: { _, _ in
                nil
            }
        }
        #expect(await conformance.run() == [])
    }

    @Test(arguments: try ProtocolPages().transcript("idq-quantis-usb").scenes)
    func emulatorIsHeldToTheTranscript(scene: Transcript.Scene) async {
        #expect(await TranscriptRunner.play(scene, of: "quantis", toUSB: IDQuantisUSBEmulator(.init(seed: 1))) == [])
    }

    @Test(arguments: try ProtocolPages().transcript("idq-quantis-usb").scenes)
    func driverIsHeldToTheTranscript(scene: Transcript.Scene) async {
        let findings = await TranscriptRunner.playUSB(scene, of: "quantis") { connection, clock in
            let device = IDQuantisUSB(connection: connection, clock: clock)
            switch scene.name {
            case "open": #expect(try await device.open().firmware == "board 2")
            case "self-test": #expect(try await device.selfTest().passed)
            case "modules off and on":
                try await device.set("enabled", to: .flag(false))
                #expect(try await device.value(of: "working-modules") == .integer(0))
                try await device.set("enabled", to: .flag(true))
                #expect(try await device.value(of: "working-modules") == .integer(1))
            case "forget the failed start-up test":
                try await device.set("reset", to: .text("startup-test"))
                #expect(try await device.value(of: "startup-test-failed") == .integer(0))
            default: Issue.record("nobody plays '\(scene.name)'")
            }
        }
        #expect(findings == [])
    }

    @Test(arguments: [1, 511, 512, 513, 70_000])
    func givesAsManyBytesAsAskedFor(count: Int) async throws {
        let (device, _, _) = await Self.rig()
        _ = try await device.open()
        let bytes = try await device.randomBytes(count)
        #expect(bytes.count == count)
        #expect(try await device.randomBytes(count) != bytes || count == 1)
    }

    @Test func aStuckSourceStopsUntilItIsReset() async throws {
        let (device, emulator, _) = await Self.rig()
        _ = try await device.open()
        #expect(try await device.randomBytes(64).count == 64)
        await emulator.inject(.stuck)
        await expectError(.unhealthy) { _ = try await device.randomBytes(64) }
        await emulator.inject(nil)
        // Good bytes are no excuse.
        await expectError(.unhealthy) { _ = try await device.randomBytes(64) }
        #expect(try await device.health().verdict == .failed)
        try await device.set("reset", to: .text("modules"))
        #expect(try await device.randomBytes(64).count == 64)
        #expect(try await device.health().verdict == .healthy)
    }

    @Test func aBiasedSourceFailsTheProportionTest() async throws {
        let (device, emulator, _) = await Self.rig()
        _ = try await device.open()
        await emulator.inject(.biased)
        do {
            _ = try await device.randomBytes(4096)
            Issue.record("biased bytes were given out")
        } catch let error as QKDError {
            #expect(error.kind == .unhealthy && error.message.contains("adaptive proportion"))
        }
    }

    @Test func failedModulesAndStartUpTestsGiveNothing() async throws {
        let (device, emulator, _) = await Self.rig()
        _ = try await device.open()
        await emulator.setWorkingModules(0)
        await expectError(.unhealthy) { _ = try await device.randomBytes(1) }
        await emulator.setWorkingModules(1, hasFailedStartup: true)
        await expectError(.unhealthy) { _ = try await device.randomBytes(1) }
        #expect(try await device.selfTest().passed == false)
        try await device.set("reset", to: .text("startup-test"))
        #expect(try await device.randomBytes(1).count == 1)
    }

    @Test func unplugShowsInEveryCall() async throws {
        let (device, _, port) = await Self.rig()
        _ = try await device.open()
        await port.unplug()
        await expectError(.disconnected) { _ = try await device.randomBytes(16) }
        await expectError(.disconnected) { _ = try await device.health() }
        await device.close()
    }

    /// Less than a packet is what the maker warns of: the device sends whole ones.
    @Test func askingForLessThanAPacketOverflows() async throws {
        let clock = ManualClock()
        let connection = await USBLoopback.open(
            USBPort(IDQuantisUSBEmulator(.init(seed: 1)), clock: clock), clock: clock)
        await expectError(.protocolViolation) { _ = try await connection.read(100, from: 0x86, timeout: .seconds(1)) }
    }
}

@Suite struct NoiseHealthTests {
    /// SP 800-90B, 4.4.1 and 4.4.2: C = 1 + ceil(30 / 6), and 1 + critbinom(512, 2^-6, 1 - 2^-30).
    @Test func cutoffsAreThoseOfTheFormulas() {
        #expect(NoiseHealth.repetitionCutoff == 6)
        // scipy.stats.binom.isf(2**-30, 512, 2**-6) + 1
        #expect(NoiseHealth.proportionCutoff == 31)
        // The same call for W = 1024, H = 1, α = 2^-20, and for W = 512, H = 1, α = 2^-30, which is 325 in other software.
        #expect(1 + NoiseHealth.criticalCount(1024, probability: 0.5, tail: 0x1p-20) == 589)
        #expect(1 + NoiseHealth.criticalCount(512, probability: 0.5, tail: 0x1p-30) == 325)
    }

    @Test func aRunOfSixFailsAndOneOfFiveDoesNot() throws {
        var tests = NoiseHealth()
        try tests.check([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 1], at: .init("t"))
        #expect(throws: QKDError.self) { try tests.check([1, 1, 1, 1, 1], at: .init("t")) }
        #expect(throws: QKDError.self) { try tests.check([9], at: .init("t")) }
    }

    @Test func aRunAcrossCallsIsSeen() throws {
        var tests = NoiseHealth()
        try tests.check([4, 4, 4], at: .init("t"))
        #expect(throws: QKDError.self) { try tests.check([4, 4, 4], at: .init("t")) }
    }

    @Test func goodBytesPassFourMillionTimes() throws {
        var tests = NoiseHealth()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<64 {
            try tests.check((0..<65_536).map { _ in UInt8.random(in: 0...255, using: &generator) }, at: .init("t"))
        }
        #expect(tests.isStarted)
    }
}
