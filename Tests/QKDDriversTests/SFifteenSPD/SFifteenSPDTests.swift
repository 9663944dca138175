import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct SFifteenSPDCodecTests {
    typealias Codec = SFifteenSPDCodec

    @Test func commandsAreAsTheSourceWritesThem() {
        #expect(Codec.query(.bias) == Array("hvolt?\r\n".utf8))
        #expect(Codec.set(.bias, 12.5) == Array("hvolt 12.5\r\n".utf8))
        #expect(Codec.set(.target, -20) == Array("settemp -20\r\n".utf8))
        #expect(Codec.set(.loop, 1) == Array("loop 1\r\n".utf8))
    }

    @Test func repliesAreReadOrRefused() throws {
        #expect(try Codec.number(Array("-19.98\r".utf8), of: .temperature, endpoint: "e") == -19.98)
        #expect(try Codec.counts(Array("12345\r".utf8), endpoint: "e") == 12345)
        for text in ["", "frog", "12.5", "-1", "99999999999999999999"] {
            #expect(throws: QKDError.self, "\(text)") { try Codec.counts(Array(text.utf8), endpoint: "e") }
        }
        #expect(throws: QKDError.self) { try Codec.number(Array("inf".utf8), of: .bias, endpoint: "e") }
        #expect(try Codec.identity(Array("S15 SPD v2\r".utf8), endpoint: "e").model == "S15 SPD v2")
        #expect(throws: QKDError.self) { try Codec.identity(Array("Timestamp".utf8), endpoint: "e") }
    }

    @Test func rampsGoInEqualStepsThatAreSmallEnough() throws {
        let limits = SFifteenSPDLimits()
        #expect(try limits.ramp(from: 0, to: 12) == [4, 8, 12])
        #expect(try limits.ramp(from: 7, to: 0) == [3.5, 0])
        #expect(try limits.ramp(from: 3, to: 3) == [3])
        #expect(try limits.ramp(from: 0, to: 5) == [5])
        #expect(try limits.ramp(from: 200.3, to: 0).count == 41)
        #expect(throws: QKDError.self) { try limits.ramp(from: 1e9, to: 0) }
        #expect(throws: QKDError.self) { try limits.ramp(from: -.greatestFiniteMagnitude, to: 0) }
    }
}

@Suite struct SFifteenSPDTranscriptTests {
    static func emulator(_ scene: Transcript.Scene) throws -> SFifteenSPDEmulator {
        var setup = SFifteenSPDEmulator.Setup()
        // The scenes read a bias right after setting it.
        setup.biasTimeConstantPS = 0
        for given in scene.givens {
            switch given.key {
            case "hvolt": setup.biasVolts = try #require(Double(given.value))
            default: Issue.record("line \(given.line): unknown '\(given.key)'")
            }
        }
        return SFifteenSPDEmulator(setup)
    }

    @Test func emulatorKeepsToTheTranscript() async throws {
        let transcript = try ProtocolPages().transcript("sfifteen-spd")
        #expect(try await playToEmulator(transcript, make: Self.emulator) == [])
    }

    static let actions: [String: SceneAction<SFifteenSPD>] = [
        "open": { device in
            let identity = try await device.open()
            #expect(identity.isEmulated)
        },
        "get bias": { device in
            let value = try await device.value(of: "bias-voltage")
            #expect(value == .number(12.5))
        },
        "ramp the bias": { try await $0.setBias(volts: 12) },
        "make safe": { try await $0.makeSafe() },
        "set threshold": { try await $0.set("threshold-voltage", to: .number(0.25)) },
        "get temperature": { device in
            let value = try await device.value(of: "temperature")
            #expect(value == .number(-20))
        },
        "set temperature": { try await $0.setTemperature(celsius: -15) },
        "temperature loop off": { try await $0.set("temperature-loop", to: .flag(false)) },
        "set loop constants": { device in
            try await device.set("loop-proportional", to: .number(0.2))
            try await device.set("loop-integral", to: .number(0.02))
        },
        "set Peltier voltage": { try await $0.set("peltier-voltage", to: .number(1.5)) },
        "count": { device in
            let counts = try await device.counts(gateMS: 200)
            #expect(counts == 0)
        },
        "set delay": { try await $0.set("delay", to: .integer(3)) },
        "save": { try await $0.saveSettings() },
    ]

    @Test func driverKeepsToTheTranscript() async throws {
        let transcript = try ProtocolPages().transcript("sfifteen-spd")
        let findings = await playToDriver(
            transcript,
            emulatorOnly: ["refused bias", "either ending", "upper case", "busy while counting"],
            actions: Self.actions, make: { SFifteenSPD(transport: $0, clock: $1) })
        #expect(findings == [])
    }

    @Test func anErrorLineIsARefusal() async throws {
        let transcript = try ProtocolPages().transcript("sfifteen-spd")
        let clock = ManualClock()
        // With steps this long the scene's one step is the whole ramp.
        var limits = SFifteenSPDLimits()
        limits.stepVolts = 1000
        let transport = ScriptedTransport(try transcript.scene("refused bias"), of: transcript.source, clock: clock)
        let device = SFifteenSPD(transport: transport, clock: clock, limits: limits)
        await expectError(.refused) { try await device.setBias(volts: 301) }
        #expect(transport.finish() == [])
    }
}
