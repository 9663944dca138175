import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct SFifteenSPDEmulationTests {
    static func rig(
        limits: SFifteenSPDLimits = .init(), _ change: (inout SFifteenSPDEmulator.Setup) -> Void = { _ in }
    ) async -> (SFifteenSPD, SFifteenSPDEmulator, ManualClock) {
        var setup = SFifteenSPDEmulator.Setup()
        change(&setup)
        let emulator = SFifteenSPDEmulator(setup)
        let clock = ManualClock()
        let link = await EmulatorLink(emulator, clock: clock)
        return (SFifteenSPD(transport: link, clock: clock, limits: limits), emulator, clock)
    }

    @Test func keepsTheRulesOfEveryDriver() async throws {
        let conformance = try DriverConformance(
            of: SFifteenSPD.self,
            states: [
                .init("biased") { try await $0.setBias(volts: 42) },
                .init("after counting") { _ = try await $0.counts(gateMS: 5) },
            ],
            make: {
                await DriverRig(
                    emulator: SFifteenSPDEmulator(),
                    driver: { SFifteenSPD(transport: $0, clock: $1, limits: .init(ceilingVolts: 250)) },
                    hazard: { emulator, clock in
                        let volts = await emulator.biasVolts(nowPS: await clock.nowPS)
                        return volts < 0.01 ? nil : "the bias is \(volts) V"
                    })
            })
        #expect(await conformance.run().map(\.description) == [])
    }

    @Test func theBiasNeverJumps() async throws {
        let (device, emulator, clock) = await Self.rig()
        let watch = Watch()
        await clock.follow { nowPS in await watch.note(await emulator.biasVolts(nowPS: nowPS)) }
        try await device.setBias(volts: 103)
        #expect(abs(await emulator.biasVolts(nowPS: await clock.nowPS) - 103) < 0.01)
        #expect(await clock.nowPS >= 21 * 100 * Picoseconds.perMillisecond)
        try await device.makeSafe()
        #expect(await emulator.biasVolts(nowPS: await clock.nowPS) < 0.01)
        #expect(await watch.largestStep <= 5.001)
        #expect(await watch.largestStep > 4)
    }

    private actor Watch {
        var last = 0.0
        var largestStep = 0.0
        func note(_ volts: Double) {
            largestStep = max(largestStep, abs(volts - last))
            last = volts
        }
    }

    @Test func safetyOvertakesARampThatIsUnderWay() async throws {
        let (device, emulator, clock) = await Self.rig()
        let safety = SafetyOnce(device)
        await clock.follow { nowPS in
            if await emulator.biasVolts(nowPS: nowPS) > 50 { await safety.start() }
        }
        await expectError(.interrupted) { try await device.setBias(volts: 200) }
        try await safety.finish()
        #expect(await emulator.biasVolts(nowPS: await clock.nowPS) < 0.01)
    }

    /// Calls `makeSafe` twice at the same time, the first time that it is told to.
    private actor SafetyOnce {
        let device: SFifteenSPD
        var tasks: [Task<Void, any Error>] = []
        init(_ device: SFifteenSPD) { self.device = device }
        func start() async {
            guard tasks.isEmpty else { return }
            let device = device
            tasks = [Task { try await device.makeSafe() }, Task { try await device.makeSafe() }]
            // The clock stands still until the call has been heard.
            while await device.safety == nil { await Task.yield() }
        }
        func finish() async throws {
            #expect(tasks.count == 2)
            for task in tasks { try await task.value }
        }
    }

    @Test func aCancelledRampStopsAndCanBeMadeSafe() async throws {
        let (device, emulator, clock) = await Self.rig()
        let task = Task { try await device.setBias(volts: 200) }
        await clock.follow { nowPS in
            if await emulator.biasVolts(nowPS: nowPS) > 30 { task.cancel() }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        let volts = await emulator.biasVolts(nowPS: await clock.nowPS)
        #expect(volts > 29 && volts < 40)
        try await device.makeSafe()
        #expect(await emulator.biasVolts(nowPS: await clock.nowPS) < 0.01)
    }

    @Test func biasesOutsideAreRefusedBeforeAnythingIsSent() async throws {
        let (device, emulator, _) = await Self.rig(limits: .init(ceilingVolts: 220))
        await expectError(.outOfRange) { try await device.setBias(volts: 221) }
        await expectError(.outOfRange) { try await device.setBias(volts: -1) }
        await expectError(.outOfRange) { try await device.setBias(volts: .nan) }
        #expect(await emulator.takeEvents().isEmpty)
        let (open, _, _) = await Self.rig()
        await expectError(.outOfRange) { try await open.setBias(volts: -1) }
        // Without a ceiling the device itself says no, at its own limit.
        await expectError(.refused) { try await open.setBias(volts: 320) }
        try await open.makeSafe()
    }

    @Test func anUnreadableBiasIsStillSetToZero() async throws {
        let script = "scene s\n> hvolt?\\r\\n\n< frog\\r\\n\n> hvolt 0\\r\\n"
        let transport = ScriptedTransport(try Transcript(parsing: script, source: "t").scenes[0], of: "t")
        let device = SFifteenSPD(transport: transport, clock: ManualClock())
        await expectError(.protocolViolation) { try await device.makeSafe() }
        #expect(transport.finish() == [])
    }

    @Test func countsAreTheClicksInTheGate() async throws {
        let (device, emulator, clock) = await Self.rig()
        await clock.advance(byPS: Picoseconds.perSecond)
        // The gate starts after the settling of `time`: 10 ms later.
        let start = await clock.nowPS + SFifteenSPD.settlePS
        let gatePS = 100 * Picoseconds.perMillisecond
        await emulator.record(clickTimesPS: [start + gatePS, start - 1, start + 5, start, start + gatePS - 1, 3])
        #expect(try await device.counts(gateMS: 100) == 3)
        // The one at the end belongs to the next gate only if that starts there; 10 ms later it is gone.
        #expect(try await device.counts(gateMS: 100) == 0)
        await expectError(.outOfRange) { _ = try await device.counts(gateMS: 0) }
        await expectError(.outOfRange) { _ = try await device.counts(gateMS: SFifteenSPD.longestGateMS + 1) }
    }

    @Test func aQuestionDuringAGateWaitsForItsEnd() async throws {
        let (device, emulator, clock) = await Self.rig()
        await emulator.record(clickTimesPS: [50 * Picoseconds.perMillisecond])
        async let counts = device.counts(gateMS: 500)
        async let temperature = device.value(of: "temperature")
        #expect(try await counts == 1)
        #expect(try await temperature == .number(-20))
        #expect(await clock.nowPS >= 510 * Picoseconds.perMillisecond)
    }

    @Test func aCancelledCountLeavesNoAnswerBehind() async throws {
        let (device, emulator, clock) = await Self.rig()
        await emulator.record(clickTimesPS: [100 * Picoseconds.perMillisecond])
        let task = Task { try await device.counts(gateMS: 400) }
        await clock.follow { nowPS in if nowPS > 300 * Picoseconds.perMillisecond { task.cancel() } }
        _ = try? await task.value
        #expect(try await device.value(of: "bias-voltage") == .number(0))
        #expect(try await device.value(of: "temperature") == .number(-20))
    }

    @Test func theTemperatureFollowsItsAim() async throws {
        let (device, emulator, clock) = await Self.rig { $0.temperatureCelsius = 23 }
        #expect(try await device.health().verdict == .degraded)
        await clock.advance(byPS: 5 * Picoseconds.perSecond)
        let celsius = await emulator.temperatureCelsius(nowPS: await clock.nowPS)
        #expect(abs(celsius - (-20 + 43 * 0.36787944)) < 0.01)
        await clock.advance(byPS: 60 * Picoseconds.perSecond)
        #expect(try await device.health().verdict == .healthy)
        try await device.set("temperature-loop", to: .flag(false))
        #expect(try await device.health().findings == ["the temperature loop is off"])
        try await device.set("peltier-voltage", to: .number(1))
        await clock.advance(byPS: 120 * Picoseconds.perSecond)
        #expect(try await device.value(of: "temperature") == .number(3))
        await expectError(.refused) { try await device.setTemperature(celsius: -60) }
        await expectError(.outOfRange) { try await device.setTemperature(celsius: .infinity) }
    }

    @Test func eventsTellTheBias() async throws {
        let (device, emulator, _) = await Self.rig()
        try await device.setBias(volts: 8)
        try await device.saveSettings()
        let events = await emulator.takeEvents()
        #expect(events.map(\.text) == ["bias set to 4.0 V", "bias set to 8.0 V", "settings saved"])
        #expect(events[1].atPS - events[0].atPS == 100 * Picoseconds.perMillisecond)
        #expect(await emulator.takeEvents().isEmpty)
    }
}
