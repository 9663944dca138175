import QKDCore

/// Alice's states in a file: a magic line, then for each frame, little-endian: index u32, slots u32,
/// start on her clock and its error i64 ps, disclosed slots u32; the codes, two a byte, first in the low half; the
/// disclosed slots, u32 each. The file is as secret as the key.
enum AliceFrameFile {
    static let magic = "qkdctl-alice-frames 2\n"

    static func bytes(of frame: AliceFrame) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 + frame.codes.count / 2 + frame.disclosedSlots.count * 4)
        put(UInt32(frame.index), &bytes)
        put(UInt32(frame.codes.count), &bytes)
        put(frame.startPS, &bytes)
        put(frame.startErrorPS, &bytes)
        put(UInt32(frame.disclosedSlots.count), &bytes)
        for pair in stride(from: 0, to: frame.codes.count, by: 2) {
            let high = pair + 1 < frame.codes.count ? frame.codes[pair + 1] : 0
            bytes.append(frame.codes[pair] & 0xF | high << 4)
        }
        for slot in frame.disclosedSlots { put(slot, &bytes) }
        return bytes
    }

    /// Reads all frames; throws `invalidInput` or `dataLoss` with the offset.
    static func frames(in bytes: [UInt8], name: String) throws -> [AliceFrame] {
        guard bytes.starts(with: magic.utf8) else {
            throw QKDError(.invalidInput, "these are not Alice's frames", at: .init(name, byteOffset: 0))
        }
        var offset = magic.utf8.count
        var frames: [AliceFrame] = []
        func take<Value: FixedWidthInteger>(_: Value.Type, _ field: String) throws -> Value {
            guard bytes.count - offset >= MemoryLayout<Value>.size else {
                throw QKDError(
                    .dataLoss, "the file ends within a frame", at: .init(name, byteOffset: offset, field: field))
            }
            let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
            offset += MemoryLayout<Value>.size
            return Value(littleEndian: value)
        }
        while offset < bytes.count {
            let index = try take(UInt32.self, "index")
            let slots = Int(try take(UInt32.self, "slots"))
            let start = try take(Int64.self, "start")
            let error = try take(Int64.self, "start error")
            guard (0...Picoseconds.perSecond * 3_600).contains(error) else {
                throw QKDError(
                    .invalidInput, "a start that may be off by \(error) ps", at: .init(name, byteOffset: offset))
            }
            let disclosed = Int(try take(UInt32.self, "disclosed"))
            let packed = (slots + 1) / 2
            guard slots <= 1 << 24, disclosed <= slots, bytes.count - offset >= packed + 4 * disclosed else {
                throw QKDError(
                    .dataLoss, "a frame of \(slots) slots does not fit into the rest of the file",
                    at: .init(name, byteOffset: offset, field: "slots"))
            }
            let codes = (0..<slots).map { bytes[offset + $0 / 2] >> ($0 & 1 == 0 ? 0 : 4) & 0xF }
            offset += packed
            guard codes.allSatisfy({ $0 < PulseCode.count }) else {
                throw QKDError(
                    .invalidInput, "frame \(index) holds a code that is none", at: .init(name, byteOffset: offset))
            }
            var slotsDisclosed: [UInt32] = []
            for _ in 0..<disclosed { slotsDisclosed.append(try take(UInt32.self, "disclosed slot")) }
            var frame = AliceFrame(index: Int(index), startPS: start, codes: codes, disclosedSlots: slotsDisclosed)
            frame.startErrorPS = error
            frames.append(frame)
        }
        return frames
    }

    private static func put(_ value: some FixedWidthInteger, _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
}
