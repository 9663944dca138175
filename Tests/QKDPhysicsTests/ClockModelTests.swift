import QKDCore
import QKDPhysics
import Testing

@Suite struct ClockModelTests {
    /// Times over 1e5 s, among them ones with no round binary form.
    private static let times: [Int64] = [
        0, 1, 999_999_999_999, 1_000_000_000_000, 123_456_789_012_345, 9_007_199_254_740_993,
        31_415_926_535_897_932, 99_999_999_999_999_999, 100_000_000_000_000_000, -100_000_000_000_000_000,
    ]

    @Test func identityLeavesTimesAlone() {
        let clock = ClockModel()
        for time in Self.times { #expect(clock.reading(atPS: time) == time) }
    }

    /// The skew n/2⁴⁰ and drift m/2⁴⁰ per second are exact in binary, so integers give the true reading.
    @Test(arguments: [(25_288_767, 0), (-25_288_767, 1_099), (10_995, -397), (0, 5_001)])
    func readingIsExactOverADay(skewUnits: Int, driftUnits: Int) {
        let clock = ClockModel(
            offsetPS: -712_345_678_000, skew: Double(skewUnits) * 0x1p-40, driftPerSecond: Double(driftUnits) * 0x1p-40)
        for time in Self.times {
            let t = Int128(time)
            // s t is n t/2⁴⁰ and d t²/2 is m t²/(2⁴¹·10¹²), in ps; scaled by 2⁴¹·10¹² both are whole.
            let scale = Int128(1 << 41) * 1_000_000_000_000
            let scaled = t * Int128(skewUnits) * 2_000_000_000_000 + t * t * Int128(driftUnits)
            let whole = scaled / scale
            let fraction = Double(scaled - whole * scale) / Double(scale)
            let got = clock.reading(atPS: time) - time + 712_345_678_000
            #expect(abs(Double(Int128(got) - whole) - fraction) < 0.52, "off at \(time)")
        }
    }

    @Test func conversionOfManyIsThatOfEach() {
        let clock = ClockModel(offsetPS: 345_678_901, skew: 3e-6, driftPerSecond: 1e-9)
        var times = Self.times
        clock.convert(&times)
        #expect(times == Self.times.map(clock.reading(atPS:)))
    }

    @Test(arguments: [0.0, 3e-6, -23.2e-6, 1e-4])
    func benchTimeUndoesTheReading(skew: Double) {
        let clock = ClockModel(offsetPS: 5_000_000_000, skew: skew, driftPerSecond: 1e-10)
        for time in Self.times {
            let back = clock.benchTime(ofReadingPS: clock.reading(atPS: time))
            #expect(abs(back - time) <= 1)
            #expect(abs(clock.reading(atPS: back) - clock.reading(atPS: time)) <= 1)
        }
    }

    @Test func skewDrifts() {
        let clock = ClockModel(skew: 1e-6, driftPerSecond: 0.36e-6)
        #expect(abs(clock.skew(atPS: 10 * Picoseconds.perSecond) - 4.6e-6) < 1e-18)
        // d t²/2 over 10 s at 0.36 ppm/s is 18 µs.
        let drift = ClockModel(driftPerSecond: 0.36e-6)
        #expect(drift.reading(atPS: 10 * Picoseconds.perSecond) - 10 * Picoseconds.perSecond == 18_000_000)
    }
}
