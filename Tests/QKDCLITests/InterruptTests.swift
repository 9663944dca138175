import Foundation
import QKDCore
import Testing

@testable import QKDCLI

/// Real signals are sent to the whole tool by Tests/Python/smoke.py: a test process keeps them to itself.
@Suite("Guarded work and logs")
struct InterruptTests {
    @Test("Work that nobody interrupts returns its value, and its errors are its own")
    func undisturbed() async throws {
        #expect(try await Interrupts.guarding { 7 } == 7)
        let error = await #expect(throws: QKDError.self) {
            try await Interrupts.guarding { throw QKDError(.busy, "held") }
        }
        #expect(error?.kind == .busy)
    }

    @Test("A cancelled task inside shows as interrupted")
    func cancelledInside() async {
        let error = await #expect(throws: QKDError.self) {
            try await Interrupts.guarding { throw CancellationError() }
        }
        #expect(error?.kind == .interrupted)
    }

    @Test("A log goes line by line to its file, at its end")
    func logSink() throws {
        let path = NSTemporaryDirectory() + "qkdctl-log-\(UUID().uuidString)"
        defer { unlink(path) }
        for word in ["one", "two"] { try LogSink(path: path).write(word) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\n")
        #expect(throws: QKDError.self) { try LogSink(path: "/no/such/folder/log") }
    }

    @Test("The waiting line may be stopped before it ever showed")
    func waitingLine() {
        for _ in 0..<10 { WaitingLine("reading").stop() }
    }
}
