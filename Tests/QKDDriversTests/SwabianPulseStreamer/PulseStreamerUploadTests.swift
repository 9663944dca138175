import QKDCore
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite("Pulse Streamer emulator's binary port")
struct PulseStreamerUploadTests {
    private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private func head(id: UInt32, command: UInt32, length: UInt64) -> [UInt8] {
        Array("SIPS".utf8) + bytes(id) + bytes(command) + bytes(UInt32(0)) + bytes(length) + bytes(UInt64(0))
    }

    /// A stream command of records of 1 tick on line 0.
    private func stream(id: UInt32, steps: Int, claimed: Int? = nil, runs: Int64 = 1) -> [UInt8] {
        var records: [UInt8] = []
        for _ in 0..<steps { records += [1, 0, 0, 0, 1, 0, 0, 0, 0] }
        let payload =
            bytes(runs) + bytes(UInt64(claimed ?? steps)) + [UInt8](repeating: 0, count: 16) + records
            + [UInt8](repeating: 0, count: 32 - records.count % 32)
        return head(id: id, command: 0, length: UInt64(payload.count)) + payload
    }

    private func code(_ reply: [UInt8]) -> UInt8? { reply.count >= 32 ? reply[8] : nil }

    @Test("any cut of a message is taken; the reply comes with the last byte", arguments: [1, 7, 31, 32, 33, 500])
    func cuts(chunk: Int) async {
        let emulator = SwabianPulseStreamerEmulator()
        let conversation = await emulator.streamConversation()
        let message = stream(id: 0xA1B2_C3D4, steps: 50)
        for start in stride(from: 0, to: message.count, by: chunk) {
            let end = min(start + chunk, message.count)
            let reply = await conversation.receive(Array(message[start..<end]), nowPS: 0)
            if end < message.count {
                #expect(reply.isEmpty)
            } else {
                #expect(Array(reply[..<12]) == Array("SIPS".utf8) + [0xD4, 0xC3, 0xB2, 0xA1, 0, 0, 0, 0])
                #expect(reply.count == 32)
            }
        }
        #expect(await emulator.isLit(nowPS: 49_999))
        #expect(await !emulator.isLit(nowPS: 50_000))
    }

    @Test("two messages at once are two replies; a truncated header waits")
    func pipelined() async {
        let emulator = SwabianPulseStreamerEmulator()
        let conversation = await emulator.streamConversation()
        let three = stream(id: 1, steps: 3) + stream(id: 2, steps: 4) + stream(id: 3, steps: 5).prefix(20)
        let replies = await conversation.receive(three, nowPS: 0)
        #expect(replies.count == 64 && replies[4] == 1 && replies[36] == 2)
        #expect(await conversation.advance(toPS: 1_000_000).isEmpty)
        let rest = await conversation.receive(Array(stream(id: 3, steps: 5).dropFirst(20)), nowPS: 0)
        #expect(rest.count == 32 && rest[4] == 3)
    }

    @Test("what cannot be played is refused with a code, and the next message is understood")
    func refusals() async {
        let emulator = SwabianPulseStreamerEmulator()
        let conversation = await emulator.streamConversation()
        let cases: [([UInt8], UInt8)] = [
            (stream(id: 1, steps: 2, claimed: 20), 1), (stream(id: 2, steps: 0), 2),
            (stream(id: 3, steps: 2, claimed: 2_000_001), 3), (stream(id: 4, steps: 2, runs: 0), 4),
            (stream(id: 5, steps: 2, runs: -2), 4), (head(id: 6, command: 0, length: 8) + [0, 0, 0, 0, 0, 0, 0, 0], 1),
            (head(id: 7, command: 0x100, length: 0), 16), (head(id: 8, command: 5, length: 3) + [1, 2, 3], 16),
            (head(id: 9, command: 0x101, length: 1) + [0], 18),
        ]
        for (message, expected) in cases {
            #expect(code(await conversation.receive(message, nowPS: 0)) == expected)
        }
        #expect(code(await conversation.receive(stream(id: 10, steps: 2), nowPS: 0)) == 0)
    }

    @Test("a payload that is too long is read past without being kept")
    func tooLong() async {
        let emulator = SwabianPulseStreamerEmulator()
        let conversation = await emulator.streamConversation()
        let length = 32 + 2_000_001 * 9 + 32
        #expect(await conversation.receive(head(id: 1, command: 0, length: UInt64(length)), nowPS: 0).isEmpty)
        let chunk = [UInt8](repeating: 0, count: 1 << 20)
        var sent = 0
        while length - sent > chunk.count {
            #expect(await conversation.receive(chunk, nowPS: 0).isEmpty)
            sent += chunk.count
        }
        let reply = await conversation.receive(Array(chunk[..<(length - sent)]), nowPS: 0)
        #expect(code(reply) == 3)
        #expect(code(await conversation.receive(stream(id: 2, steps: 1), nowPS: 0)) == 0)
    }

    @Test("after a wrong magic number one refusal, then silence")
    func wrongMagic() async {
        let emulator = SwabianPulseStreamerEmulator()
        let conversation = await emulator.streamConversation()
        var message = stream(id: 1, steps: 1)
        message[0] = 0
        #expect(code(await conversation.receive(message, nowPS: 0)) == 17)
        #expect(await conversation.receive(stream(id: 2, steps: 1), nowPS: 0).isEmpty)
        let other = await emulator.streamConversation()
        let endless = head(id: 3, command: 0, length: .max)
        #expect(code(await other.receive(endless, nowPS: 0)) == 17)
        let third = await emulator.streamConversation()
        #expect(code(await third.receive(stream(id: 4, steps: 1), nowPS: 0)) == 0)
    }

    @Test("the calibration that is set can be read")
    func calibration() async {
        let emulator = SwabianPulseStreamerEmulator()
        let conversation = await emulator.streamConversation()
        let values = [0.01, -0.02, 1.03, 0.98].flatMap { bytes($0.bitPattern) }
        #expect(code(await conversation.receive(head(id: 1, command: 0x101, length: 32) + values, nowPS: 0)) == 0)
        let reply = await conversation.receive(head(id: 2, command: 0x102, length: 0), nowPS: 0)
        #expect(reply.count == 64 && reply[16] == 32 && Array(reply[32...]) == values)
    }
}
