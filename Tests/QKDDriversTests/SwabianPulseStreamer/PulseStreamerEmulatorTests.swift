import QKDCore
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite("Pulse Streamer emulator")
struct PulseStreamerEmulatorTests {
    private let ns = Picoseconds.perNanosecond

    /// One record of `ticks` on line 0 as base64 text.
    private let lit1000 = "6AMAAAH/fwGA"
    private let zero = "[0,0,0,0]"

    private func post(
        _ body: String, to emulator: SwabianPulseStreamerEmulator, nowPS: Int64 = 0
    ) async -> String {
        let request = HTTPRequestMessage(method: "POST", path: "/json-rpc", body: Array(body.utf8))
        return String(decoding: await emulator.respond(to: request, nowPS: nowPS).body, as: UTF8.self)
    }

    @discardableResult
    private func call(
        _ method: String, _ parameters: String = "[]", _ emulator: SwabianPulseStreamerEmulator, nowPS: Int64 = 0
    ) async -> String {
        await post(
            #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(parameters)}"#, to: emulator, nowPS: nowPS)
    }

    private func result(_ text: String) -> String { #"{"id":1,"jsonrpc":"2.0","result":\#(text)}"# }

    @Test("errors of JSON-RPC and of HTTP")
    func errors() async {
        let emulator = SwabianPulseStreamerEmulator()
        #expect(await call("nothing", emulator).contains("-32601"))
        #expect(await post("{", to: emulator).contains("-32700"))
        #expect(await post("{", to: emulator).contains(#""id":null"#))
        #expect(await post("[]", to: emulator).contains("-32600"))
        #expect(await post(#"{"id":2,"method":"getSerial"}"#, to: emulator).contains("-32600"))
        #expect(
            await post(#"{"jsonrpc":"2.0","id":2,"method":"getClock","params":{}}"#, to: emulator).contains("-32602"))
        for parameters in ["[3]", "[]", #"["x"]"#, "[-1]"] {
            #expect(await call("selectClock", parameters, emulator).contains("-32602"))
        }
        for parameters in ["[[0,256,0,0]]", "[[0,1,0]]", "[[0,1,40000,0]]", "[1]", "[]"] {
            #expect(await call("constant", parameters, emulator).contains("-32602"))
        }
        let get = HTTPRequestMessage(method: "GET", path: "/json-rpc")
        #expect(await emulator.respond(to: get, nowPS: 0).status == 405)
        let elsewhere = HTTPRequestMessage(method: "POST", path: "/")
        #expect(await emulator.respond(to: elsewhere, nowPS: 0).status == 404)
        #expect(await !emulator.isLit(nowPS: 0))
    }

    @Test("what it says of itself")
    func identity() async {
        let emulator = SwabianPulseStreamerEmulator(unit: 31)
        #expect(await call("getSerial", emulator) == result(#""02:00:00:00:00:1F""#))
        #expect(await call("getSerial", "[1]", emulator) == result(#""02:00:00:00:00:1F""#))
        #expect(await call("getSerial", "[0]", emulator) == (await call("getFPGAID", emulator)))
        #expect(await call("getFirmwareVersion", emulator) == result(#""2.1.2 EMULATED""#))
        #expect(await call("getHardwareVersion", emulator).contains("2.0"))
        #expect(await call("setHostname", #"["bob"]"#, emulator) == result("0"))
        #expect(await call("getHostname", emulator) == result(#""bob""#))
        #expect(await call("getNetworkConfiguration", "[false]", emulator).contains("dhcp"))
        #expect(await call("setAnalogCalibration", "[0.1,0,1,1.5]", emulator) == result("0"))
        #expect(await call("getAnalogCalibration", emulator).contains(#""dc_offset_a0":0.1"#))
        #expect(await call("getSupplyState", emulator).contains("Voltage_12"))
    }

    @Test("an immediate trigger plays at once; the end is dated when it came, whoever asks later")
    func immediate() async {
        let emulator = SwabianPulseStreamerEmulator()
        await call("stream", #"["\#(lit1000)",3,\#(zero)]"#, emulator, nowPS: 500)
        #expect(await call("isStreaming", emulator, nowPS: 600) == result("1"))
        #expect(await emulator.isLit(nowPS: 500 + 3_000 * ns - 1))
        #expect(await !emulator.isLit(nowPS: 500 + 3_000 * ns))
        #expect(await call("hasFinished", emulator, nowPS: 9_000 * ns) == result("1"))
        #expect(await call("hasSequence", emulator, nowPS: 9_000 * ns) == result("1"))
        let events = await emulator.takeEvents()
        #expect(events.map(\.atPS) == [500, 500, 500 + 3_000 * ns])
        #expect(events.map(\.text) == ["frame loaded, 1 steps", "frame started, 1 steps, 3 runs", "dark, finished"])
        let outputs = await emulator.takeOutputs(nowPS: 9_000 * ns)
        guard case .play(let waveform, let runs, let final, let atPS)? = outputs.first, outputs.count == 1 else {
            Issue.record("expected one play, got \(outputs)")
            return
        }
        #expect(runs == 3 && final == .zero && atPS == 500)
        #expect(waveform.ticks == [1_000] && waveform.lines == [1] && waveform.analog == [32_767])
        #expect(abs(Double(waveform.analog[0]) * waveform.analogUnitVolts - 1) < 1e-12)
        #expect(await emulator.takeOutputs(nowPS: 9_000 * ns).isEmpty)
    }

    @Test("a software trigger waits for startNow, in the dark; automatic rearming lets it play again")
    func software() async {
        let emulator = SwabianPulseStreamerEmulator()
        await call("setTrigger", "[1,0]", emulator)
        #expect(await call("startNow", emulator).contains("-32000"))
        await call("stream", #"["\#(lit1000)",1,\#(zero)]"#, emulator)
        #expect(await call("isStreaming", emulator, nowPS: 100) == result("0"))
        #expect(await call("hasFinished", emulator, nowPS: 100) == result("0"))
        #expect(await !emulator.isLit(nowPS: 100))
        #expect(await call("startNow", emulator, nowPS: 200) == result("0"))
        #expect(await call("startNow", emulator, nowPS: 300).contains("-32000"))
        #expect(await call("startNow", emulator, nowPS: 5_000 * ns) == result("0"))
        _ = await emulator.isLit(nowPS: 7_000 * ns)
        let dark = await emulator.takeEvents().filter { $0.text.hasPrefix("dark") }.map(\.atPS)
        #expect(dark == [1_000 * ns + 200, 6_000 * ns])
        #expect(await emulator.takeOutputs(nowPS: 7_000 * ns).count == 2)
    }

    @Test("manual rearming: once, and again after rearm")
    func manual() async {
        let emulator = SwabianPulseStreamerEmulator()
        await call("setTrigger", "[1,1]", emulator)
        #expect(await call("rearm", emulator) == result("0"))
        await call("stream", #"["\#(lit1000)",1,\#(zero)]"#, emulator)
        await call("startNow", emulator)
        #expect(await call("startNow", emulator, nowPS: 5_000 * ns).contains("-32000"))
        #expect(await call("rearm", emulator, nowPS: 5_000 * ns) == result("1"))
        #expect(await call("startNow", emulator, nowPS: 5_000 * ns) == result("0"))
        #expect(await call("getStreamingState", emulator, nowPS: 5_000 * ns).contains(#""State":2"#))
        #expect(await call("getStreamingState", emulator, nowPS: 9_000 * ns).contains(#""State":3,"StateCondition":2"#))
    }

    @Test("forceFinal ends a sequence without end, with its final state")
    func forced() async {
        let emulator = SwabianPulseStreamerEmulator()
        await call("stream", #"["\#(lit1000)",-1,[0,0,0,0]]"#, emulator)
        #expect(await emulator.isLit(nowPS: 1_000_000 * ns))
        await call("forceFinal", emulator, nowPS: 2_000_000 * ns)
        #expect(await !emulator.isLit(nowPS: 2_000_000 * ns))
        #expect(await emulator.takeEvents().last == EmulatorEvent(atPS: 2_000_000 * ns, text: "dark, forced"))
        let outputs = await emulator.takeOutputs(nowPS: 3_000_000 * ns)
        guard case .hold(let levels, let atPS)? = outputs.last else {
            Issue.record("expected a hold, got \(outputs)")
            return
        }
        #expect(levels == .zero && atPS == 2_000_000 * ns)
        await call("stream", #"["\#(lit1000)",1,[0,2,0,0]]"#, emulator, nowPS: 3_000_000 * ns)
        #expect(await emulator.isLit(nowPS: 4_000_000 * ns))  // the final state is light
        await call("constant", "[\(zero)]", emulator, nowPS: 5_000_000 * ns)
        #expect(await !emulator.isLit(nowPS: 5_000_000 * ns))
        #expect(await emulator.takeEvents().last?.text == "dark, constant zero")
    }

    @Test("constant levels, the square wave and reset")
    func constants() async {
        let emulator = SwabianPulseStreamerEmulator()
        for (method, parameters) in [
            ("constant", "[[0,1,0,0]]"), ("constant", "[[0,0,5,0]]"), ("constant", "[[0,0,0,-5]]"),
            ("setSquareWave125MHz", "[4]"),
        ] {
            await call(method, parameters, emulator, nowPS: 10)
            #expect(await emulator.isLit(nowPS: 10))
            #expect(await emulator.takeEvents().last?.text.hasPrefix("constant") == true)
            await call(method == "constant" ? "reset" : "setSquareWave125MHz", "[0]", emulator, nowPS: 20)
            #expect(await !emulator.isLit(nowPS: 20))
            #expect(await emulator.takeEvents().last?.text == "dark, constant zero")
        }
        #expect(await call("hasSequence", emulator) == result("0"))
    }

    @Test("sequences as text that cannot be taken")
    func badText() async {
        let emulator = SwabianPulseStreamerEmulator()
        for parameters in [
            #"["\#(lit1000)",0,\#(zero)]"#, #"["\#(lit1000)",-2,\#(zero)]"#, #"["",1,\#(zero)]"#,
        ] {
            #expect(await call("stream", parameters, emulator).contains("-32000"))
        }
        for parameters in [#"["6AMA",1,\#(zero)]"#, #"["?",1,\#(zero)]"#, #"["\#(lit1000)",1]"#] {
            #expect(await call("stream", parameters, emulator).contains("-32602"))
        }
        #expect(await call("hasSequence", emulator) == result("0"))
    }

    @Test("faults: underflow, temperature, refusals")
    func faults() async {
        let emulator = SwabianPulseStreamerEmulator()
        #expect(await call("getUnderflow", emulator) == result("0"))
        await emulator.inject(.underflow)
        await emulator.inject(.temperature(celsius: 80.5))
        await emulator.inject(.refuse(method: "rearm", times: 1))
        #expect(await call("getUnderflow", emulator) == result("1"))
        #expect(await call("getTemperature", emulator) == result("80.5"))
        #expect(await call("rearm", emulator).contains("-32000"))
        #expect(await call("rearm", emulator) == result("0"))
    }
}

extension PulseStreamerEmulatorTests {
    @discardableResult
    private func call(_ method: String, _ emulator: SwabianPulseStreamerEmulator, nowPS: Int64 = 0) async -> String {
        await call(method, "[]", emulator, nowPS: nowPS)
    }
}
