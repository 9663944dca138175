/// A running digest of a PTU file's bytes, for its identifier: the same file gets the same one.
///
/// Two lanes of FNV-1a over 32-bit words, and not for security.
struct PTUFingerprint {
    private var first: UInt64 = 0xCBF2_9CE4_8422_2325
    private var second: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func add(_ words: [UInt32]) {
        var (a, b) = (first, second)
        for word in words {
            a = (a ^ UInt64(word)) &* 0x100_0000_01B3
            b = (b ^ UInt64(word) << 17) &* 0xFF51_AFD7_ED55_8CCD
        }
        (first, second) = (a, b)
    }

    mutating func add(bytes: [UInt8]) { add(bytes.map(UInt32.init)) }

    /// The digest as a UUID of version 8 (RFC 9562: values of the maker's own) in braces.
    var guid: String {
        let high = mixed(first) & ~0xF000 | 0x8000
        let low = mixed(second) & ~(3 << 62) | 2 << 62
        func hex(_ value: UInt64, _ digits: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: digits - text.count) + text
        }
        let (h, l) = (hex(high, 16), hex(low, 16))
        return "{\(h.prefix(8))-\(h.dropFirst(8).prefix(4))-\(h.suffix(4))-\(l.prefix(4))-\(l.suffix(12))}"
    }

    /// Spreads the last words over all bits.
    private func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ z >> 33) &* 0xFF51_AFD7_ED55_8CCD
        z = (z ^ z >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return z ^ z >> 33
    }
}
