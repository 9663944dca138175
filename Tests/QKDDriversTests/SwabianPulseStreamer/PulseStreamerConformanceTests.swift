import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite("Pulse Streamer conformance")
struct PulseStreamerConformanceTests {
    private func conformance() throws -> DriverConformance<SwabianPulseStreamer> {
        let frame = PulseStreamerBench.frame(slots: 100)
        return try DriverConformance(
            states: [
                .init("a frame loaded") { try await $0.load(frame) },
                .init("a frame playing") { device in
                    try await device.load(frame)
                    try await device.start()
                },
                .init("constant light") { device in
                    _ = try await device.call("constant", .list([.integer(0), .integer(1), .integer(0), .integer(0)]))
                },
                .init("an endless sequence of somebody else's") { device in
                    _ = try await device.call("setTrigger", .integer(0), .integer(0))
                    _ = try await device.call(
                        "stream", .text("6AMAAAH/fwGA"), .integer(-1),
                        .list([.integer(0), .integer(1), .integer(0), .integer(0)]))
                },
                .init("a square wave") { _ = try await $0.call("setSquareWave125MHz", .integer(3)) },
            ],
            make: {
                let bench = await PulseStreamerBench()
                return DriverRig(
                    device: bench.device, clock: bench.clock,
                    sentCount: { bench.http.requestCount + bench.uploads.written },
                    inject: {
                        bench.http.inject($0)
                        bench.uploads.inject($0)
                    },
                    hazard: {
                        await bench.emulator.isLit(nowPS: await bench.clock.nowPS) ? "an output is lit" : nil
                    })
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
        #expect(try await conformance().reports(fault) == [])
    }
}
