import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite("Pulse Streamer driver on its emulator")
struct SwabianPulseStreamerTests {
    @Test("it opens, and leaves the outputs as they are")
    func open() async throws {
        let bench = await PulseStreamerBench()
        _ = try await bench.call("constant", .list([.integer(0), .integer(1), .integer(0), .integer(0)]))
        let identity = try await bench.device.open()
        #expect(identity.model == "Pulse Streamer 8/2" && identity.isEmulated)
        #expect(identity.serialNumber == "02:00:00:00:00:01")
        #expect(await bench.emulator.isLit(nowPS: 0))
    }

    @Test("a frame waits in the dark, plays once, and is dark again at its end")
    func play() async throws {
        let bench = await PulseStreamerBench()
        _ = try await bench.device.open()
        let frame = PulseStreamerBench.frame(slots: 1_000)
        try await bench.device.load(frame)
        #expect(try await !bench.device.isPlaying())
        #expect(await !bench.emulator.isLit(nowPS: 0))
        await bench.clock.advance(byPS: 5_000)
        try await bench.device.start()
        #expect(try await bench.device.isPlaying())
        await bench.clock.advance(byPS: 1_000 * 100 * 1_000 - 1)
        #expect(try await bench.device.isPlaying())
        await bench.clock.advance(byPS: 1)
        #expect(try await !bench.device.isPlaying())
        let events = await bench.emulator.takeEvents()
        #expect(events.map(\.text) == ["frame loaded, 2000 steps", "frame started, 2000 steps", "dark, finished"])
        #expect(events.map(\.atPS) == [0, 5_000, 100_005_000])
        let outputs = await bench.emulator.takeOutputs(nowPS: 200_000_000)
        guard case .play(let waveform, 1, .zero, 5_000)? = outputs.last else {
            Issue.record("expected one play, got \(outputs.count) outputs")
            return
        }
        #expect(waveform.lines.count == 2_000 && waveform.lines[1] == 0 && waveform.lines.last == 0)
        #expect(waveform.durationPS == 100_000_000)
    }

    @Test("constant light is off before a frame is loaded")
    func darkBeforeLoad() async throws {
        let bench = await PulseStreamerBench()
        _ = try await bench.call("constant", .list([.integer(0), .integer(1), .integer(0), .integer(0)]))
        try await bench.device.load(PulseStreamerBench.frame(slots: 1))
        #expect(await !bench.emulator.isLit(nowPS: 0))
    }

    @Test("load is refused while a frame plays, and start without a frame")
    func refused() async throws {
        let bench = await PulseStreamerBench()
        let early = await #expect(throws: QKDError.self) { try await bench.device.start() }
        #expect(early?.kind == .refused)
        try await bench.device.load(PulseStreamerBench.frame(slots: 10))
        try await bench.device.start()
        let busy = await #expect(throws: QKDError.self) {
            try await bench.device.load(PulseStreamerBench.frame(slots: 10))
        }
        #expect(busy?.kind == .refused)
        await bench.clock.advance(byPS: 10 * 100 * 1_000)
        try await bench.device.load(PulseStreamerBench.frame(slots: 20))
    }

    @Test("a frame beyond the device's limit is refused before anything is sent")
    func tooManySteps() async throws {
        let bench = await PulseStreamerBench()
        var frame = PulseStreamerBench.frame(slots: 1)
        frame.symbols = [UInt8](repeating: 0, count: 1_000_001)
        let error = await #expect(throws: QKDError.self) { try await bench.device.load(frame) }
        #expect(error?.kind == .outOfRange)
        #expect(bench.http.requestCount == 0 && bench.uploads.openedCount == 0)
    }

    @Test("the longest frame of all goes through in pieces")
    func longestFrame() async throws {
        let bench = await PulseStreamerBench()
        var frame = PulseStreamerBench.frame(slots: 1)
        frame.symbols = [UInt8](repeating: 1, count: 1_000_000)
        try await bench.device.load(frame)
        #expect(bench.uploads.written == 64 + 18_000_000 + 32)  // a multiple of 32: a whole 32 of padding
        #expect(await bench.emulator.takeEvents().last?.text == "frame loaded, 2000000 steps")
    }

    @Test("the binary connection is kept, and made anew when the device has hung up")
    func reconnect() async throws {
        let bench = await PulseStreamerBench()
        try await bench.device.load(PulseStreamerBench.frame(slots: 1))
        try await bench.device.load(PulseStreamerBench.frame(slots: 2))
        #expect(bench.uploads.openedCount == 1)
        await bench.uploads.hangUp()
        try await bench.device.load(PulseStreamerBench.frame(slots: 3))
        #expect(bench.uploads.openedCount == 2)
        #expect(await bench.emulator.takeEvents().last?.text == "frame loaded, 6 steps")
    }

    @Test("a binary port that says nothing or nonsense ends the load with an error", arguments: WireFault.allCases)
    func uploadFaults(fault: WireFault) async throws {
        let bench = await PulseStreamerBench()
        bench.uploads.inject(fault)
        let error = await #expect(throws: QKDError.self) {
            try await bench.device.load(PulseStreamerBench.frame(slots: 4))
        }
        let expected: [WireFault: QKDError.Kind] = [
            .silent: .timeout, .garbage: .timeout, .cut: .disconnected,  // 26 bytes of garbage are no whole reply
        ]
        #expect(error?.kind == expected[fault])
        bench.uploads.inject(nil)
        try await bench.device.load(PulseStreamerBench.frame(slots: 4))
    }

    @Test("a refusal carries the device's code and the method")
    func refusal() async throws {
        let bench = await PulseStreamerBench()
        await bench.emulator.inject(.refuse(method: "setTrigger", times: 1))
        let error = await #expect(throws: QKDError.self) {
            try await bench.device.load(PulseStreamerBench.frame(slots: 4))
        }
        #expect(error?.kind == .refused && error?.code == -32_000 && error?.place?.field == "setTrigger")
        let unknown = await #expect(throws: QKDError.self) { try await bench.device.call("noSuchMethod") }
        #expect(unknown?.kind == .refused && unknown?.code == -32_601)
    }

    @Test("make safe goes on when forceFinal is refused, and tries again when constant is")
    func stubbornDevice() async throws {
        let bench = await PulseStreamerBench()
        try await bench.device.load(PulseStreamerBench.frame(slots: 10_000))
        try await bench.device.start()
        await bench.emulator.inject(.refuse(method: "forceFinal", times: 9))
        await bench.emulator.inject(.refuse(method: "constant", times: 2))
        try await bench.device.makeSafe()
        #expect(await !bench.emulator.isLit(nowPS: await bench.clock.nowPS))
    }

    @Test("make safe that does not succeed says so")
    func unsafeDevice() async throws {
        let bench = await PulseStreamerBench()
        await bench.emulator.inject(.refuse(method: "constant", times: 3))
        let error = await #expect(throws: QKDError.self) { try await bench.device.makeSafe() }
        #expect(error?.kind == .refused)
    }

    @Test("health tells of an underflow")
    func health() async throws {
        let bench = await PulseStreamerBench()
        #expect(try await bench.device.health() == DeviceHealth(.healthy))
        await bench.emulator.inject(.underflow)
        let health = try await bench.device.health()
        #expect(health.verdict == .degraded && health.findings.count == 1)
        #expect(try await bench.device.value(of: "underflow") == .flag(true))
    }

    @Test("the trigger's two settings do not disturb each other")
    func trigger() async throws {
        let bench = await PulseStreamerBench()
        try await bench.device.set("trigger-start", to: .text("both"))
        try await bench.device.set("trigger-rearm", to: .text("manual"))
        #expect(try await bench.device.value(of: "trigger-start") == .text("both"))
        try await bench.device.set("trigger-start", to: .text("software"))
        #expect(try await bench.device.value(of: "trigger-rearm") == .text("manual"))
        try await bench.device.set("clock-source", to: .text("external-10MHz"))
        #expect(try await bench.call("getClock") == .integer(2))
    }

    @Test("the self-test names what it asked, and changes nothing")
    func selfTest() async throws {
        let bench = await PulseStreamerBench()
        try await bench.device.load(PulseStreamerBench.frame(slots: 10_000))
        try await bench.device.start()
        let report = try await bench.device.selfTest()
        #expect(report.passed && report.checks.count == 8)
        #expect(report.checks.first { $0.name == "streaming state" }?.detail == "playing")
        #expect(try await bench.device.isPlaying())
        await bench.emulator.inject(.refuse(method: "getTemperature", times: 1))
        #expect(try await !bench.device.selfTest().passed)
    }
}
