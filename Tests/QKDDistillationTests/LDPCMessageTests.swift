import QKDCore
import Testing

@testable import QKDDistillation

struct LDPCMessageTests {
    private static func message() throws -> LDPCMessage {
        var random = PublicGenerator(seed: 21)
        let plan = try #require(LDPCPlan(rows: 8, punctured: 192, shortened: 1088))
        return LDPCMessage(plan: plan, syndrome: (0..<plan.syndromeBits / 64).map { _ in random.next() })
    }

    @Test func thereAndBack() throws {
        let message = try Self.message()
        let bytes = message.bytes
        #expect(bytes.count == 14 + 1024)
        #expect(Array(bytes.prefix(14)) == Array("QLD1".utf8) + [2, 8, 192, 0, 0, 0, 0x40, 4, 0, 0])
        #expect(try LDPCMessage(bytes: bytes) == message)
    }

    @Test func cutAndLongBytes() throws {
        let bytes = try Self.message().bytes
        for count in [0, 1, 4, 5, 6, 13, 14, 15, 22, bytes.count - 1] {
            #expect(Self.refusal(Array(bytes.prefix(count))) == .protocolViolation, "\(count) bytes")
        }
        #expect(Self.refusal(bytes + [0]) == .protocolViolation)
        #expect(Self.refusal(bytes + bytes) == .protocolViolation)
    }

    @Test func wrongNumbers() throws {
        let bytes = try Self.message().bytes
        for at in 0..<14 {
            for value in [0, 7, 9, 63, 0x7F, 0x80, 0xFF] as [UInt8] where value != bytes[at] {
                var changed = bytes
                changed[at] = value
                // Whatever plan the numbers name now, a changed one has another length, or is the same but for p and s.
                if let read = try? LDPCMessage(bytes: changed) {
                    #expect(read.plan.profile.rows == 8 && read.bytes == changed)
                }
            }
        }
        for numbers in [[0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0x80], [1, 0, 0, 0], [0, 0x10, 0, 0]] as [[UInt8]] {
            var changed = bytes
            changed.replaceSubrange(6..<10, with: numbers)
            #expect(Self.refusal(changed) == .protocolViolation, "\(numbers)")
        }
    }

    @Test func randomBytes() {
        var random = PublicGenerator(seed: 22)
        for length in 0..<300 {
            var bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(Self.refusal(bytes) == .protocolViolation)
            bytes.replaceSubrange(0..<min(5, length), with: (Array("QLD1".utf8) + [1]).prefix(length))
            #expect(Self.refusal(bytes) == .protocolViolation)
        }
    }

    private static func refusal(_ bytes: [UInt8]) -> QKDError.Kind? {
        do throws(QKDError) {
            _ = try LDPCMessage(bytes: bytes)
            return nil
        } catch {
            return error.kind
        }
    }
}
