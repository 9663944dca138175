import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@Suite struct DriverConformanceTests {
    private func conformance(_ flaw: ToyFlaw?) throws -> DriverConformance<ToyDriver> {
        try DriverConformance(
            states: [.init("up") { try await $0.set("push", to: .flag(true)) }],
            callLimit: flaw == .hangs ? .milliseconds(200) : .seconds(20),
            make: {
                let name = flaw == .hidesThatItIsEmulated ? "TOY" : "TOY EMULATED"
                return await DriverRig(
                    emulator: ToyEmulator(name: name), driver: { link, _ in ToyDriver(link, flaw) },
                    hazard: { emulator, _ in
                        let level = await emulator.level
                        return level == 0 ? nil : "it stands at \(level)"
                    })
            })
    }

    private func findings(_ conformance: DriverConformance<ToyDriver>) async -> [String] {
        var findings = await conformance.talksAndCloses()
        findings += await conformance.makesSafeFromEveryState()
        findings += await conformance.makesSafeAfterCancellation()
        findings += await conformance.parametersAreWellFormed()
        findings += await conformance.parametersRead()
        findings += await conformance.parametersTakeTheirOwnValue()
        findings += await conformance.parametersRefuseBeforeSending()
        for fault in WireFault.allCases { findings += await conformance.reports(fault) }
        return findings.map(\.description)
    }

    @Test func aGoodDriverHasNoFindings() async throws {
        #expect(await findings(try conformance(nil)) == [])
    }

    static let expected: [ToyFlaw: String] = [
        .hidesThatItIsEmulated: "identity: the emulator does not own up",
        .selfTestFails: "self-test: did not pass", .selfTestChangesSetting: "self-test: changed a setting",
        .unhealthy: "health: ", .closeDoesNothing: "close: the device still passes",
        .makeSafeForgets: "makeSafe from 'up': it stands at 9",
        .makeSafeStopsWhenCancelled: "makeSafe in a cancelled task from 'up': threw CancellationError",
        .twinParameter: "parameter 'level': is there twice", .oddName: "parameter 'Height_1': is not lower-case",
        .noSummary: "parameter 'height': has no summary", .emptyRange: "parameter 'ratio': the range is empty",
        .unitOnFlag: "parameter 'push': has a unit", .readsOutOfRange: "read 'level': threw",
        .writeOnlyReads: "read 'push': gave on", .setForgets: "set 'level' to its own value: 0 became 1",
        .sendsWrongValues: "bytes of a wrong value were sent",
        .setsReadOnly: "set 'height' to on: was taken; expected unsupported",
        .unknownReads: "read a parameter that does not exist: was taken",
        .staleValues: "health on a wire that is silent: succeeded",
        .swallowsErrors: "makeSafe from 'up' on a wire that is cut: succeeded",
        .hangs: "on a wire that is silent: was not done after 0.2 seconds",
        .mistakesLossForTimeout: "health on a wire that is cut: threw timeout",
    ]

    @Test(arguments: ToyFlaw.allCases)
    func everyFlawIsFound(flaw: ToyFlaw) async throws {
        let expected = try #require(Self.expected[flaw])
        let found = await findings(try conformance(flaw))
        #expect(found.contains { $0.contains(expected) }, "\(flaw): \(found)")
    }

    @Test func aDescriptorIsHeldToItsPage() throws {
        let found = try conformance(nil).descriptorIsConsistent().map(\.detail)
        for detail in [
            "the id is not lower-case", "vendor or model is empty", "classes: []", "transports: ", "not one line",
            "nothing is said to be unverified", "a USB match of everything", "Firmware-Protocols/Toy.md cannot be read",
            "the transcript: ",
        ] {
            #expect(found.contains { $0.contains(detail) }, "\(detail): \(found)")
        }
    }
}

@Suite struct EmulatorLinkTests {
    @Test func anIdleReadPassesTimeInSmallSteps() async throws {
        let clock = ManualClock(startPS: 999_500_000_000)
        let link = await EmulatorLink(ToyEmulator(), clock: clock)
        #expect(try await link.read(timeout: .milliseconds(10)) == Array("tick\n".utf8))
        #expect(await clock.nowPS == 1_000_500_000_000)
        await expectError(.timeout) { _ = try await link.read(timeout: .milliseconds(10)) }
        #expect(await clock.nowPS == 1_010_500_000_000)
        await expectError(.timeout) { _ = try await link.read(timeout: .zero) }
        #expect(await clock.nowPS == 1_010_500_000_000)
    }

    @Test func aWaitingReadGetsWhatTheClockBrings() async throws {
        let clock = ManualClock()
        let link = await EmulatorLink(ToyEmulator(), clock: clock, idleRead: .waits)
        async let tick = link.read(timeout: .seconds(10))
        await clock.advance(byPS: Picoseconds.perSecond)
        #expect(try await tick == Array("tick\n".utf8))
        await link.close()
        await expectError(.disconnected) { try await link.write([0x0A]) }
    }

    @Test func aCancelledTaskWritesNothing() async {
        let clock = ManualClock()
        let link = await EmulatorLink(ToyEmulator(), clock: clock)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await link.write([0x0A])
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(link.counters.written == 0)
    }

    @Test func theClockMovesOnlyWhenTold() async throws {
        let clock = ManualClock(startPS: 5)
        #expect(await clock.nowPS == 5)
        try await clock.sleep(durationPS: 7)
        await clock.advance(byPS: -3)
        #expect(await clock.nowPS == 12)
        await clock.advance(byPS: .max)
        #expect(await clock.nowPS == .max)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(durationPS: 1)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    private actor ToyServer: HTTPEmulator {
        func respond(to request: HTTPRequestMessage, nowPS: Int64) -> HTTPResponseMessage {
            HTTPResponseMessage(status: 200, body: Array("\(request.path) at \(nowPS)".utf8))
        }
    }

    @Test func anHTTPEmulatorAnswersOnTheClock() async throws {
        let clock = ManualClock(startPS: 3)
        let link = HTTPEmulatorLink(ToyServer(), clock: clock)
        let request = HTTPRequestMessage(method: "GET", path: "/x")
        #expect(try await link.send(request, timeout: .seconds(1)).body == Array("/x at 3".utf8))
        link.inject(.silent)
        await expectError(.timeout) { _ = try await link.send(request, timeout: .seconds(1)) }
        #expect(await clock.nowPS == Picoseconds.perSecond + 3)
        link.inject(.garbage)
        #expect(try await link.send(request, timeout: .seconds(1)).body.count == 26)
        link.inject(.cut)
        await expectError(.disconnected) { _ = try await link.send(request, timeout: .seconds(1)) }
        link.inject(nil)
        await expectError(.disconnected) { _ = try await link.send(request, timeout: .seconds(1)) }
        #expect(link.requestCount == 5)
    }
}
