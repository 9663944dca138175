import QKDCore

/// The driver's side of the Pulse Streamer's binary port: one command and one reply, both with a header
/// of 32 bytes (PyPI `pulsestreamer` 2.1.2, `__send_cmd_binary`; firmware 1.1 or later).
enum PulseStreamerUpload {
    static let magic: UInt32 = 0x5350_4953
    static let headerByteCount = 32
    static let streamCommand: UInt32 = 0

    /// Zeros behind the records: up to the next multiple of 32, and a whole 32 where there is one already.
    static func padding(afterRecords byteCount: Int) -> Int { 32 - byteCount % 32 }

    /// The whole message that loads a checked frame: played once, all outputs at zero afterwards.
    static func message(_ frame: ModulationFrame, id: UInt32) -> [UInt8] {
        let records = PulseStreamerFrame.byteCount(frame)
        let padding = padding(afterRecords: records)
        let heads = header(id: id, payload: headerByteCount + records + padding) + streamHeader(frame)
        let count = heads.count + records + padding
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            heads.withUnsafeBytes { UnsafeMutableRawBufferPointer(bytes).copyMemory(from: $0) }
            if let base = bytes.baseAddress {
                PulseStreamerFrame.write(frame, to: UnsafeMutableRawPointer(base + heads.count))
                (base + heads.count + records).initialize(repeating: 0, count: padding)
            }
            initialized = count
        }
    }

    /// The frame's records alone, for firmware that takes them as base64 text.
    static func records(_ frame: ModulationFrame) -> [UInt8] {
        let count = PulseStreamerFrame.byteCount(frame)
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            if let base = bytes.baseAddress {
                PulseStreamerFrame.write(frame, to: UnsafeMutableRawPointer(base))
            }
            initialized = count
        }
    }

    /// Throws `protocolViolation` unless the reply is one to command `id`, and `refused` with the device's code.
    static func check(reply: [UInt8], id: UInt32, at endpoint: String) throws {
        guard reply.count == headerByteCount, word(1, of: reply) == id else {
            throw QKDError(.protocolViolation, "a reply to another upload", at: .init(endpoint))
        }
        let code = word(2, of: reply)
        guard code == 0 else {
            throw QKDError(
                .refused, "the device did not take the frame", code: Int32(truncatingIfNeeded: code),
                at: .init(endpoint))
        }
    }

    private static func header(id: UInt32, payload: Int) -> [UInt8] {
        let words: [UInt32] = [magic, id, streamCommand, 0]
        return words.flatMap { PulseStreamerFrame.littleEndian($0) }
            + PulseStreamerFrame.littleEndian(UInt64(payload)) + PulseStreamerFrame.littleEndian(UInt64(0))
    }

    private static func streamHeader(_ frame: ModulationFrame) -> [UInt8] {
        let runs: Int64 = 1
        let steps = UInt64(frame.symbols.count * PulseStreamerFrame.stepsPerSymbol)
        let finalState = [UInt8](repeating: 0, count: 8)  // analog 0 and 1, lines, three of padding
        let slot: UInt64 = 0
        return PulseStreamerFrame.littleEndian(runs) + PulseStreamerFrame.littleEndian(steps) + finalState
            + PulseStreamerFrame.littleEndian(slot)
    }

    private static func word(_ index: Int, of bytes: [UInt8]) -> UInt32 {
        bytes[index * 4..<index * 4 + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
