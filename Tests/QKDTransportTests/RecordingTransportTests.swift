import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct RecordingTransportTests {
    /// A wire whose device has answered, and whose answer has been read, before `write` returns.
    private final class EagerWire: ByteTransport {
        let endpoint = "eager"
        let inbox = ByteInbox(endpoint: "eager")
        let answers = Collected<[UInt8]>()
        var counters: TransportCounters { TransportCounters() }

        func write(_ bytes: [UInt8]) async throws {
            if bytes == [0] { throw QKDError(.disconnected, "gone") }
            inbox.deliver(bytes.map { $0 + 100 })
            _ = try await eventually { !self.answers.values.isEmpty }
        }
        func read(timeout: Duration) async throws -> [UInt8] { try await inbox.take(timeout: timeout) }
        func close() async { inbox.close() }
    }

    private func talk(_ wire: any ByteTransport) async throws -> [[UInt8]] {
        var answers: [[UInt8]] = []
        try await wire.write([])
        for command in ["*IDN?\r\n", "V?\r\n", "\0\u{3}"] {
            try await wire.write(Array(command.utf8))
            answers.append(try await collect(command.utf8.count, from: wire))
            try await wire.write([])
        }
        return answers
    }

    @Test func aRecordedTalkReplays() async throws {
        let (host, device) = LoopbackTransport.pair()
        let emulator = StreamEmulatorHost(EchoEmulator(), on: device, clock: ManualClock())
        let recorder = RecordingTransport(host)
        let answers = try await talk(recorder)
        await emulator.stop()
        #expect(recorder.counters == host.counters && recorder.endpoint == host.endpoint)
        let toDevice = recorder.recording.filter { $0.direction == .toDevice }.flatMap(\.bytes)
        #expect(toDevice == Array("*IDN?\r\nV?\r\n\0\u{3}".utf8))

        let replay = ReplayTransport(recorder.recording, endpoint: "tape")
        #expect(try await talk(replay) == answers)
        #expect(replay.remaining.isEmpty)
        #expect(replay.endpoint == "tape")
        #expect(replay.counters.written == toDevice.count && replay.counters.received == toDevice.count)
        await recorder.close()
        #expect(await failureKind { try await recorder.write([1]) } == .disconnected)
    }

    @Test func aRequestIsRecordedBeforeItsAnswer() async throws {
        let wire = EagerWire()
        let recorder = RecordingTransport(wire)
        async let answer = recorder.read(timeout: .seconds(5))
        let relay = Task { try await recorder.write([1]) }
        wire.answers.add(try await answer)
        try await relay.value
        #expect(recorder.recording == [RecordedChunk(.toDevice, [1]), RecordedChunk(.fromDevice, [101])])
    }

    @Test func aWriteThatFailedIsNotRecorded() async throws {
        let recorder = RecordingTransport(EagerWire())
        #expect(await failureKind { try await recorder.write([0]) } == .disconnected)
        #expect(recorder.recording.isEmpty)
    }

    private static let tape = [
        RecordedChunk(.toDevice, [1, 2]), RecordedChunk(.toDevice, [3]), RecordedChunk(.fromDevice, []),
        RecordedChunk(.fromDevice, [4]), RecordedChunk(.fromDevice, [5]), RecordedChunk(.toDevice, [6]),
    ]

    @Test func chunksOfOneDirectionCountAsOne() async throws {
        let replay = ReplayTransport(Self.tape)
        try await replay.write([1])
        try await replay.write([2, 3])
        #expect(try await replay.read(timeout: .seconds(1)) == [4, 5])
        #expect(replay.remaining == [RecordedChunk(.toDevice, [6])])
        try await replay.write([6])
        #expect(replay.remaining.isEmpty)
    }

    @Test(arguments: [[9], [1, 9], [1, 2, 3, 4], [2]] as [[UInt8]])
    func aDeviationIsAViolation(bytes: [UInt8]) async {
        let replay = ReplayTransport(Self.tape)
        #expect(await failureKind { try await replay.write(bytes) } == .protocolViolation)
        #expect(replay.counters.written == 0)
    }

    @Test func aDeviationNamesItsPlace() async throws {
        let replay = ReplayTransport(Self.tape, endpoint: "tape")
        try await replay.write([1, 2])
        let error = await #expect(throws: QKDError.self) { try await replay.write([7]) }
        #expect(error?.place == QKDError.Place("tape", byteOffset: 2))
    }

    @Test func askingOutOfTurnFails() async throws {
        let replay = ReplayTransport(Self.tape)
        #expect(await failureKind { _ = try await replay.read(timeout: .seconds(1)) } == .timeout)
        try await replay.write([1, 2, 3])
        #expect(await failureKind { try await replay.write([6]) } == .protocolViolation)
        _ = try await replay.read(timeout: .seconds(1))
        try await replay.write([6])
        #expect(await failureKind { try await replay.write([6]) } == .protocolViolation)
        #expect(await failureKind { _ = try await replay.read(timeout: .seconds(1)) } == .timeout)
    }

    @Test func whatIsLeftOverShows() async throws {
        let replay = ReplayTransport(Self.tape)
        try await replay.write([1])
        #expect(
            replay.remaining == [
                RecordedChunk(.toDevice, [2, 3]), RecordedChunk(.fromDevice, [4, 5]), RecordedChunk(.toDevice, [6]),
            ])
        await replay.close()
        await replay.close()
        #expect(await failureKind { try await replay.write([2]) } == .disconnected)
        #expect(await failureKind { _ = try await replay.read(timeout: .seconds(1)) } == .disconnected)
    }
}
