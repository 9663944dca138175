import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct ThorlabsMBXFaultTests {
    private func linked() async -> (ThorlabsMBX, EmulatorLink, ManualClock) {
        let clock = ManualClock()
        let link = await EmulatorLink(ThorlabsMBXEmulator(), clock: clock)
        return (ThorlabsMBX(transport: link, clock: clock), link, clock)
    }

    @Test(arguments: [(WireFault.silent, QKDError.Kind.timeout), (.garbage, .protocolViolation), (.cut, .disconnected)])
    func everyCallReportsAFault(fault: WireFault, kind: QKDError.Kind) async throws {
        let calls: [(String, @Sendable (ThorlabsMBX) async throws -> Void)] = [
            ("lockToNull", { try await $0.lockToNull() }), ("isLocked", { _ = try await $0.isLocked() }),
            ("setAttenuation", { try await $0.setAttenuation(decibels: 3) }),
            ("attenuation", { _ = try await $0.attenuation() }), ("isSettled", { _ = try await $0.isSettled() }),
            ("set", { try await $0.set("hold-voltage", to: .number(1)) }),
            ("set mode", { try await $0.set("voa-mode", to: .text("power")) }),
            ("makeSafe", { try await $0.makeSafe() }),
        ]
        for (name, call) in calls {
            let (device, link, _) = await linked()
            _ = try await device.open()
            link.inject(fault)
            await expectError(kind) {
                try await call(device)
                Issue.record("\(name) succeeded")
            }
        }
    }

    @Test func aWireThatBreaksDuringTheCalibrationEndsIt() async throws {
        let (device, link, clock) = await linked()
        await clock.follow { nowPS in if nowPS > Picoseconds.perSecond { link.inject(.cut) } }
        await expectError(.disconnected) { try await device.lockToNull() }
        #expect(await clock.nowPS < 2 * Picoseconds.perSecond)
    }

    @Test func aCancelledLockStopsAsking() async throws {
        let (device, link, clock) = await linked()
        let task = Task { try await device.lockToNull() }
        await clock.follow { nowPS in if nowPS > Picoseconds.perSecond { task.cancel() } }
        await #expect(throws: CancellationError.self) { try await task.value }
        let sent = link.counters.written
        #expect(await clock.nowPS < 2 * Picoseconds.perSecond)
        #expect(link.counters.written == sent)
        try await device.makeSafe()
    }

    @Test func aCalibrationThatIsRefusedIsNotWaitedFor() async throws {
        for (answer, kind) in [("0", QKDError.Kind.refused), ("7", .protocolViolation), ("yes", .protocolViolation)] {
            let script = "scene s\n> MZM:RESET\\r\n< \(answer)\\r"
            let transport = ScriptedTransport(try Transcript(parsing: script, source: "t").scenes[0], of: "t")
            let device = ThorlabsMBX(transport: transport, clock: ManualClock())
            await expectError(kind) { try await device.lockToNull() }
            #expect(transport.finish() == [])
        }
    }

    @Test func aForeignDeviceIsNotOpened() async throws {
        let script = "scene s\n> *IDN?\\r\n< ACME,LASER,1,2\\r\n> MZM:MODE?\\r\n< ERR\\r"
        let transport = ScriptedTransport(try Transcript(parsing: script, source: "t").scenes[0], of: "t")
        let device = ThorlabsMBX(transport: transport, clock: ManualClock())
        await expectError(.protocolViolation) { _ = try await device.open() }
        #expect(transport.finish() == [])
    }

    @Test func anEndlessLineIsAViolation() async throws {
        let noise = String(repeating: "9", count: 5000)
        let script = "scene s\n> MZM:VOLTAGE?\\r\n< \(noise)"
        let transport = ScriptedTransport(try Transcript(parsing: script, source: "t").scenes[0], of: "t")
        let device = ThorlabsMBX(transport: transport, clock: ManualClock())
        await expectError(.protocolViolation) { _ = try await device.value(of: "mzm-voltage") }
    }

    @Test func aBadReadingFailsTheSelfTestWithoutEndingIt() async throws {
        var script = "scene s\n"
        for entry in ThorlabsMBXParameters.entries {
            script += "> \(entry.node.rawValue)?\\r\n< \(entry.node == .panelRed ? "101" : "1")\\r\n"
        }
        // 0.01, the hundredth of a ratio of 1, is out of range as well.
        let transport = ScriptedTransport(try Transcript(parsing: script, source: "t").scenes[0], of: "t")
        let report = try await ThorlabsMBX(transport: transport, clock: ManualClock()).selfTest()
        #expect(!report.passed)
        #expect(report.checks.filter { !$0.passed }.map(\.name) == ["hold-ratio", "panel-red"])
        #expect(transport.finish() == [])
    }
}

@Suite struct ThorlabsMBXRangeTests {
    @Test func everySettingTakesBothEndsOfItsRange() async throws {
        let (device, _, _) = try await ThorlabsMBXEmulationTests.rig()
        for parameter in device.parameters where parameter.access == .readWrite {
            let ends: [ParameterValue]
            switch parameter.kind {
            case .number(let range?): ends = [.number(range.lowerBound), .number(range.upperBound)]
            case .integer(let range?): ends = [.integer(range.lowerBound), .integer(range.upperBound)]
            case .flag: ends = [.flag(true), .flag(false)]
            case .choice(let names): ends = names.map { .text($0) }
            default:
                Issue.record("\(parameter.name) has no ends")
                continue
            }
            for value in ends {
                try await device.set(parameter.name, to: value)
                #expect(try await device.value(of: parameter.name) == value, "\(parameter.name)")
            }
        }
    }

    @Test func theNumbersOfTheModesAreTheSource() {
        let numbers: [(String, Double)] = [
            ("off", 0), ("peak", 1), ("null", 2), ("quadrature-positive", 3), ("quadrature-negative", 4),
            ("hold-quadrature-positive", 5), ("hold-quadrature-negative", 6), ("manual", 7), ("power-positive", 8),
            ("power-negative", 9),
        ]
        #expect(ThorlabsMBXParameters.modeNames == numbers.map(\.0))
        #expect(ThorlabsMBXCodec.Mode.allCases.map { Double($0.rawValue) } == numbers.map(\.1))
        #expect(ThorlabsMBXCodec.Mode.null.rawValue == 2)
    }

    @Test(arguments: [
        ("VOA:ATTEN: 0.1", "VOA:ATTEN?", "0.5"), ("VOA:ATTEN: 20.5", "VOA:ATTEN?", "20"),
        ("MZM:HOLD:VOLTAGE: 99999", "MZM:HOLD:VOLTAGE?", "10000"),
        ("MZM:HOLD:VOLTAGE: -99999", "MZM:HOLD:VOLTAGE?", "-10000"),
        ("MZM:HOLD:RATIO: 1", "MZM:HOLD:RATIO?", "250"), ("MZM:MODE: 12", "MZM:MODE?", "9"),
        ("VOA:OUTPUT:MW: 0", "VOA:OUTPUT:MW?", "0.01"), ("RGB:RED: 300", "RGB:RED?", "100"),
        ("RGB:POWER: -1", "RGB:POWER?", "0"), ("VOA:ATTEN: 1e1", "VOA:ATTEN?", "10"),
    ])
    func theEmulatorMovesValuesIntoTheirRange(set: String, query: String, value: String) async {
        let emulator = ThorlabsMBXEmulator()
        #expect(await emulator.receive(Array((set + "\r").utf8), nowPS: 0).isEmpty)
        #expect(await emulator.receive(Array((query + "\r").utf8), nowPS: 0) == Array((value + "\r").utf8))
    }

    @Test(arguments: [
        "", "?", ":", ": ", " : 5", "VOA:ATTEN", "VOA:ATTEN:5", "VOA:ATTEN:", "VOA:ATTEN: ", "VOA:ATTEN: five",
        "VOA:ATTEN: nan", "VOA:ATTEN: inf", "VOA:ATTEN : 5", "voa:atten: 5", "MZM:RESET: 1", "MZM:VOLTAGE: 5", "*IDN",
        "VOA:FROG: 1", "VOA:FROG?", " ", "\u{7F}\u{1}",
    ])
    func theEmulatorIsSilentOnWhatItDoesNotUnderstand(line: String) async {
        let emulator = ThorlabsMBXEmulator()
        #expect(await emulator.receive(Array((line + "\r").utf8), nowPS: 0).isEmpty)
        #expect(await emulator.receive(Array("VOA:ATTEN?\r".utf8), nowPS: 0) == Array("20\r".utf8))
        #expect(await emulator.takeEvents().isEmpty)
    }

    @Test func linesMayComeInAnyPieces() async {
        let emulator = ThorlabsMBXEmulator()
        var said: [UInt8] = []
        for byte in Array("VOA:ATTEN: 7.5\r\nVOA:ATTEN?\r\nMZM:MODE?\r".utf8) {
            said += await emulator.receive([byte], nowPS: 0)
        }
        #expect(said == Array("7.5\r0\r".utf8))
    }

    @Test func twoUnitsTellThemselvesApart() async throws {
        for unit in [1, 2] {
            let link = await EmulatorLink(ThorlabsMBXEmulator(.init(unit: unit)), clock: ManualClock())
            let identity = try await ThorlabsMBX(transport: link, clock: ManualClock()).open()
            #expect(identity.serialNumber == "EMULATED-\(unit)")
        }
    }

    @Test func aSweepGoesAcrossTheMinimum() async {
        let emulator = ThorlabsMBXEmulator()
        _ = await emulator.receive(Array("MZM:RESET\r".utf8), nowPS: 0)
        var errors: [Double] = []
        for step in 0..<20 {
            let nowPS = Int64(step) * 100 * Picoseconds.perMillisecond
            errors.append(await emulator.opticalState(nowPS: nowPS).biasErrorVolts)
        }
        #expect(errors.first == -5)
        #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 < $1 })
        #expect(abs((errors.last ?? 0) - 4.5) < 1e-9)
    }
}
