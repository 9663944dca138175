import QKDCore
import QKDTestKit
import Testing

@testable import QKDDrivers

@Suite("TDC1 conformance")
struct TDC1ConformanceTests {
    private func conformance() throws -> DriverConformance<SFifteenTDC1> {
        var options = SFifteenTDC1.Options()
        options.quiet = .milliseconds(1)
        options.silence = .milliseconds(20)
        options.answerTimeout = .milliseconds(10)
        let chosen = options
        return try DriverConformance(
            states: [
                .init("tagging") { _ = try await $0.startTagging() },
                .init("a gate left open") { device in
                    try await device.tell(TDC1Text.line("singles", "time 60000", "counts?"))
                },
            ],
            // The gate of the counts is kept by the driver; the counts take a second of the clock each.
            skippingParameters: ["gate"],
            make: {
                await DriverRig(
                    emulator: SFifteenTDC1Emulator(), idleRead: .waits,
                    driver: { SFifteenTDC1(transport: $0, clock: $1, options: chosen) },
                    hazard: { emulator, _ in await emulator.gate == nil ? nil : "a gate is open" })
            })
    }

    @Test("descriptor") func descriptor() throws { #expect(try conformance().descriptorIsConsistent() == []) }
    @Test("talk") func talk() async throws { #expect(try await conformance().talksAndCloses() == []) }
    @Test("make safe") func safe() async throws {
        #expect(try await conformance().makesSafeFromEveryState() == [])
        #expect(try await conformance().makesSafeAfterCancellation() == [])
    }
    @Test("parameters") func parameters() async throws {
        #expect(try await conformance().parametersAreWellFormed() == [])
        #expect(try await conformance().parametersRead() == [])
        #expect(try await conformance().parametersTakeTheirOwnValue() == [])
        #expect(try await conformance().parametersRefuseBeforeSending() == [])
    }
    @Test("faults", arguments: WireFault.allCases) func faults(fault: WireFault) async throws {
        let findings = try await conformance().reports(fault)
        #expect(findings == [], "\(findings)")
    }
}
