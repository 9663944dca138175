import QKDCore
import QKDTransport

/// One connection to the emulated Pulse Streamer's binary port.
///
/// A command is a header of 32 bytes (magic, id, command, 0, payload length, 0) and its payload; the
/// answer is a header with the id and an error code (PyPI `pulsestreamer` 2.1.2). Of the commands,
/// stream (0) and the calibration (0x101 set, 0x102 get) are there; upload into two slots (0x100) is
/// refused with a code. After a wrong magic number nothing on the connection can be understood any more.
actor EmulatedPulseStreamerUpload: StreamEmulator {
    private struct Command {
        var id: UInt32
        var code: UInt32
        var payloadByteCount: Int
    }

    /// Codes are ours: the device's are not public. 1 to 4 are those of `EmulatedPulseSequence.Refusal`.
    private enum Code {
        static let ok: UInt32 = 0
        static let unknownCommand: UInt32 = 16
        static let badHeader: UInt32 = 17
        static let badPayload: UInt32 = 18
    }

    private static let magic: [UInt8] = Array("SIPS".utf8)
    private static let headByteCount = 32
    private static let payloadLimit = 2 * headByteCount + EmulatedPulseSequence.stepLimit * 9

    private let device: LockedPulseStreamer
    private var head: [UInt8] = []
    private var command: Command?
    private var payload: [UInt8] = []
    /// Payload bytes that have come, also those that are too many to be kept.
    private var payloadCount = 0
    private var isLost = false

    init(_ device: LockedPulseStreamer) { self.device = device }

    func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        var answer: [UInt8] = []
        var rest = bytes[...]
        while !isLost {
            guard let command else {
                guard takeHead(&rest) else { break }
                answer += startCommand()
                continue
            }
            takePayload(&rest, of: command)
            guard payloadCount == command.payloadByteCount else { break }
            answer += obey(command, nowPS: nowPS)
            self.command = nil
            payload = []
            payloadCount = 0
        }
        return answer
    }

    func advance(toPS nowPS: Int64) -> [UInt8] { [] }

    private func takeHead(_ bytes: inout ArraySlice<UInt8>) -> Bool {
        let count = min(Self.headByteCount - head.count, bytes.count)
        head += bytes.prefix(count)
        bytes.removeFirst(count)
        return head.count == Self.headByteCount
    }

    private func startCommand() -> [UInt8] {
        defer { head = [] }
        let id = UInt32(truncatingIfNeeded: Self.number(head, 4, 4))
        guard head.starts(with: Self.magic), let length = Int(exactly: Self.number(head, 16, 8)) else {
            isLost = true
            return Self.reply(id, Code.badHeader)
        }
        command = Command(
            id: id, code: UInt32(truncatingIfNeeded: Self.number(head, 8, 4)), payloadByteCount: length)
        payload.reserveCapacity(min(length, Self.payloadLimit))
        return []
    }

    private func takePayload(_ bytes: inout ArraySlice<UInt8>, of command: Command) {
        let count = min(command.payloadByteCount - payloadCount, bytes.count)
        if command.payloadByteCount <= Self.payloadLimit { payload += bytes.prefix(count) }
        payloadCount += count
        bytes.removeFirst(count)
    }

    private func obey(_ command: Command, nowPS: Int64) -> [UInt8] {
        switch command.code {
        case 0: Self.reply(command.id, stream(command, nowPS: nowPS))
        case 0x101: Self.reply(command.id, setCalibration())
        case 0x102: Self.reply(command.id, Code.ok, payload: calibration())
        default: Self.reply(command.id, Code.unknownCommand)
        }
    }

    /// i64 runs, u64 pulses, i16 analog 0, i16 analog 1, u8 lines, three of padding, u64 slot; then the records.
    private func stream(_ command: Command, nowPS: Int64) -> UInt32 {
        guard payload.count == command.payloadByteCount else { return Self.code(.tooManySteps) }
        guard payload.count >= Self.headByteCount else { return Self.code(.truncated) }
        guard let steps = Int(exactly: Self.number(payload, 8, 8)) else { return Self.code(.tooManySteps) }
        let final = EmulatedPulseState(
            lines: payload[20], analog0: Int16(truncatingIfNeeded: Self.number(payload, 16, 2)),
            analog1: Int16(truncatingIfNeeded: Self.number(payload, 18, 2)))
        let runs = Int64(bitPattern: Self.number(payload, 0, 8))
        let result = payload.withUnsafeBytes { bytes in
            Result { () throws(EmulatedPulseSequence.Refusal) in
                try EmulatedPulseSequence(
                    records: UnsafeRawBufferPointer(rebasing: bytes[Self.headByteCount...]), steps: steps, runs: runs,
                    final: final)
            }
        }
        switch result {
        case .success(let sequence):
            device.with(nowPS: nowPS) { $0.load(sequence) }
            return Code.ok
        case .failure(let refusal): return Self.code(refusal)
        }
    }

    /// Four doubles: offsets, then slopes.
    private func setCalibration() -> UInt32 {
        guard payload.count == 32 else { return Code.badPayload }
        let values = (0..<4).map { Double(bitPattern: Self.number(payload, $0 * 8, 8)) }
        device.with { $0.calibration = values }
        return Code.ok
    }

    private func calibration() -> [UInt8] {
        device.with { $0.calibration }.flatMap { value in
            (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
        }
    }

    private static func code(_ refusal: EmulatedPulseSequence.Refusal) -> UInt32 { UInt32(refusal.rawValue) }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64($1 * 8) }
    }

    private static func reply(_ id: UInt32, _ code: UInt32, payload: [UInt8] = []) -> [UInt8] {
        var reply = magic
        for value in [id, code, 0, UInt32(payload.count), 0, 0, 0] {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                reply.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        return reply + payload
    }
}
