import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite("TDC1 transcript")
struct TDC1TranscriptTests {
    private static let transcript = Result { try ProtocolPages().transcript("sfifteen-tdc1") }

    /// The scenes that the emulator can play: those that are not made for the driver alone.
    private static let emulatorScenes: [String] =
        (try? transcript.get().scenes.map(\.name).filter { !$0.hasPrefix("driver") }) ?? []

    /// Fires a scene's given edges as soon as time passes, which is after the host's first words.
    private actor FiringEmulator: StreamEmulator {
        let emulator: SFifteenTDC1Emulator
        var edges: [(timePS: Int64, channel: UInt8)]
        let toPS: Int64

        init(_ emulator: SFifteenTDC1Emulator, edges: [(timePS: Int64, channel: UInt8)], toPS: Int64) {
            self.emulator = emulator
            self.edges = edges
            self.toPS = toPS
        }

        func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
            emulator.assumeIsolated { $0.receive(bytes, nowPS: nowPS) }
        }

        func advance(toPS nowPS: Int64) -> [UInt8] {
            let (times, channels) = (edges.map(\.timePS), edges.map(\.channel))
            edges = []
            let end = toPS
            return emulator.assumeIsolated {
                $0.inject(timesPS: times, channels: channels, upToPS: end)
                return $0.advance(toPS: nowPS)
            }
        }

        nonisolated var unownedExecutor: UnownedSerialExecutor { emulator.unownedExecutor }
    }

    @Test("the emulator says what the scenes say", arguments: emulatorScenes)
    func emulator(name: String) async throws {
        let transcript = try Self.transcript.get()
        let scene = try transcript.scene(name)
        let emulator = SFifteenTDC1Emulator()
        if let from = scene.given("from").flatMap({ Int64($0) }) { await emulator.advanceTagger(toPS: from * 1_000) }
        if scene.given("overflow") != nil { await emulator.inject(.overflow(records: 0)) }
        let edges: [(timePS: Int64, channel: UInt8)] = try (scene.given("edges") ?? "").split(separator: " ").map {
            let parts = $0.split(separator: ":")
            return (try #require(Int64(parts[0])) * 1_000, try #require(UInt8(parts[1])))
        }
        let toPS = scene.given("to").flatMap { Int64($0) }.map { $0 * 1_000 } ?? (edges.last?.timePS ?? 0) + 10_000
        let firing = FiringEmulator(emulator, edges: edges, toPS: toPS)
        #expect(await TranscriptRunner.play(scene, of: transcript.source, to: firing) == [])
    }

    @Test("there are scenes for both sides")
    func scenes() throws {
        let names = try Self.transcript.get().scenes.map(\.name)
        #expect(Self.emulatorScenes.count >= 10)
        #expect(names.filter { $0.hasPrefix("driver") }.count == 3)
    }

    private func driver(_ name: String) async throws -> (SFifteenTDC1, ScriptedTransport) {
        let transcript = try Self.transcript.get()
        let clock = ManualClock()
        let script = ScriptedTransport(try transcript.scene(name), of: transcript.source, clock: clock)
        var options = SFifteenTDC1.Options()
        options.silenceLimit = 2
        return (SFifteenTDC1(transport: script, clock: clock, options: options), script)
    }

    @Test("the driver opens as the scene says")
    func opens() async throws {
        let (device, script) = try await driver("driver opens")
        let identity = try await device.open()
        #expect(
            identity
                == DeviceIdentity(
                    vendor: "S-Fifteen Instruments", model: "TDC1", serialNumber: "EMULATED-1", firmware: "0"))
        #expect(script.finish() == [])
    }

    @Test("the driver counts as the scene says")
    func counts() async throws {
        let (device, script) = try await driver("driver counts")
        #expect(try await device.singles(gateMS: 100) == [12, 0, 7, 1])
        #expect(try await device.pairs(gateMS: 50) == [5, 4, 3, 2])
        #expect(script.finish() == [])
    }

    @Test("the driver tags as the scene says, over a dummy and a wrap, until the silence is too long")
    func tags() async throws {
        let (device, script) = try await driver("driver tags")
        let stream = try await device.startTagging()
        var whole = TagBatch()
        let error = await #expect(throws: QKDError.self) {
            for try await batch in stream { whole.append(batch) }
        }
        #expect(error?.kind == .timeout)
        let wrapPS: Int64 = (1 << 27) * 2_000
        #expect(whole == TagBatch(times: [1_000_000, wrapPS - 2_000, wrapPS + 6_000], channels: [1, 3, 4]))
        #expect(await device.taggerStatistics().fillers == 1)
        #expect(script.finish() == [])
    }

    @Test("public scenes' answers are read by the driver's own parsers")
    func answers() throws {
        #expect(TDC1Text.status(Array("0000 \r\n".utf8)) == 0)
        let status = try Self.transcript.get().scene("status after an overflow")
        guard case .device(let bytes)? = status.items.last?.event else {
            Issue.record("the scene does not end with the device's word")
            return
        }
        #expect(TDC1Text.status(bytes) == TDC1Text.overflowBit)
    }
}
