/// What may happen to a wire in the middle of a talk.
public enum WireFault: String, Sendable, CaseIterable {
    /// The device no longer answers.
    case silent
    /// It answers with bytes that mean nothing.
    case garbage
    /// The connection breaks in the middle of the next answer.
    case cut
}

/// Bytes without meaning, the same in every run; they end like a line, so that line readers see them.
struct GarbageSource {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// 24 bytes of the upper half of Latin-1, then CR LF.
    mutating func next() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<24 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes.append(0x80 | UInt8(truncatingIfNeeded: state >> 32))
        }
        return bytes + [0x0D, 0x0A]
    }
}
