/// Whole picoseconds from ticks whose length may not be whole: rounded to nearest, from the absolute
/// tick each time, so that no error adds up.
struct TickScale {
    /// Picoseconds of a tick if that is a whole number, else 0.
    let wholePS: Int64
    /// Picoseconds of a tick in units of 2^-32 ps, for the other case.
    let fractionPS: UInt64
    /// The largest tick whose time still fits 63 bits.
    let maximumTick: Int64

    /// Makes a scale; `resolutionSeconds` lies between 1e-15 and 1e-3.
    init(resolutionSeconds: Double) {
        let picoseconds = resolutionSeconds * 1e12
        let whole = picoseconds.rounded()
        // A decimal such as 2.5e-11 is not a whole number of ps to the last bit of a Double.
        if whole >= 1, abs(picoseconds - whole) <= whole * 1e-12 {
            wholePS = Int64(whole)
            fractionPS = 0
        } else {
            wholePS = 0
            fractionPS = UInt64((picoseconds * 4_294_967_296).rounded())
        }
        maximumTick = Int64(min(9.2e18 / picoseconds, 9.2e18))
    }

    /// The time of a tick between 0 and `maximumTick`.
    @inline(__always)
    func picoseconds(_ tick: Int64) -> Int64 {
        if wholePS != 0 { return tick &* wholePS }
        let (high, low) = UInt64(bitPattern: tick).multipliedFullWidth(by: fractionPS)
        let (rounded, carry) = low.addingReportingOverflow(1 << 31)
        return Int64(bitPattern: (high &+ (carry ? 1 : 0)) << 32 | rounded >> 32)
    }
}
