import QKDCore
import Testing

@testable import QKDTimeTags

@Suite("Clocks of a satellite's pass")
struct SatelliteTrackingTests {
    private static var recovery: ClockRecovery {
        var search = OffsetSearch()
        search.rangePS = 20 * Picoseconds.perMillisecond
        return ClockRecovery(search: search)
    }

    /// The largest error of the relation from `from` to `to` seconds, ps, looked at finely.
    private func worst(_ pass: SatellitePass, _ clock: RecoveredClock, from: Double, to: Double) -> Double {
        var worst = 0.0
        for step in 0...20_000 {
            let time = Int64((from + (to - from) * Double(step) / 20_000) * 1e12)
            worst = max(worst, abs(Double(clock.relation.bobPS(ofAlicePS: time) - pass.bobPS(time))))
        }
        return worst
    }

    @Test("A minute around the steepest place: ± 10 ppm, 0.36 ppm a second", arguments: [30.0, 12])
    func minute(middle: Double) throws {
        let pass = SatellitePass(seed: 3, seconds: 60, middleSeconds: middle, pairsHz: 500, aloneHz: 800)
        let clock = try Self.recovery.recover(alice: pass.alice, bob: pass.bob)
        #expect(clock.slices.count { !$0.isCorrelated } == 0)
        // A slice has some 75 pairs of 150 ps: an error of 17 ps, of which the worst of 400 is shown.
        #expect(worst(pass, clock, from: 0.1, to: 59.9) < 150)
        #expect(clock.slices.allSatisfy { abs($0.residualPS) < 5 * $0.residualErrorPS + 20 })
        #expect(abs(clock.peakSigmaPS - 150) < 10)
        let aligned = try AlignedTags(alice: pass.alice, bob: pass.bob, clock: clock)
        let found = try CoincidenceMatcher(windowPS: 1_000).match(aligned)
        #expect(Double(found.count) > 0.995 * Double(pass.pairs))
    }

    @Test("Two seconds of dark, and the peak is met again behind them")
    func dark() throws {
        let pass = SatellitePass(
            seed: 4, seconds: 20, middleSeconds: 9, pairsHz: 1_000, aloneHz: 1_000, dark: 11...13)
        let clock = try Self.recovery.recover(alice: pass.alice, bob: pass.bob)
        for slice in clock.slices {
            let (start, end) = (Double(slice.startPS) * 1e-12, Double(slice.endPS) * 1e-12)
            if start >= 11, end <= 13 { #expect(!slice.isCorrelated) }
            if end <= 11 || start >= 13 { #expect(slice.isCorrelated) }
        }
        #expect(worst(pass, clock, from: 0.05, to: 10.9) < 150)
        #expect(worst(pass, clock, from: 13.1, to: 19.9) < 150)
    }

    @Test("A faint one, whose drift bends the line within the block of the search")
    func faint() throws {
        let pass = SatellitePass(seed: 5, seconds: 10, middleSeconds: 5, pairsHz: 140, aloneHz: 6_000)
        let tags = try TagPair(alice: pass.alice, bob: pass.bob)
        var search = OffsetSearch()
        search.rangePS = 20 * Picoseconds.perMillisecond
        // 16 segments of half a second, as a range of 1 s has them: the drift bends the line by 2.9 us.
        let coarse = CoarseCorrelation(
            search, binPS: 25e6, segments: 16, longestPS: 10 * Picoseconds.perSecond, mostPoints: 1 << 16)
        #expect(coarse.segments == 16 && coarse.blockPS == 8 * Picoseconds.perSecond)
        let start = Picoseconds.perSecond
        let peak = try #require(try coarse.peaks(tags, startPS: start, count: 1).first)
        #expect(peak.height > 5.5)
        let lock = try #require(OffsetZoom(search, tags, coarse, startPS: start).lock(peak))
        #expect(abs(lock.relation.driftPerSecond + 3.6e-7) < 1e-7)
        let time = lock.relation.referencePS
        #expect(abs(Double(lock.relation.offsetPS - (pass.bobPS(time) - time))) < lock.offsetUncertaintyPS)
    }

    @Test("A whole pass of 400 s: ± 23 ppm", .enabled(if: Statistics.isAcceptance))
    func whole() throws {
        let pass = SatellitePass(seed: 6, seconds: 400, middleSeconds: 200, pairsHz: 1_500, aloneHz: 2_500)
        let clock = try Self.recovery.recover(alice: pass.alice, bob: pass.bob)
        #expect(clock.slices.count { !$0.isCorrelated } == 0)
        #expect(worst(pass, clock, from: 0.5, to: 399.5) < 100)
        #expect(abs(clock.peakSigmaPS - 150) < 10)
    }

    @Test("A curve through points: cubic, close to the curve between them, going on at the ends")
    func curve() {
        var relation = ClockRelation(referencePS: 0, offsetPS: 0)
        // A third derivative of 6e3 ps/s³, a satellite's, and its drift.
        func truth(_ x: Double) -> Double { 2e5 * x * x - 1e3 * x * x * x }
        let points = stride(from: -5.5, through: 5.5, by: 1).map { (x: $0, y: truth($0)) }
        relation.setWander(points, from: -6, to: 6)
        func worst(_ places: StrideThrough<Double>) -> Double {
            places.map { abs(relation.wander($0) - truth($0)) }.max() ?? 0
        }
        #expect(worst(stride(from: -2.5, through: 2.5, by: 0.013)) < 15)
        #expect(worst(stride(from: -5.5, through: 5.5, by: 0.013)) < 300)
        #expect(worst(stride(from: -6, through: 6, by: 0.013)) < 2_000)
        #expect(relation.wander(7) == relation.wander(6))
        // A line needs no more knots than it has points.
        relation.setWander([(0, 1), (1, 2), (2, 3)])
        #expect(relation.wanderPS == [1, 2, 3])
    }
}
