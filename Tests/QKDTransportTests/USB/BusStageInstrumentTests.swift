import QKDCore
import QKDTestKit
import QKDTransport
import Testing

/// Instruments behind the classes that USB has for them, on each bus.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct BusStageInstrumentTests {
    /// Long: a guest without a processor of its own may be slow, and what comes is not waited for in full.
    private static let soon = Duration.seconds(20)

    private static func tmc(_ serial: String, _ instrument: PlainInstrument, status: Bool = true) -> USBTMCEmulator {
        USBTMCEmulator(
            instrument, manufacturer: "qkdctl", product: "Plain instrument", serialNumber: "STAGE-TMC-" + serial,
            hasStatusEndpoint: status)
    }

    private func withInstrument(
        _ emulator: USBTMCEmulator, _ body: (USBTMCInstrument, TestPlug) async throws -> Void
    ) async throws {
        let plug = try await TestBus.current.plug(emulator)
        let instrument = try await USBTMCInstrument.open(try await plug.open())
        do {
            try await body(instrument, plug)
        } catch {
            await instrument.close()
            try await plug.unplug()
            throw error
        }
        await instrument.close()
        try await plug.unplug()
    }

    private func ask(_ instrument: USBTMCInstrument, _ question: String) async throws -> [UInt8] {
        try await instrument.write(Array(question.utf8))
        return try await instrument.message(timeout: .seconds(60))
    }

    @Test(arguments: [true, false]) func aMeasuringInstrumentAnswers(hasStatusEndpoint: Bool) async throws {
        let plain = PlainInstrument()
        try await withInstrument(Self.tmc("answers-\(hasStatusEndpoint)", plain, status: hasStatusEndpoint)) {
            instrument, _ in
            #expect(instrument.capabilities.speaksSCPI && instrument.capabilities.takesTrigger)
            #expect(try await ask(instrument, "*IDN?") == Array("A,B,C,D\n".utf8))
            // 499 and the line feed fill a packet with the header; the last takes several requests.
            for count in [0, 1, 2, 3, 498, 499, 500, 1011, 65_535, 65_536, 200_000] {
                let answer = try await ask(instrument, "DATA? \(count)\n")
                #expect(answer == PlainInstrument.data(count) + [10], "\(count)")
            }
            #expect(try await instrument.statusByte() == 0)
            try await instrument.write(Array("*IDN?\n".utf8))
            #expect(try await instrument.statusByte() == 0x10, "an answer waits")
            #expect(try await instrument.message(timeout: Self.soon).count == 8)
            try await instrument.setRemote(true)
            try await instrument.trigger()
            #expect(try await ask(instrument, "ECHO yes") == Array("yes\n".utf8))
            #expect(await plain.triggers == 1)
        }
    }

    @Test func tagsGoRound() async throws {
        try await withInstrument(Self.tmc("tags", PlainInstrument())) { instrument, _ in
            // Two messages each: beyond 255 they begin at 1 again.
            for round in 0..<150 {
                let answer = try await ask(instrument, "ECHO \(round)")
                #expect(answer == Array("\(round)\n".utf8))
            }
        }
    }

    @Test func anAnswerThatDoesNotComeIsTakenBack() async throws {
        try await withInstrument(Self.tmc("silent", PlainInstrument())) { instrument, _ in
            for round in 0..<3 {
                #expect(await failureKind { _ = try await instrument.read(timeout: .milliseconds(100)) } == .timeout)
                let answer = try await ask(instrument, "ECHO \(round)")
                #expect(answer == Array("\(round)\n".utf8))
            }
        }
    }

    @Test func clearingEmptiesTheInstrument() async throws {
        try await withInstrument(Self.tmc("clear", PlainInstrument())) { instrument, _ in
            try await instrument.write(Array("ECHO stale".utf8))
            try await instrument.clear()
            #expect(try await ask(instrument, "ECHO fresh") == Array("fresh\n".utf8))
        }
    }

    @Test func aMeasuringInstrumentThatIsPulledIsDisconnected() async throws {
        let emulator = Self.tmc("pulled", PlainInstrument())
        let plug = try await TestBus.current.plug(emulator)
        let instrument = try await USBTMCInstrument.open(try await plug.open())
        let reading = Task { try await instrument.read(timeout: .seconds(120)) }
        try await Task.sleep(for: .milliseconds(100))
        try await plug.unplug()
        #expect(await failureKind { _ = try await reading.value } == .disconnected)
        #expect(await failureKind { try await instrument.write([1]) } == .disconnected)
        await instrument.close()
    }

    @Test func anotherDeviceIsNoInstrument() async throws {
        let plug = try await TestBus.current.plug(PatternDevice(serialNumber: "STAGE-none"))
        let connection = try await plug.open()
        #expect(await failureKind { _ = try await USBTMCInstrument.open(connection) } == .unsupported)
        for kind in [SerialBridge.Kind.cdcACM, .ftdi] {
            #expect(
                await failureKind { _ = try await USBSerialTransport.open(connection, kind, baud: 8) } != nil, "\(kind)"
            )
        }
        await connection.close()
        try await plug.unplug()
    }

    // MARK: Serial converters without a tty

    private func talkThrough(
        _ emulator: any USBEmulator, _ kind: SerialBridge.Kind, baud: Int,
        _ whileOpen: () async throws -> Void
    ) async throws {
        let plug = try await TestBus.current.plug(emulator)
        let transport = try await USBSerialTransport.open(try await plug.open(), kind, baud: baud)
        var reader = ByteReader(transport)
        try await whileOpen()
        try await transport.write(Array("*IDN?\n".utf8))
        let name = try await reader.line(endingWith: [10], timeout: .seconds(60))
        #expect(name == Array("A,B,C,D".utf8))
        #expect(await failureKind { _ = try await transport.read(timeout: .milliseconds(50)) } == .timeout)
        for count in [1, 61, 62, 63, 511, 512, 20_000] {
            try await transport.write(Array("DATA? \(count)\n".utf8))
            let answer = try await reader.bytes(count + 1, timeout: .seconds(60))
            #expect(answer == PlainInstrument.data(count) + [10], "\(count)")
        }
        #expect(transport.counters.received == 8 + [1, 61, 62, 63, 511, 512, 20_000].reduce(0) { $0 + $1 + 1 })
        let reading = Task { try await transport.read(timeout: .seconds(120)) }
        try await Task.sleep(for: .milliseconds(100))
        try await plug.unplug()
        #expect(await failureKind { _ = try await reading.value } == .disconnected)
        #expect(await failureKind { try await transport.write([1]) } == .disconnected)
        await transport.close()
    }

    @Test func aCDCACMInstrumentTalksWithoutATTY() async throws {
        let bridge = SerialBridge(.cdcACM, manufacturer: "qkdctl", product: "Plain instrument")
        let emulator = CDCACMEmulator(PlainInstrument(), bridge: bridge, serialNumber: "STAGE-ACM")
        try await talkThrough(emulator, .cdcACM, baud: 57_600) {
            #expect(await emulator.baud == 57_600)
            #expect(await emulator.controlLines == 3)
        }
    }

    @Test func anFTDIInstrumentTalksWithoutATTY() async throws {
        let bridge = SerialBridge(.ftdi, manufacturer: "qkdctl", product: "Plain instrument")
        let emulator = FTDIEmulator(PlainInstrument(), bridge: bridge, serialNumber: "STAGE-FTDI")
        try await talkThrough(emulator, .ftdi, baud: 921_600) {
            let baud = await emulator.baud
            #expect(abs(Double(baud) / 921_600 - 1) < 0.01, "\(baud)")
        }
    }
}
