import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct QCicadaCodecTests {
    typealias Codec = QCicadaCodec

    @Test func commandsAreTheVectorsOfTheSource() throws {
        #expect(Codec.frame(.status) == [0x01])
        #expect(Codec.frame(.stop) == [0x05])
        #expect(Codec.frame(.info) == [0x0B])
        #expect(try Codec.oneShot(32) == [0x04, 0x01, 0x20, 0x00])
        #expect(try Codec.oneShot(4096) == [0x04, 0x01, 0x00, 0x10])
        #expect(try Codec.oneShot(65535) == [0x04, 0x01, 0xFF, 0xFF])
        #expect(Codec.continuous == [0x04, 0x00, 0x00, 0x00])
        #expect(try Codec.signedRead(4096) == [0x51, 0x00, 0x10])
        #expect(throws: QKDError.self) { try Codec.oneShot(0) }
        #expect(throws: QKDError.self) { try Codec.oneShot(65536) }
        #expect(throws: QKDError.self) { try Codec.signedRead(-1) }
    }

    @Test func statusFlagsHaveTheirNames() throws {
        let healthy = try Codec.status([0x01, 0x40, 0x34, 0, 0])
        #expect(healthy == QCicadaStatus(flags: .initialized, readyBytes: 13376))
        #expect(healthy.faults.isEmpty)
        #expect(try Codec.status([0x01, 0xA0, 0x86, 0x01, 0]).readyBytes == 100_000)
        #expect(try Codec.status([0, 0, 0, 0, 0]).faults == ["it is not initialised"])
        let all = try Codec.status([0xFF, 0, 0, 0, 0])
        #expect(all.faults.count == 7)
        #expect(try Codec.status([0x41, 0, 0, 0, 0]).faults == ["its repetition count test failed"])
        #expect(throws: QKDError.self) { try Codec.status([1, 2, 3, 4]) }
    }

    @Test func textFieldsEndAtZeroOrAtTheirSize() throws {
        let full = Array(repeating: UInt8(ascii: "A"), count: 24) + Array(repeating: UInt8(ascii: "B"), count: 24)
        let info = try Codec.info([1, 0, 0, 0, 2, 0, 0, 0] + full)
        #expect(info.serialNumber == String(repeating: "A", count: 24))
        #expect(info.hardware == String(repeating: "B", count: 24))
        #expect(info.coreVersion == 1)
        #expect(
            QCicadaInfo(coreVersion: 0, firmwareVersion: 0x5000E, serialNumber: "", hardware: "").firmware == "5.14")
        var odd = [UInt8](repeating: 0, count: 56)
        odd[8] = 0x99
        #expect(throws: QKDError.self) { try Codec.info(odd) }
    }

    @Test func configurationGoesThereAndBack() throws {
        let configuration = QCicadaConfiguration(
            postProcessing: .rawSamples, initialLevel: 0.75,
            flags: [.startupTest, .repetitionCount, .adaptiveProportion, .generateOnError], leastSignificantBits: 6,
            hashInputBytes: 128, blockBytes: 512, calibrationTarget: 3000)
        let bytes = Codec.payload(configuration)
        #expect(bytes == [2, 0, 0, 0x40, 0x3F, 0x2D, 6, 0x80, 0, 2, 0xB8, 0x0B])
        #expect(try Codec.configuration(bytes) == configuration)
        #expect(throws: QKDError.self) { try Codec.configuration([99] + bytes.dropFirst()) }
        #expect(throws: QKDError.self) { try Codec.configuration(Array(bytes.dropLast())) }
    }

    @Test func statisticsTakeLargeValues() throws {
        let bytes = [UInt8](repeating: 0xFF, count: 7) + [0x7F] + [0xFF, 0xFF, 0xFF, 0xFF]
        let statistics = try Codec.statistics(bytes + [UInt8](repeating: 0, count: 18))
        #expect(statistics.generatedBytes == UInt64(Int64.max))
        #expect(statistics.repetitionFailures == .max)
        #expect(statistics.ledLevel == 0)
    }
}

@Suite struct QCicadaTranscriptTests {
    static func emulator(_ scene: Transcript.Scene) throws -> QCicadaEmulator {
        var setup = QCicadaEmulator.Setup(seed: 0)
        for given in scene.givens {
            switch given.key {
            case "flags": setup.flags = try #require(UInt8(given.value))
            case "ready": setup.readyBytes = try #require(UInt32(given.value))
            case "configuration": setup.configuration = try TranscriptBytes.decode("hex:" + given.value)
            default: Issue.record("line \(given.line): unknown '\(given.key)'")
            }
        }
        return QCicadaEmulator(setup)
    }

    @Test func emulatorKeepsToTheTranscript() async throws {
        let transcript = try ProtocolPages().transcript("crypta-labs-qcicada")
        // A real device's identity and counts, and a signature that needs a key.
        let findings = try await playToEmulator(
            transcript, driverOnly: ["info", "statistics", "signed read of 32"], make: Self.emulator)
        #expect(findings == [])
    }

    static let actions: [String: SceneAction<QCicada>] = [
        "status": { device in
            let status = try await device.status()
            #expect(status == QCicadaStatus(flags: .initialized, readyBytes: 13376))
        },
        "status with everything set": { device in
            let faults = try await device.status().faults
            #expect(faults.count == 7)
        },
        "status with low voltage": { device in
            let faults = try await device.status().faults
            #expect(faults == ["it is not initialised", "its supply voltage is low"])
        },
        "info": { device in
            let info = try await device.info()
            #expect(info.serialNumber == "QC0000000217" && info.hardware == "CICADA-QRNG-1.1")
            #expect(info.firmware == "5.14" && info.coreVersion == 0x1000C)
        },
        "info of the emulator": { device in
            let info = try await device.info()
            #expect(info.serialNumber == "EMULATED-1")
        },
        "configuration": { device in
            let configuration = try await device.configuration()
            #expect(configuration.postProcessing == .sha256 && configuration.initialLevel == 0.5)
            #expect(configuration.flags.rawValue == 0x0F && configuration.blockBytes == 448)
            #expect(configuration.leastSignificantBits == 4 && configuration.hashInputBytes == 64)
            #expect(configuration.calibrationTarget == 2048)
        },
        "raw noise configuration": { device in
            let value = try await device.value(of: "post-processing")
            #expect(value == .text("raw-noise"))
        },
        "configure": { device in
            try await device.configure(
                QCicadaConfiguration(
                    postProcessing: .sha256, initialLevel: 1, flags: [.startupTest, .autoCalibration],
                    leastSignificantBits: 4, hashInputBytes: 64, blockBytes: 448, calibrationTarget: 2048))
        },
        "statistics": { device in
            let statistics = try await device.statistics()
            #expect(statistics.generatedBytes == 4928 && statistics.speed == 100_696)
            #expect(statistics.adaptiveProportionFailures == 1 && statistics.bitCountFailures == 2)
            #expect(statistics.sensorAverage == 512 && statistics.ledLevel == 45.5)
        },
        "statistics of the emulator": { device in
            let value = try await device.value(of: "generated-bytes")
            #expect(value == .integer(0))
        },
        "one shot of 32": { device in
            let bytes = try await device.randomBytes(32)
            #expect(bytes.count == 32 && bytes.first == 0xAF)
        },
        "stream": { device in
            let bytes = try await device.streamedBytes(100)
            #expect(bytes.count == 100)
        },
        "signed read of 32": { device in
            let (bytes, signature) = try await device.signedBytes(32)
            #expect(bytes == Array(0..<32))
            #expect(signature.count == 64 && signature.first == 0xA0)
        },
        "stop": { try await $0.makeSafe() },
    ]

    @Test func driverKeepsToTheTranscript() async throws {
        let transcript = try ProtocolPages().transcript("crypta-labs-qcicada")
        let findings = await playToDriver(
            transcript,
            emulatorOnly: ["refused configuration", "reset", "unknown command", "length of zero"],
            actions: Self.actions, make: { transport, _ in QCicada(transport: transport) })
        #expect(findings == [])
    }
}
