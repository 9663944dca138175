/// A party's clock against the bench's: t_B = o + (1 + s) t_A + d t_A²/2.
///
/// Every conversion is evaluated from t_A alone, so nothing accumulates; whole picoseconds stay in
/// `Int64` and only the small departure s t + d t²/2 passes through `Double`. With |s| ≤ 1e-4,
/// |d| ≤ 1e-9 /s and t ≤ 1e5 s that departure is good to 0.01 ps before it is rounded to the nearest.
///
/// Source: the two-coefficient oscillator model of ITU-T G.810, clause on phase-time (offset, relative
/// frequency departure, linear frequency drift).
public struct ClockModel: Sendable, Equatable {
    /// Reading at t_A = 0, ps.
    public var offsetPS: Int64
    /// Relative frequency departure s at t_A = 0, dimensionless (1e-6 = 1 ppm).
    public var skew: Double
    /// Change of s per second, 1/s.
    public var driftPerSecond: Double

    /// States a clock; without arguments it is the bench's own.
    public init(offsetPS: Int64 = 0, skew: Double = 0, driftPerSecond: Double = 0) {
        self.offsetPS = offsetPS
        self.skew = skew
        self.driftPerSecond = driftPerSecond
    }

    /// The clock's reading at a bench time, both in ps.
    @inlinable
    public func reading(atPS timePS: Int64) -> Int64 {
        let time = Double(timePS)
        let departure = time * (skew + 0.5e-12 * driftPerSecond * time)
        return timePS + offsetPS + Int64(departure.rounded())
    }

    /// The readings of a run of bench times, in place.
    @inlinable
    public func convert(_ timesPS: inout [Int64]) {
        for index in timesPS.indices { timesPS[index] = reading(atPS: timesPS[index]) }
    }

    /// The bench time at which the clock shows `readingPS`, ps.
    ///
    /// The departure's slope is under 1e-3 for any clock, so each fixed-point step wins three digits or
    /// more; it stops when nothing moves. The result's own reading is within 1 ps of `readingPS`.
    public func benchTime(ofReadingPS readingPS: Int64) -> Int64 {
        var time = readingPS - offsetPS
        for _ in 0..<64 {
            let miss = readingPS - reading(atPS: time)
            if miss == 0 { break }
            time += miss
        }
        return time
    }

    /// Relative frequency departure s + d t at a bench time.
    public func skew(atPS timePS: Int64) -> Double {
        skew + driftPerSecond * Double(timePS) * 1e-12
    }
}
