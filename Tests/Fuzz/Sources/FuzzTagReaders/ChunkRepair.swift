/// Puts right checksums into what the fuzzer made of a `qkdtags` file, so that the reader looks behind them.
///
/// Layout: `docs/tag-formats.md`. Stops where the file makes no sense.
enum ChunkRepair {
    static func repair(_ bytes: inout [UInt8]) {
        guard bytes.count >= 16 else { return }
        let noteEnd = 16 + word(bytes, 8)
        guard noteEnd <= bytes.count else { return }
        put(checksum(bytes[16..<noteEnd]), at: 12, into: &bytes)
        var start = noteEnd
        while start + 40 <= bytes.count, bytes[start..<start + 4].elementsEqual("CHNK".utf8) {
            let end = start + 40 + word(bytes, start + 4) * 9 + word(bytes, start + 8) * 16
            guard end <= bytes.count else { break }
            put(checksum(bytes[start + 40..<end]), at: start + 12, into: &bytes)
            put(checksum(bytes[start..<start + 32]), at: start + 32, into: &bytes)
            start = end
        }
        guard start + 16 <= bytes.count, bytes[start..<start + 4].elementsEqual("INDX".utf8) else { return }
        let end = start + 16 + word(bytes, start + 4) * 32
        guard end + 4 <= bytes.count else { return }
        put(checksum(bytes[start..<end]), at: end, into: &bytes)
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    private static func put(_ value: UInt32, at offset: Int, into bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
    }

    /// CRC-32 (ISO 3309, polynomial 0x04C11DB7 reflected), bit by bit: the inputs are short.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { register, byte in
            (0..<8).reduce(register ^ UInt32(byte)) { value, _ in
                value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0)
            }
        }
    }
}
