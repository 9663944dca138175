import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct QCicadaEmulationTests {
    static func rig(
        seed: UInt64 = 7, _ change: (inout QCicadaEmulator.Setup) -> Void = { _ in }
    ) async -> (QCicada, QCicadaEmulator, EmulatorLink) {
        var setup = QCicadaEmulator.Setup(seed: seed)
        change(&setup)
        let emulator = QCicadaEmulator(setup)
        let link = await EmulatorLink(emulator, clock: ManualClock())
        return (QCicada(transport: link), emulator, link)
    }

    @Test func keepsTheRulesOfEveryDriver() async throws {
        let conformance = try DriverConformance(
            of: QCicada.self,
            states: [
                .init("after a read") { _ = try await $0.randomBytes(1000) },
                .init("left streaming") { device in
                    try await device.queue.run { _, transport in try await transport.write(QCicadaCodec.continuous) }
                },
            ],
            make: {
                await DriverRig(
                    emulator: QCicadaEmulator(.init(seed: 1)), driver: { link, _ in QCicada(transport: link) },
                    hazard: { emulator, clock in
                        await clock.advance(byPS: Picoseconds.perSecond)
                        let said = await emulator.advance(toPS: await clock.nowPS + Picoseconds.perSecond)
                        return said.isEmpty ? nil : "it still streams"
                    })
            })
        #expect(await conformance.run().map(\.description) == [])
    }

    @Test func openingEndsAForeignStream() async throws {
        let (device, emulator, link) = await Self.rig()
        try await link.write(QCicadaCodec.continuous)
        let identity = try await device.open()
        #expect(identity.isEmulated)
        #expect(identity.firmware == "5.12")
        #expect(await emulator.takeEvents().map(\.text) == ["stream started", "stream stopped"])
        #expect(try await device.status().faults.isEmpty)
    }

    @Test func largeRequestsAreSplit() async throws {
        let (device, _, _) = await Self.rig()
        let bytes = try await device.randomBytes(150_000)
        #expect(bytes.count == 150_000)
        #expect(try await device.value(of: "generated-bytes") == .integer(150_000))
        // Three reads: 65535, 65535 and 18930. Every value occurs about 586 times; 6 sigma is 145.
        var histogram = [Int](repeating: 0, count: 256)
        for byte in bytes { histogram[Int(byte)] += 1 }
        #expect(histogram.allSatisfy { abs($0 - 586) < 145 })
        #expect(try await device.randomBytes(0).isEmpty)
        await expectError(.outOfRange) { _ = try await device.randomBytes(-1) }
        await expectError(.outOfRange) { _ = try await device.randomBytes(QCicada.largestRequest + 1) }
    }

    @Test func theSeedDecides() async throws {
        let one = try await Self.rig(seed: 5).0.randomBytes(64)
        let same = try await Self.rig(seed: 5).0.randomBytes(64)
        let other = try await Self.rig(seed: 6).0.randomBytes(64)
        #expect(one == same)
        #expect(one != other)
    }

    @Test(arguments: [UInt8(0x00), 0x03, 0x05, 0x09, 0x11, 0x21, 0x41, 0x81])
    func aFailureBitStopsTheOutput(flags: UInt8) async throws {
        let (device, emulator, link) = await Self.rig { $0.configuration[5] |= 0x20 }
        await emulator.setStatusFlags(flags)
        await expectError(.unhealthy) { _ = try await device.randomBytes(16) }
        await expectError(.unhealthy) { _ = try await device.streamedBytes(16) }
        await expectError(.unhealthy) { _ = try await device.signedBytes(16) }
        #expect(try await device.health().verdict == .failed)
        #expect(try await !device.selfTest().passed)
        await emulator.setStatusFlags(0x01)
        #expect(try await device.randomBytes(16).count == 16)
        #expect(link.counters.written > 0)
    }

    @Test func failedTestsAreCounted() async throws {
        let (device, emulator, _) = await Self.rig()
        await emulator.setStatusFlags(0x41)
        await emulator.setStatusFlags(0xE1)
        #expect(try await device.value(of: "repetition-failures") == .integer(2))
        #expect(try await device.value(of: "adaptive-proportion-failures") == .integer(1))
        #expect(try await device.value(of: "bit-count-failures") == .integer(1))
    }

    @Test func aFailureDuringTheReadDiscardsTheBytes() async throws {
        let script = """
            scene failing
            > hex:07
            < hex:17 00 00 00 00 3F 0F 04 40 C0 01 00 08
            > hex:01
            < hex:11 01 00 00 00 00
            > hex:04 01 04 00
            < hex:11 01 00 00 00 00 DE AD BE EF
            > hex:01
            < hex:11 41 00 00 00 00
            """
        let scene = try Transcript(parsing: script, source: "t").scenes[0]
        let transport = ScriptedTransport(scene, of: "t")
        await expectError(.unhealthy) { _ = try await QCicada(transport: transport).randomBytes(4) }
        #expect(transport.finish() == [])
    }

    @Test func rawOutputIsNoRandomSource() async throws {
        let (device, _, _) = await Self.rig()
        try await device.set("post-processing", to: .text("raw-noise"))
        await expectError(.unhealthy) { _ = try await device.randomBytes(8) }
        #expect(try await device.health().verdict == .degraded)
        #expect(try await device.streamedBytes(8).count == 8)
        try await device.set("post-processing", to: .text("sha256"))
        try await device.set("generate-on-error", to: .flag(true))
        #expect(try await device.health().findings.count == 1)
        #expect(try await device.randomBytes(8).count == 8)
    }

    @Test func aStreamStopsWithItsResidueBehind() async throws {
        // The residue holds what looks like an acknowledgement; only the last six bytes are one.
        let script = """
            scene residue
            > hex:01
            < hex:11 01 00 00 00 00
            > hex:04 00 00 00
            < hex:11 01 00 00 00 00 01 02 03
            > hex:05
            < hex:04 11 01 00 00 00 00 55 66
            < hex:77 11 01 02 00
            < hex:00 00
            """
        let scene = try Transcript(parsing: script, source: "t").scenes[0]
        let transport = ScriptedTransport(scene, of: "t")
        #expect(try await QCicada(transport: transport).streamedBytes(3) == [1, 2, 3])
        #expect(transport.finish() == [])
    }

    @Test func errorsHoldNoBytesOfTheDevice() async throws {
        let script = "scene odd\n> hex:01\n< hex:C7 01 02 03"
        let scene = try Transcript(parsing: script, source: "t").scenes[0]
        do {
            _ = try await QCicada(transport: ScriptedTransport(scene, of: "t")).status()
            Issue.record("C7 is no response to 01")
        } catch let error as QKDError {
            #expect(error.kind == .protocolViolation)
            let text = "\(error)".lowercased()
            #expect(!text.contains("c7") && !text.contains("199"))
        }
    }

    @Test func aRefusalIsARefusal() async throws {
        let (device, _, _) = await Self.rig()
        await expectError(.refused) { _ = try await device.signedBytes(16) }
        await expectError(.outOfRange) { _ = try await device.signedBytes(0) }
        await expectError(.outOfRange) { _ = try await device.streamedBytes(0) }
        // The device is of use afterwards.
        #expect(try await device.randomBytes(5).count == 5)
    }

    @Test func limitedProductionTakesItsTime() async throws {
        let clock = ManualClock()
        var setup = QCicadaEmulator.Setup(seed: 2)
        setup.limitsSingleReads = true
        setup.bytesPerSecond = 10_000
        let device = QCicada(transport: await EmulatorLink(QCicadaEmulator(setup), clock: clock))
        #expect(try await device.randomBytes(500).count == 500)
        let seconds = Picoseconds.seconds(await clock.nowPS)
        #expect(abs(seconds - 0.05) < 0.002)
    }

    @Test func anUnreadStreamLosesWhatTheLineCannotHold() async throws {
        let emulator = QCicadaEmulator(.init(seed: 3))
        _ = await emulator.receive(QCicadaCodec.continuous, nowPS: 0)
        #expect(await emulator.advance(toPS: Picoseconds.perSecond).count == 65536)
        #expect(await emulator.advance(toPS: Picoseconds.perSecond + Picoseconds.perMillisecond).count == 100)
        #expect(await emulator.advance(toPS: 0).isEmpty)
    }

    @Test func resetRepeatsTheStartupTest() async throws {
        let clock = ManualClock()
        let device = QCicada(transport: await EmulatorLink(QCicadaEmulator(.init(seed: 3)), clock: clock))
        _ = try await device.randomBytes(10)
        try await device.reset()
        await expectError(.unhealthy) { _ = try await device.randomBytes(10) }
        await clock.advance(byPS: 100 * Picoseconds.perMillisecond)
        #expect(try await device.randomBytes(10).count == 10)
        #expect(try await device.value(of: "generated-bytes") == .integer(10))
    }

    @Test func commandsMayComeInPieces() async {
        let emulator = QCicadaEmulator(.init(seed: 3))
        #expect(await emulator.receive([0x04, 0x01], nowPS: 0).isEmpty)
        #expect(await emulator.receive([0x03], nowPS: 0).isEmpty)
        #expect(await emulator.receive([0x00, 0x01], nowPS: 0).count == 6 + 3 + 6)
    }
}
