import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@Suite struct TranscriptParserTests {
    @Test func readsEveryKindOfLine() throws {
        let text = """
            # comment
            scene one two
            given level 5 V
            > A\\r\\n
            < \\x41\\\\ b
            wait 100ms

            ~> hex:04 01 ff
            ~< ok\\t
            scene other
            wait 2s
            wait 7us
            """
        let transcript = try Transcript(parsing: text, source: "t")
        #expect(transcript.scenes.map(\.name) == ["one two", "other"])
        let one = try transcript.scene("one two")
        #expect(one.given("level") == "5 V")
        #expect(one.given("none") == nil)
        #expect(
            one.items == [
                .init(.host([0x41, 0x0D, 0x0A]), isSynthetic: false, line: 4),
                .init(.device([0x41, 0x5C, 0x20, 0x62]), isSynthetic: false, line: 5),
                .init(.wait(durationPS: 100_000_000_000), isSynthetic: false, line: 6),
                .init(.host([4, 1, 255]), isSynthetic: true, line: 8),
                .init(.device([0x6F, 0x6B, 0x09]), isSynthetic: true, line: 9),
            ])
        #expect(
            transcript.scenes[1].items.map(\.event) == [
                .wait(durationPS: 2_000_000_000_000), .wait(durationPS: 7_000_000),
            ])
        #expect(!one.isSynthetic)
        #expect(throws: QKDError.self) { try transcript.scene("three") }
    }

    @Test(arguments: [
        ("> A", 1, "before the first scene"), ("given a b\nscene s", 1, "before the first scene"),
        ("scene s\nsay hello", 2, "starts no line"), ("scene s\n> A ", 2, "blanks at the end"),
        ("scene s\n> hex:0", 2, "odd number"), ("scene s\n> hex:0g", 2, "no hex digits"),
        ("scene s\n> \\q", 2, "escape"), ("scene s\n> \\x4", 2, "odd number"), ("scene s\n> é", 2, "not printable"),
        ("scene s\n>", 2, "no bytes"), ("scene s\nwait 5", 2, "no duration"), ("scene s\nwait -5ms", 2, "no duration"),
        ("scene s\nwait 99999999999999s", 2, "no duration"), ("scene s\n> A\nscene s\n> B", 3, "already on line 1"),
        ("scene\n> A", 1, "needs a name"), ("scene s\n> A\ngiven a b", 3, "after the scene's first event"),
        ("scene s\ngiven a\n> A", 2, "KEY VALUE"), ("scene s\n\nscene t\n> A", 1, "says nothing"), ("", 1, "without"),
    ])
    func errorsNameTheLine(text: String, line: Int, message: String) {
        do {
            _ = try Transcript(parsing: text, source: "file")
            Issue.record("taken: \(text)")
        } catch let error as QKDError {
            #expect(error.kind == .invalidInput)
            #expect(error.place == QKDError.Place("file", line: line))
            #expect(error.message.contains(message), "\(error)")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test(
        arguments: [
            [0x41, 0x0D, 0x0A], [0x00, 0xFF], [0x5C, 0x5C], [0x20, 0x41, 0x20], Array("hex:41".utf8), Array(0...255),
        ] as [[UInt8]])
    func bytesGoThereAndBack(bytes: [UInt8]) throws {
        #expect(try TranscriptBytes.decode(TranscriptBytes.encode(bytes)) == bytes)
    }

    @Test func pagesAreFoundFromATest() throws {
        #expect(try ProtocolPages().folder.hasSuffix("/Firmware-Protocols"))
        #expect(throws: QKDError.self) { try ProtocolPages(from: "/no/such/folder/file.swift") }
        #expect(throws: QKDError.self) { try ProtocolPages().transcript("no-such-driver") }
    }
}

@Suite struct ScriptedTransportTests {
    private func script(_ text: String, clock: ManualClock? = nil) throws -> ScriptedTransport {
        ScriptedTransport(try Transcript(parsing: "scene s\n" + text, source: "t").scenes[0], of: "t", clock: clock)
    }

    @Test func playsInOrderWhateverTheChunks() async throws {
        let transport = try script("> AB\n> C\n< d\n< ef\n> G")
        try await transport.write([0x41])
        await expectError(.timeout) { _ = try await transport.read(timeout: .seconds(1)) }
        try await transport.write([0x42, 0x43])
        #expect(try await transport.read(timeout: .zero) == Array("d".utf8))
        #expect(try await transport.read(timeout: .zero) == Array("ef".utf8))
        #expect(transport.finish() == ["t:6: the driver never said 'G'"])
        try await transport.write([0x47])
        #expect(transport.finish() == [])
        #expect(transport.counters.written == 4)
        #expect(transport.counters.received == 3)
    }

    @Test func whatWasNotSaidFails() async throws {
        let transport = try script("> AB\n< c")
        await expectError(.protocolViolation) { try await transport.write(Array("AX".utf8)) }
        let findings = transport.finish()
        #expect(findings.contains("t:2: the driver wrote 'AX', expected 'AB'"))
        #expect(findings.contains("t:3: the driver never read 'c'"))
    }

    @Test func speakingOutOfTurnAndAfterTheEndFails() async throws {
        let early = try script("> A\n< b\n> C")
        try await early.write([0x41])
        await expectError(.protocolViolation) { try await early.write([0x43]) }
        #expect(early.finish().contains { $0.contains("t:3: the driver wrote 'C' where it should listen") })
        let late = try script("> A")
        await expectError(.protocolViolation) { try await late.write(Array("AB".utf8)) }
        #expect(late.finish() == ["t: after the end: the driver wrote 'B' where it should listen"])
    }

    @Test func waitsAreKeptOnAClock() async throws {
        let clock = ManualClock()
        let hasty = try script("> A\nwait 10ms\n> B", clock: clock)
        try await hasty.write([0x41])
        await clock.advance(byPS: 9_999_999_999)
        await expectError(.protocolViolation) { try await hasty.write([0x42]) }
        let patient = try script("> A\nwait 10ms\n> B\nwait 5ms\n< c", clock: clock)
        try await patient.write([0x41])
        await clock.advance(byPS: 10_000_000_000)
        try await patient.write([0x42])
        await expectError(.timeout) { _ = try await patient.read(timeout: .zero) }
        await expectError(.timeout) { _ = try await patient.read(timeout: .milliseconds(4)) }
        let before = await clock.nowPS
        #expect(try await patient.read(timeout: .milliseconds(100)) == [0x63])
        #expect(await clock.nowPS - before <= 5_000_000_000)
        #expect(patient.finish() == [])
    }

    @Test func closedIsDisconnected() async throws {
        let transport = try script("> A")
        await transport.close()
        await transport.close()
        await expectError(.disconnected) { try await transport.write([0x41]) }
        await expectError(.disconnected) { _ = try await transport.read(timeout: .zero) }
    }

    @Test func silenceTakesAllAndSaysNothing() async throws {
        let transport = ScriptedTransport.silent()
        try await transport.write([1, 2, 3])
        await expectError(.timeout) { _ = try await transport.read(timeout: .seconds(1)) }
    }
}

@Suite struct TranscriptRunnerTests {
    private func play(_ text: String) async throws -> [String] {
        let scene = try Transcript(parsing: "scene s\n" + text, source: "t").scenes[0]
        return await TranscriptRunner.play(scene, of: "t", to: ToyEmulator())
    }

    @Test func tellsWhatDiffers() async throws {
        #expect(try await play("> L?\\n\n< 0\\n\n> L 4\\n\n> L?\\n\n< 4\\n") == [])
        #expect(try await play("> L?\\n\n< 1\\n") == ["t:3: expected '1\\n', the emulator said '0\\n'"])
        #expect(try await play("> L?\\n") == ["t:2: the emulator also said '0\\n'"])
        #expect(try await play("> L?\\n\n> L?\\n\n< 0\\n") == ["t:3: the emulator also said '0\\n'"])
        #expect(try await play("wait 1s\n< tick\\n") == [])
        #expect(try await play("wait 999ms\n< tick\\n") == ["t:3: expected 'tick\\n', the emulator said ''"])
    }

    @Test func aDriverThatThrowsIsAFinding() async throws {
        let scene = try Transcript(parsing: "scene s\n> A", source: "t").scenes[0]
        let findings = await TranscriptRunner.play(scene, of: "t") { _, _ in throw QKDError(.io, "broken") }
        #expect(findings == ["t:2: the driver never said 'A'", "t:1: the driver threw: broken"])
    }
}
