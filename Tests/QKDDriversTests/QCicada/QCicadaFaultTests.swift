import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct QCicadaFaultTests {
    private func scripted(_ lines: String) throws -> (QCicada, ScriptedTransport) {
        let scene = try Transcript(parsing: "scene s\n" + lines, source: "t").scenes[0]
        let transport = ScriptedTransport(scene, of: "t", clock: ManualClock())
        return (QCicada(transport: transport), transport)
    }

    private static let healthy = "< hex:11 01 00 00 00 00\n"

    @Test(arguments: [(WireFault.silent, QKDError.Kind.timeout), (.garbage, .protocolViolation), (.cut, .disconnected)])
    func everyCallReportsAFault(fault: WireFault, kind: QKDError.Kind) async throws {
        let calls: [(String, @Sendable (QCicada) async throws -> Void)] = [
            ("randomBytes", { _ = try await $0.randomBytes(8) }),
            ("streamedBytes", { _ = try await $0.streamedBytes(8) }),
            ("signedBytes", { _ = try await $0.signedBytes(8) }), ("status", { _ = try await $0.status() }),
            ("info", { _ = try await $0.info() }), ("statistics", { _ = try await $0.statistics() }),
            ("configuration", { _ = try await $0.configuration() }), ("reset", { try await $0.reset() }),
            ("set", { try await $0.set("bit-count-test", to: .flag(true)) }), ("makeSafe", { try await $0.makeSafe() }),
        ]
        for (name, call) in calls {
            let (device, _, link) = await QCicadaEmulationTests.rig()
            _ = try await device.open()
            link.inject(fault)
            await expectError(kind) {
                try await call(device)
                Issue.record("\(name) succeeded")
            }
        }
    }

    @Test func tooFewBytesAreATimeoutAndNothingIsGivenOut() async throws {
        let (device, transport) = try scripted(
            "> hex:07\n< hex:17 00 00 00 00 3F 0F 04 40 C0 01 00 08\n> hex:01\n" + Self.healthy
                + "> hex:04 01 08 00\n" + Self.healthy + "< hex:01 02 03")
        await expectError(.timeout) { _ = try await device.randomBytes(8) }
        #expect(transport.finish() == [])
    }

    @Test func outputThatRepeatsItselfIsNotGivenOut() async throws {
        let (device, _) = try scripted(
            "> hex:07\n< hex:17 00 00 00 00 3F 0F 04 40 C0 01 00 08\n> hex:01\n" + Self.healthy
                + "> hex:04 01 08 00\n" + Self.healthy + "< hex:01 07 07 07 07 07 07 02\n> hex:01\n" + Self.healthy
                + "> hex:07\n< hex:17 00 00 00 00 3F 0F 04 40 C0 01 00 08")
        do {
            _ = try await device.randomBytes(8)
            Issue.record("six equal bytes were given out")
        } catch let error as QKDError {
            #expect(error.kind == .unhealthy && error.message.contains("repetition count"))
        }
    }

    @Test func theSecondReadOfManyMayFail() async throws {
        let (device, emulator, _) = await QCicadaEmulationTests.rig { $0.configuration[5] |= 0x20 }
        let clock = ManualClock()
        let spoiler = Spoiler(emulator)
        let spoiled = QCicada(transport: await EmulatorLink(spoiler, clock: clock))
        #expect(try await device.randomBytes(70_000).count == 70_000)
        await expectError(.unhealthy) { _ = try await spoiled.randomBytes(70_000) }
    }

    /// Passes on to an emulator, and has a test fail once the first long read was given out.
    private actor Spoiler: StreamEmulator {
        let emulator: QCicadaEmulator
        var starts = 0
        init(_ emulator: QCicadaEmulator) { self.emulator = emulator }
        func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
            // The status as it is on the wire, spoilt after the first start.
            if bytes.first == 0x04 { starts += 1 }
            let flags: UInt8 = starts < 2 ? 0x01 : 0x41
            switch bytes.first {
            case 0x01: return [0x11, flags, 0, 0, 0, 0]
            case 0x04:
                return [0x11, flags, 0, 0, 0, 0] + [UInt8](repeating: 0x5A, count: Int(bytes[2]) | Int(bytes[3]) << 8)
            case 0x07: return [0x17, 0, 0, 0, 0, 0x3F, 0x2F, 4, 64, 0xC0, 0x01, 0x00, 0x08]
            default: return [0x12]
            }
        }
        func advance(toPS nowPS: Int64) -> [UInt8] { [] }
    }

    @Test func aNackIsARefusalOfEachCommand() async throws {
        let calls: [(String, @Sendable (QCicada) async throws -> Void)] = [
            ("01", { _ = try await $0.status() }), ("07", { _ = try await $0.configuration() }),
            ("09", { _ = try await $0.statistics() }), ("0A", { try await $0.reset() }),
            ("0B", { _ = try await $0.info() }), ("05", { try await $0.makeSafe() }),
        ]
        for (code, call) in calls {
            let (device, transport) = try scripted("> hex:\(code)\n< hex:12")
            await expectError(.refused) { try await call(device) }
            #expect(transport.finish() == [], "\(code)")
        }
    }

    @Test func aConfigurationThatDidNotTakeIsRefused() async throws {
        let now = "00 00 00 00 3F 0F 04 40 C0 01 00 08"
        let wanted = "01 00 00 00 3F 0F 04 40 C0 01 00 08"
        let (device, transport) = try scripted(
            "> hex:07\n< hex:17 \(now)\n> hex:08 \(wanted)\n" + Self.healthy + "> hex:07\n< hex:17 \(now)")
        await expectError(.refused) { try await device.set("post-processing", to: .text("raw-noise")) }
        #expect(transport.finish() == [])
    }

    @Test func aStreamThatFailsAtItsStartIsStoppedAllTheSame() async throws {
        let (device, transport) = try scripted(
            "> hex:01\n" + Self.healthy + "> hex:04 00 00 00\n< hex:11 41 00 00 00 00 AA BB\n> hex:05\n" + Self.healthy)
        await expectError(.unhealthy) { _ = try await device.streamedBytes(2) }
        #expect(transport.finish() == [])
    }

    @Test func aStreamThatRunsDryIsStoppedAllTheSame() async throws {
        let (device, transport) = try scripted(
            "> hex:01\n" + Self.healthy + "> hex:04 00 00 00\n" + Self.healthy + "< hex:AA\n> hex:05\n" + Self.healthy)
        await expectError(.timeout) { _ = try await device.streamedBytes(2) }
        #expect(transport.finish() == [])
    }

    @Test func aTestThatFailedDuringTheStreamDiscardsIt() async throws {
        let (device, transport) = try scripted(
            "> hex:01\n" + Self.healthy + "> hex:04 00 00 00\n" + Self.healthy
                + "< hex:AA BB\n> hex:05\n< hex:11 81 00 00 00 00")
        await expectError(.unhealthy) { _ = try await device.streamedBytes(2) }
        #expect(transport.finish() == [])
    }

    @Test func aStopWithoutAnAcknowledgementIsAViolation() async throws {
        for answer in ["AA", "AA BB CC DD EE FF", "11 01 00 00 00", "11 01 00 00 00 00 AA"] {
            let (device, _) = try scripted("> hex:05\n< hex:\(answer)")
            await expectError(.protocolViolation) { try await device.makeSafe() }
        }
    }

    @Test func aStreamThatCannotBeStoppedIsGivenUp() async throws {
        let device = QCicada(transport: Torrent())
        await expectError(.protocolViolation) { try await device.makeSafe() }
        await expectError(.protocolViolation) { _ = try await device.open() }
    }

    /// Streams whatever it is told.
    private final class Torrent: ByteTransport {
        let endpoint = "torrent"
        let counters = TransportCounters()
        func write(_ bytes: [UInt8]) async throws {}
        func read(timeout: Duration) async throws -> [UInt8] {
            // Only a read that waits finds something: the wire is empty before each exchange.
            if timeout == .zero { throw QKDError(.timeout, "nothing yet") }
            return Array(repeating: 0x33, count: 65_536)
        }
        func close() async {}
    }

    @Test func everyFlagIsSetByItself() async throws {
        let (device, _, _) = await QCicadaEmulationTests.rig { $0.configuration[5] = 0 }
        let names = [
            "startup-test", "auto-calibration", "repetition-test", "adaptive-proportion-test", "bit-count-test",
            "generate-on-error",
        ]
        for (index, name) in names.enumerated() {
            try await device.set(name, to: .flag(true))
            #expect(try await device.configuration().flags.rawValue == 1 << UInt8(index))
            try await device.set(name, to: .flag(false))
            #expect(try await device.configuration().flags.rawValue == 0)
        }
        // The rest of the settings came through untouched.
        let configuration = try await device.configuration()
        #expect(configuration.blockBytes == 448 && configuration.calibrationTarget == 2048)
    }

    @Test func theEmulatorRefusesToGenerateWhenATestFailed() async throws {
        let emulator = QCicadaEmulator(.init(seed: 1))
        await emulator.setStatusFlags(0x41)
        #expect(await emulator.receive([0x04, 0x01, 0x04, 0x00], nowPS: 0) == [0x12])
        #expect(await emulator.receive([0x04, 0x00, 0x00, 0x00], nowPS: 0) == [0x12])
        await emulator.setStatusFlags(0x01)
        #expect(await emulator.receive([0x04, 0x01, 0x04, 0x00], nowPS: 0).count == 10)
    }

    @Test(
        arguments: [
            [0x7E], [0xFF], [0x51, 1, 0], [0xF8, 0xA1, 0x25], [0xF7], [0xF9], [0x04, 1, 0, 0], [0x04, 2, 1, 0],
            [0x04, 0, 1, 0], [0x08, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func theEmulatorRefusesWhatItDoesNotDo(command: [UInt8]) async {
        let emulator = QCicadaEmulator(.init(seed: 1))
        #expect(await emulator.receive(command, nowPS: 0) == [0x12])
        #expect(await emulator.receive([0x01], nowPS: 0) == [0x11, 0x01, 0x40, 0x34, 0, 0])
    }

    @Test func aStreamFollowsTheClockExactly() async {
        let emulator = QCicadaEmulator(.init(seed: 1))
        #expect(await emulator.receive(QCicadaCodec.continuous, nowPS: 0).count == 6)
        var total = 0
        for tick in 1...100 {
            total += await emulator.advance(toPS: Int64(tick) * 333_333_333).count
        }
        // 100 × 333.333333 µs at 100 000 bytes a second.
        #expect(total == 3333)
        #expect(await emulator.receive([0x05], nowPS: 33_333_333_300).count == 6)
        #expect(await emulator.advance(toPS: Picoseconds.perSecond).isEmpty)
    }

    @Test func twoUnitsTellThemselvesApart() async throws {
        let link = await EmulatorLink(QCicadaEmulator(.init(seed: 1, unit: 12)), clock: ManualClock())
        #expect(try await QCicada(transport: link).open().serialNumber == "EMULATED-12")
    }

    @Test func littleEndianFieldsAreTakenInOrder() throws {
        var fields = try LittleEndianFields([1, 2, 3, 4, 5, 6, 7, 0, 0, 0x80, 0x3F], length: 11, of: "test")
        #expect(fields.uint8() == 1)
        #expect(fields.uint16() == 0x0302)
        #expect(fields.uint32() == 0x0706_0504)
        #expect(fields.float32() == 1)
        #expect(throws: QKDError.self) { _ = try LittleEndianFields([1], length: 2, of: "test") }
    }
}
