/// Whole picoseconds from ticks whose length may not be whole: rounded to nearest, from the absolute
/// tick each time, so that no error adds up.
struct TickScale {
    /// The whole picoseconds of a tick.
    let wholePS: Int64
    /// The rest of a tick in units of 2^-64 ps, which holds the last bit of a `Double`.
    let fractionPS: UInt64
    /// The largest tick whose time still fits 63 bits.
    let maximumTick: Int64
    /// A tick, to the precision of a `Double`.
    private let approximatePS: Double

    /// Makes a scale; `resolutionSeconds` lies between 1e-15 and 1.
    init(resolutionSeconds: Double) {
        let picoseconds = resolutionSeconds * 1e12
        let nearest = picoseconds.rounded()
        // A decimal such as 2.5e-11 is not a whole number of ps to the last bit of a Double.
        let isWhole = nearest >= 1 && abs(picoseconds - nearest) <= nearest * 1e-12
        let exact = isWhole ? nearest : picoseconds
        let floor = exact.rounded(.down)
        wholePS = Int64(floor)
        fractionPS = UInt64((exact - floor) * 0x1p64)
        maximumTick = Int64(min(9.2e18 / picoseconds, 9.2e18))
        approximatePS = exact
    }

    /// Whether a tick is a whole number of picoseconds, so that times are exact.
    var isWhole: Bool { fractionPS == 0 }

    /// The tick, where it is whole and short enough for a kernel's multiplication.
    var wholeTickPS: Int64? { isWhole && wholePS < 1 << 32 ? wholePS : nil }

    /// The time of a tick between 0 and `maximumTick`.
    @inline(__always)
    func picoseconds(_ tick: Int64) -> Int64 { exact(tick).rounded }

    /// The time of a tick between 0 and `maximumTick`, with its fraction.
    @inline(__always)
    func exact(_ tick: Int64) -> FixedPS {
        let (high, low) = UInt64(bitPattern: tick).multipliedFullWidth(by: fractionPS)
        return FixedPS(whole: tick &* wholePS &+ Int64(bitPattern: high), fraction: low)
    }

    /// The last tick that is not after `time`; `time` is not negative and within the range of the scale.
    func floorTick(_ time: FixedPS) -> Int64 {
        if isWhole { return time.whole / wholePS }
        var tick = Int64(time.approximate / approximatePS)
        // The Double is off by a few ticks at most; each step measures exactly what is left.
        while true {
            let found = exact(tick)
            if found > time {
                tick -= max(1, Int64(Double(found.whole - time.whole) / approximatePS))
            } else if exact(tick + 1) <= time {
                tick += max(1, Int64(Double(time.whole - found.whole) / approximatePS))
            } else {
                return tick
            }
        }
    }

    /// The tick nearest to a time, halves up; `timePS` is not negative and within the range of the scale.
    @inline(__always)
    func nearestTick(_ timePS: Int64) -> Int64 {
        if isWhole { return (timePS + wholePS / 2) / wholePS }
        let time = FixedPS(whole: timePS, fraction: 0)
        let below = floorTick(time)
        return exact(below + 1) - time <= time - exact(below) ? below + 1 : below
    }
}

/// A time in picoseconds with 64 bits behind the point.
struct FixedPS: Comparable {
    var whole: Int64
    /// Units of 2^-64 ps.
    var fraction: UInt64

    /// The nearest whole number, halves up.
    @inline(__always)
    var rounded: Int64 { whole &+ Int64(bitPattern: fraction >> 63) }

    /// To the precision of a `Double`.
    var approximate: Double { Double(whole) + Double(fraction) * 0x1p-64 }

    @inline(__always)
    static func + (left: FixedPS, right: FixedPS) -> FixedPS {
        let (fraction, carry) = left.fraction.addingReportingOverflow(right.fraction)
        return FixedPS(whole: left.whole &+ right.whole &+ (carry ? 1 : 0), fraction: fraction)
    }

    @inline(__always)
    static func - (left: FixedPS, right: FixedPS) -> FixedPS {
        let (fraction, borrow) = left.fraction.subtractingReportingOverflow(right.fraction)
        return FixedPS(whole: left.whole &- right.whole &- (borrow ? 1 : 0), fraction: fraction)
    }

    @inline(__always)
    static func < (left: FixedPS, right: FixedPS) -> Bool {
        left.whole != right.whole ? left.whole < right.whole : left.fraction < right.fraction
    }
}
