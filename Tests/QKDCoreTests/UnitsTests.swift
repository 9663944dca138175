import QKDCore
import Testing

@Suite struct UnitsTests {
    @Test func unitsAreMultiplesOfEachOther() {
        #expect(Picoseconds.perMicrosecond == 1000 * Picoseconds.perNanosecond)
        #expect(Picoseconds.perMillisecond == 1000 * Picoseconds.perMicrosecond)
        #expect(Picoseconds.perSecond == 1000 * Picoseconds.perMillisecond)
        #expect(Picoseconds.perNanosecond == 1000)
    }

    @Test(arguments: [
        (0.0, 0), (1.0, 1_000_000_000_000), (-1.5, -1_500_000_000_000), (1e-12, 1), (0.4e-12, 0), (0.6e-12, 1),
        (-0.6e-12, -1), (12.5e-9, 12_500), (86_400.0 * 100, 8_640_000_000_000_000_000),
    ])
    func secondsBecomeWholePicoseconds(seconds: Double, picoseconds: Int64) {
        #expect(Picoseconds.from(seconds: seconds) == picoseconds)
    }

    @Test(arguments: [0, 1, -1, 12_500, 1_000_000_000_000, -8_640_000_000_000_000] as [Int64])
    func picosecondsGoToSecondsAndBack(value: Int64) {
        let seconds = Picoseconds.seconds(value)
        let error: Double = seconds - Double(value) / 1e12
        #expect(abs(error) <= abs(seconds) * 1e-15)
        #expect(Picoseconds.from(seconds: seconds) == value)
    }

    @Test(
        arguments: [
            0, 1, -1, 999_999_999_999, 1_000_000_000_000, 1_000_000_000_001, -1_000_000_000_001, .max, .min,
        ] as [Int64])
    func durationsHoldPicosecondsExactly(value: Int64) {
        #expect(Duration.picoseconds(value).picoseconds == value)
    }

    @Test func durationsOfOtherUnits() {
        #expect(Duration.seconds(2).picoseconds == 2_000_000_000_000)
        #expect(Duration.nanoseconds(-3).picoseconds == -3_000)
        #expect(Duration.milliseconds(1) == .picoseconds(1_000_000_000))
        #expect(Duration.picoseconds(1_500_000_000_000) == .milliseconds(1500))
        // 1.999999 ps, towards zero on both sides.
        #expect(Duration(secondsComponent: 0, attosecondsComponent: 1_999_999).picoseconds == 1)
        #expect(Duration(secondsComponent: 0, attosecondsComponent: -1_999_999).picoseconds == -1)
    }
}
