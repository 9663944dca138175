/// Decimal numbers in text, taken exactly: a Double would lose picoseconds after two hours.
enum DecimalText {
    /// The number times 10^`exponent`, rounded to nearest, halves away from zero; `nil` if it is no number or
    /// does not fit.
    static func scaled(_ text: UnsafeRawBufferPointer, exponent: Int) -> Int64? {
        var magnitude: UInt64 = 0
        var isNegative = false
        var digits = 0
        var decimals: Int?
        var roundsUp = false
        for (index, byte) in text.enumerated() {
            switch byte {
            case 0x2B where index == 0: continue
            case 0x2D where index == 0: isNegative = true
            case 0x2E where decimals == nil: decimals = 0
            case 0x30...0x39:
                digits += 1
                if let passed = decimals {
                    decimals = passed + 1
                    if passed == exponent { roundsUp = byte >= 0x35 }
                    if passed >= exponent { continue }
                }
                guard add(UInt64(byte - 0x30), to: &magnitude) else { return nil }
            default: return nil
            }
        }
        guard digits > 0 else { return nil }
        for _ in min(decimals ?? 0, exponent)..<exponent where !add(0, to: &magnitude) { return nil }
        if roundsUp { magnitude += 1 }
        return isNegative ? Int64(exactly: magnitude).map { -$0 } : Int64(exactly: magnitude)
    }

    private static func add(_ digit: UInt64, to value: inout UInt64) -> Bool {
        guard value < UInt64(Int64.max) / 10 else { return false }
        value = value * 10 + digit
        return true
    }
}
