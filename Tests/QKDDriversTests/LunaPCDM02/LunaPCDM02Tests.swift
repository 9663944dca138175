import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct LunaPCDM02Tests {
    private static func rig() -> (DriverRig<LunaPCDM02>, LunaPCDM02Emulator) {
        let clock = ManualClock()
        let emulator = LunaPCDM02Emulator()
        let lines = GPIOLoopback(emulator, clock: clock, named: "luna-pcd-m02")
        let rig = DriverRig(
            device: LunaPCDM02(lines: lines, clock: clock), clock: clock, sentCount: { lines.changeCount },
            inject: { if $0 == .cut { lines.cut() } },
            hazard: {
                let values = await emulator.values
                return values.allSatisfy { $0 == 0 } ? nil : "channels stand at \(values)"
            })
        return (rig, emulator)
    }

    @Test func keepsTheRulesOfDrivers() async throws {
        let conformance = try DriverConformance(
            of: LunaPCDM02.self, states: [.init("a channel up") { try await $0.set("channel-2", to: .integer(4095)) }]
        ) { Self.rig().0 }
        // Lines that only go out can be lost, but nothing on them can be silent or garbled.
        let findings = await conformance.run(faults: [.cut])
        // What was written last is told without asking.
        #expect(findings.filter { !$0.rule.contains("reading every parameter") } == [])
    }

    @Test func stepsAreThoseOfTheTranscript() async throws {
        let scene = try ProtocolPages().transcript("luna-pcd-m02").scene("channel 3 to 2748")
        let steps = PCDM02Cycle.write(2748, channel: 2).map { levels in
            let word = levels.lines.enumerated().reduce(UInt16(0)) { $0 | ($1.element ? 1 << UInt16($1.offset) : 0) }
            return Transcript.Event.host(word.littleBytes)
        }
        #expect(steps == scene.items.map(\.event))
    }

    @Test func emulatorTakesWhatTheTranscriptWrites() async throws {
        let scene = try ProtocolPages().transcript("luna-pcd-m02").scene("channel 3 to 2748")
        let emulator = LunaPCDM02Emulator()
        for (step, item) in scene.items.enumerated() {
            guard case .host(let bytes) = item.event else { continue }
            let word = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
            await emulator.levels((0..<16).map { word >> $0 & 1 != 0 }, nowPS: Int64(step) * 10_000_000)
        }
        #expect(await emulator.values == [0, 0, 2748, 0])
        #expect(await emulator.violations == [])
    }

    @Test func channelsAreSetAndKeepTheirTimes() async throws {
        let (rig, emulator) = Self.rig()
        _ = try await rig.device.open()
        try await rig.device.set("channel-1", to: .integer(1))
        try await rig.device.set("channel-4", to: .integer(4095))
        try await rig.device.setRetarder(1, degrees: 90)
        #expect(await emulator.values == [1, 512, 0, 4095])
        #expect(await emulator.violations == [])
        await expectError(.outOfRange) { try await rig.device.setRetarder(4, degrees: 0) }
        await expectError(.outOfRange) { try await rig.device.setRetarder(0, degrees: 721) }
        await expectError(.outOfRange) { try await rig.device.setRetarder(0, degrees: .nan) }
    }

    @Test func fallingCSTakesNothing() async {
        let emulator = LunaPCDM02Emulator()
        for (step, levels) in PCDM02Cycle.write(77, channel: 0).prefix(3).enumerated() {
            await emulator.levels(levels.lines, nowPS: Int64(step) * PCDM02Cycle.stepPS)
        }
        #expect(await emulator.values == [0, 0, 0, 0])
    }
}
