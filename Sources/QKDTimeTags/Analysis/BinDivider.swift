/// Division by a bin width that does not change, by multiplication.
///
/// floor(2x · m / 2^64) with m = ceil(2^64 / 2w) is floor(x / w) for every x below `limit` as long as
/// limit · w < 2^62 (Granlund and Montgomery, "Division by invariant integers using multiplication",
/// PLDI 1994); otherwise it divides.
struct BinDivider {
    private let width: UInt64
    private let multiplier: UInt64

    /// Divides numbers from 0 up to `limit` by `width`, both positive.
    init(width: Int64, limit: Int64) {
        self.width = UInt64(width)
        let (product, over) = UInt64(limit).multipliedReportingOverflow(by: UInt64(width))
        if over || product > UInt64.max / 4 {
            multiplier = 0
        } else {
            // ceil(2^64 / d) = floor((2^64 − 1) / d) + 1 for every d ≥ 2.
            multiplier = UInt64.max / (UInt64(width) * 2) + 1
        }
    }

    @inline(__always)
    func callAsFunction(_ value: Int64) -> Int {
        let value = UInt64(bitPattern: value)
        if multiplier == 0 { return Int(truncatingIfNeeded: value / width) }
        return Int(truncatingIfNeeded: (value &* 2).multipliedFullWidth(by: multiplier).high)
    }
}
