import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct ThorlabsMBXEmulationTests {
    static func rig(_ setup: ThorlabsMBXEmulator.Setup = .init()) async throws -> (
        ThorlabsMBX, ThorlabsMBXEmulator, ManualClock
    ) {
        let clock = ManualClock()
        let emulator = ThorlabsMBXEmulator(setup)
        let link = await EmulatorLink(emulator, clock: clock)
        return (ThorlabsMBX(transport: link, clock: clock), emulator, clock)
    }

    @Test func keepsTheRulesOfEveryDriver() async throws {
        let conformance = try DriverConformance(
            of: ThorlabsMBX.self,
            states: [
                .init("bright") { device in
                    try await device.set("mzm-mode", to: .text("peak"))
                    try await device.setAttenuation(decibels: 0.5)
                },
                .init("constant power") { device in
                    try await device.set("voa-enabled", to: .flag(true))
                    try await device.set("voa-mode", to: .text("power"))
                    try await device.set("mzm-mode", to: .text("manual"))
                },
                .init("locked") { try await $0.lockToNull() },
            ],
            make: {
                await DriverRig(
                    emulator: ThorlabsMBXEmulator(), driver: { ThorlabsMBX(transport: $0, clock: $1) },
                    hazard: { emulator, clock in
                        await clock.advance(byPS: Picoseconds.perSecond)
                        let state = await emulator.opticalState(nowPS: clock.nowPS)
                        return state.isAtNull && state.attenuationDB >= 19.99 ? nil : "\(state)"
                    })
            })
        #expect(await conformance.run().map(\.description) == [])
    }

    @Test func lockingTakesTheCalibrationAndEndsAtTheMinimum() async throws {
        let (device, emulator, clock) = try await Self.rig()
        try await device.lockToNull()
        let now = await clock.nowPS
        #expect(now >= 2 * Picoseconds.perSecond)
        #expect(now < 3 * Picoseconds.perSecond)
        let state = await emulator.opticalState(nowPS: now)
        #expect(state.isAtNull)
        #expect(abs(state.biasErrorVolts) < 0.02)
        #expect(try await device.isLocked())
        #expect(try await device.health().verdict == .healthy)
        let events = await emulator.takeEvents().map(\.text)
        #expect(events == ["calibration started", "bias mode 2"])
        #expect(await emulator.takeEvents().isEmpty)
    }

    @Test func aCalibrationThatNeverEndsIsGivenUp() async throws {
        var setup = ThorlabsMBXEmulator.Setup()
        setup.calibrationPS = 3600 * Picoseconds.perSecond
        let (device, _, clock) = try await Self.rig(setup)
        await expectError(.timeout) { try await device.lockToNull() }
        #expect(await clock.nowPS == ThorlabsMBX.calibrationLimitPS)
        #expect(try await device.health().findings == ["a bias calibration is running"])
    }

    @Test func aLockThatNeverComesIsUnhealthy() async throws {
        var setup = ThorlabsMBXEmulator.Setup()
        setup.lockWindowVolts = 0
        let (device, _, _) = try await Self.rig(setup)
        await expectError(.unhealthy) { try await device.lockToNull() }
    }

    @Test func modesStandWhereTheySay() async throws {
        let (device, emulator, clock) = try await Self.rig()
        let expected: [(String, Double)] = [
            ("null", 0), ("peak", 5), ("quadrature-positive", 2.5), ("quadrature-negative", -2.5),
            ("hold-quadrature-positive", 2.5), ("power-positive", 1.0241638), ("power-negative", -1.0241638),
        ]
        for (mode, errorVolts) in expected {
            try await device.set("mzm-mode", to: .text(mode))
            await clock.advance(byPS: Picoseconds.perSecond)
            let state = await emulator.opticalState(nowPS: await clock.nowPS)
            #expect(abs(state.biasErrorVolts - errorVolts) < 1e-6, "\(mode): \(state)")
        }
    }

    @Test func theLoopFollowsADriftThatHoldDoesNot() async throws {
        var setup = ThorlabsMBXEmulator.Setup()
        setup.nullDriftVoltsPerHour = 0.36
        let (device, emulator, clock) = try await Self.rig(setup)
        let anHour = 3600 * Picoseconds.perSecond
        try await device.set("mzm-mode", to: .text("null"))
        await clock.advance(byPS: anHour)
        #expect(abs(await emulator.opticalState(nowPS: await clock.nowPS).biasErrorVolts) < 1e-6)
        try await device.set("mzm-mode", to: .text("hold-quadrature-positive"))
        await clock.advance(byPS: anHour)
        #expect(abs(await emulator.opticalState(nowPS: await clock.nowPS).biasErrorVolts - 2.14) < 1e-6)
    }

    @Test func attenuationTakesFiftyMilliseconds() async throws {
        let (device, emulator, clock) = try await Self.rig()
        let dark = await emulator.opticalState(nowPS: 0)
        #expect(dark.attenuationDB == 0.5)
        try await device.setAttenuation(decibels: 10.5)
        #expect(try await !device.isSettled())
        await clock.advance(byPS: 25 * Picoseconds.perMillisecond)
        let half = await emulator.opticalState(nowPS: await clock.nowPS)
        #expect(abs(half.attenuationDB - 5.5) < 1e-9)
        await clock.advance(byPS: 25 * Picoseconds.perMillisecond)
        #expect(try await device.isSettled())
        #expect(try await device.attenuation() == 10.5)
        #expect(try await device.value(of: "measured-attenuation") == .number(10.5))
    }

    @Test func constantPowerAttenuatesWhatIsTooMuch() async throws {
        var setup = ThorlabsMBXEmulator.Setup()
        setup.inputPowerMW = 10
        setup.mode = 1
        let (device, _, clock) = try await Self.rig(setup)
        try await device.set("output-power", to: .number(1))
        try await device.set("voa-mode", to: .text("power"))
        try await device.set("voa-enabled", to: .flag(true))
        await clock.advance(byPS: Picoseconds.perSecond)
        #expect(try await device.value(of: "voa-tap-power") == .number(1))
        #expect(try await device.value(of: "measured-attenuation") == .number(10))
    }

    @Test func aValueThatTheDeviceDoesNotHoldIsRefused() async throws {
        let scene = try Transcript(
            parsing: "scene s\n> VOA:ATTEN: 7\\r\n> VOA:ATTEN?\\r\n< 5\\r", source: "t"
        ).scenes[0]
        let transport = ScriptedTransport(scene, of: "t")
        let device = ThorlabsMBX(transport: transport, clock: ManualClock())
        await expectError(.refused) { try await device.set("attenuation", to: .number(7)) }
        #expect(transport.finish() == [])
    }

    @Test func makeSafeGoesOnAfterAnErrorAndReportsIt() async throws {
        let scene = try Transcript(
            parsing: """
                scene s
                > VOA:ATTEN: 20\\r
                > VOA:ATTEN?\\r
                < frog\\r
                > VOA:MODE: 0\\r
                < 1\\r
                > VOA:MODE?\\r
                < 0\\r
                > VOA:POWER: 1\\r
                > VOA:POWER?\\r
                < 1\\r
                > MZM:MODE: 2\\r
                > MZM:MODE?\\r
                < 2\\r
                """, source: "t"
        ).scenes[0]
        let transport = ScriptedTransport(scene, of: "t")
        let device = ThorlabsMBX(transport: transport, clock: ManualClock())
        await expectError(.protocolViolation) { try await device.makeSafe() }
        #expect(transport.finish() == [])
    }

    @Test func questionsAskedAtTheSameTimeGetTheirOwnAnswers() async throws {
        let (device, _, _) = try await Self.rig()
        try await device.set("hold-voltage", to: .number(3.25))
        try await device.set("hold-ratio", to: .number(7.5))
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let name = index.isMultiple(of: 2) ? "hold-voltage" : "hold-ratio"
                    let value = try? await device.value(of: name)
                    return value == .number(index.isMultiple(of: 2) ? 3.25 : 7.5)
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test func anEmulatorForgetsAnEndlessLine() async {
        let emulator = ThorlabsMBXEmulator()
        let flood = Array(repeating: UInt8(ascii: "A"), count: 100_000)
        #expect(await emulator.receive(flood, nowPS: 0).isEmpty)
        #expect(await emulator.receive(Array("\rMZM:MODE?\r".utf8), nowPS: 0) == Array("0\r".utf8))
    }
}
