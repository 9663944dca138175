import Foundation
import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite("Pulse Streamer transcript")
struct PulseStreamerTranscriptTests {
    private static let transcript = Result { try ProtocolPages().transcript("swabian-pulsestreamer-8-2") }

    private static func names(_ prefix: String) -> [String] {
        ((try? transcript.get().scenes.map(\.name)) ?? []).filter { $0.hasPrefix(prefix) }
    }

    private static let httpScenes = names("http").filter { !$0.contains("driver") }

    private func json(_ bytes: [UInt8]) throws -> RPCValue {
        try JSONDecoder().decode(RPCValue.self, from: Data(bytes))
    }

    @Test("the emulator answers requests as the scenes say", arguments: httpScenes)
    func http(name: String) async throws {
        let emulator = SwabianPulseStreamerEmulator()
        var answer: [UInt8] = []
        for item in try Self.transcript.get().scene(name).items {
            switch item.event {
            case .host(let body):
                let request = HTTPRequestMessage(method: "POST", path: "/json-rpc", body: body)
                answer = await emulator.respond(to: request, nowPS: 0).body
            case .device(let body):
                #expect(try json(answer) == json(body), "line \(item.line)")
            case .wait: Issue.record("a wait in an HTTP scene, line \(item.line)")
            }
        }
    }

    @Test("the emulator's binary port says what the scenes say", arguments: names("binary"))
    func binary(name: String) async throws {
        let transcript = try Self.transcript.get()
        let emulator = SwabianPulseStreamerEmulator()
        let conversation = await emulator.streamConversation()
        #expect(await TranscriptRunner.play(try transcript.scene(name), of: transcript.source, to: conversation) == [])
    }

    @Test("there are scenes of every kind")
    func scenes() {
        #expect(Self.httpScenes.count >= 5)
        #expect(Self.names("binary").count == 4 && Self.names("http driver").count == 3)
    }

    @Test("one step of the vendor's client is the light that it says")
    func oneStep() async throws {
        let emulator = SwabianPulseStreamerEmulator()
        let conversation = await emulator.streamConversation()
        for item in try Self.transcript.get().scene("binary one step").items {
            if case .host(let bytes) = item.event { _ = await conversation.receive(bytes, nowPS: 0) }
        }
        let outputs = await emulator.takeOutputs(nowPS: 0)
        guard case .play(let waveform, nil, let final, 0)? = outputs.first else {
            Issue.record("expected a play without end, got \(outputs)")
            return
        }
        #expect(waveform.ticks == [1_000] && waveform.lines == [1] && waveform.analog == [32_767])
        #expect(final.lines == 0x82 && abs(final.analogVolts - 0.5) < 1e-4)
    }

    private func device(
        _ scene: String, binary: String? = nil
    ) throws -> (SwabianPulseStreamer, ScriptedHTTP, ScriptedTransport?) {
        let transcript = try Self.transcript.get()
        let http = ScriptedHTTP(try transcript.scene(scene).items)
        let script = try binary.map { ScriptedTransport(try transcript.scene($0), of: transcript.source) }
        let device = SwabianPulseStreamer(
            http: http,
            openStream: {
                guard let script else { throw QKDError(.absent, "no binary port in this scene") }
                return script
            }, clock: ManualClock())
        return (device, http, script)
    }

    @Test("the driver opens new and old firmware as the scenes say")
    func opens() async throws {
        for (scene, firmware) in [
            ("http driver opens", "1.7.2"), ("http driver opens old firmware", "1.0.9 Beta"),
        ] {
            let (device, http, _) = try device(scene)
            let identity = try await device.open()
            #expect(identity.firmware == firmware && identity.serialNumber == "00:26:32:F0:3B:1B")
            #expect(http.left == 0)
        }
    }

    private let oneSymbol = ModulationFrame(
        alphabet: [.init(lines: 1, analogVolts: 1)], slotTicks: 1_500, pulseTicks: 1_000, symbols: [0])

    @Test("the driver sends text to old firmware, as the scene says")
    func oldFirmware() async throws {
        let (device, http, _) = try device("http driver loads on old firmware")
        try await device.load(oneSymbol)
        #expect(http.left == 0)
    }

    @Test("the driver's upload is what the vendor's client sends for the same steps")
    func upload() async throws {
        let transcript = try Self.transcript.get()
        let script = ScriptedTransport(try transcript.scene("binary driver uploads"), of: transcript.source)
        let emulator = SwabianPulseStreamerEmulator()
        let clock = ManualClock()
        let device = SwabianPulseStreamer(
            http: HTTPEmulatorLink(emulator, clock: clock), openStream: { script }, clock: clock)
        try await device.load(oneSymbol)
        #expect(script.finish() == [])
    }
}

/// Answers requests with the device's lines of a scene, and fails on any other request.
private final class ScriptedHTTP: HTTPTransport, @unchecked Sendable {
    let endpoint = "script"
    private let lock = NSLock()
    private var items: ArraySlice<Transcript.Item>

    init(_ items: [Transcript.Item]) { self.items = items[...] }

    /// Lines that were not said.
    var left: Int { lock.withLock { items.count } }

    func send(_ request: HTTPRequestMessage, timeout: Duration) async throws -> HTTPResponseMessage {
        try lock.withLock {
            let said = try JSONDecoder().decode(RPCValue.self, from: Data(request.body))
            guard case .host(let line)? = items.popFirst()?.event, case .device(let answer)? = items.popFirst()?.event,
                try JSONDecoder().decode(RPCValue.self, from: Data(line)) == said
            else {
                throw QKDError(
                    .protocolViolation, "not in the scene: \(String(decoding: request.body, as: UTF8.self))")
            }
            return HTTPResponseMessage(status: 200, body: answer)
        }
    }

    func close() async {}
}
