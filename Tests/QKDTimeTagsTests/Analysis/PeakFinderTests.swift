import QKDCore
import Testing

@testable import QKDTimeTags

@Suite struct PeakFinderTests {
    /// Normal deviates by summing uniform ones: mean 0, deviation 1.
    private func normal(_ random: inout TagTestRandom) -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + Double(random.next() >> 11) * 0x1p-53 }
    }

    /// A flat background with Poisson-like scatter and peaks of `pairs` counts around `centresPS`.
    private func histogram(
        bins: Int = 2_000, width: Int64 = 100, background: Int = 20, centresPS: [Double], jitterPS: Double, pairs: Int,
        seed: UInt64
    ) -> CorrelationHistogram {
        var random = TagTestRandom(state: seed)
        var counts = [Int](repeating: 0, count: bins)
        for _ in 0..<bins * background { counts[Int(random.next() % UInt64(bins))] += 1 }
        let first = -Int64(bins) * width / 2
        for centre in centresPS {
            for _ in 0..<pairs {
                let time = centre + jitterPS * normal(&random)
                let bin = Int(((time - Double(first)) / Double(width)).rounded(.down))
                if counts.indices.contains(bin) { counts[bin] += 1 }
            }
        }
        return CorrelationHistogram(channelA: 1, channelB: 2, binWidthPS: width, firstEdgePS: first, counts: counts)
    }

    @Test(arguments: [-43_217.0, 0, 12.5, 61_049])
    func strongestPeakToAFractionOfABin(_ delay: Double) throws {
        let peak = try #require(
            PeakFinder.strongestPeak(
                in: histogram(centresPS: [delay], jitterPS: 150, pairs: 4_000, seed: UInt64(abs(delay)))))
        // 150 ps / √4000 is 2.4 ps; the bin's middle is half a picosecond low for whole times.
        #expect(abs(peak.positionPS - delay) < 5 * 2.4 + 3)
        #expect(peak.significance > 100)
        #expect(abs(peak.backgroundPerBin - 20) <= 1)
    }

    @Test func leavesZeroDelayOut() throws {
        var data = histogram(centresPS: [0, 0, 20_000], jitterPS: 150, pairs: 3_000, seed: 3)
        let far = try #require(PeakFinder.strongestPeak(in: data, excludingPS: 2_000))
        #expect(abs(far.positionPS - 20_000) < 20)
        #expect(abs(try #require(PeakFinder.strongestPeak(in: data)).positionPS) < 20)
        // Nothing to be found in noise, and none in nothing.
        data = histogram(centresPS: [], jitterPS: 1, pairs: 0, seed: 5)
        #expect(PeakFinder.strongestPeak(in: data) == nil)
        data.counts = []
        #expect(PeakFinder.strongestPeak(in: data) == nil && PeakFinder.combPeriod(in: data) == nil)
    }

    /// Pulse rates of real benches, with and without the peak at zero delay.
    @Test(arguments: [3_128.1, 12_500, 1_000, 20_003.7, 777.7], [true, false])
    func combPeriodFarBelowABin(_ period: Double, _ zero: Bool) throws {
        let reach = Int(100_000 / period)
        let centres = (-reach...reach).filter { zero || $0 != 0 }.map { Double($0) * period + 137 }
        let data = histogram(centresPS: centres, jitterPS: period < 1_500 ? 90 : 250, pairs: 400, seed: UInt64(period))
        let comb = try #require(PeakFinder.combPeriod(in: data))
        #expect(abs(comb.periodPS - period) < 5 * comb.periodErrorPS + 0.05, "\(comb)")
        #expect(comb.periodErrorPS < 0.01 * period)
        #expect(comb.peaks >= reach)
        let miss = (comb.phasePS - 137) / period
        #expect(abs(miss - miss.rounded()) * period < 40, "\(comb)")
    }

    /// A spacing wider than the finely searched middle.
    @Test func wideComb() throws {
        let centres = (-7...7).map { Double($0) * 130_000 }
        let data = histogram(bins: 20_000, background: 2, centresPS: centres, jitterPS: 400, pairs: 800, seed: 9)
        let comb = try #require(PeakFinder.combPeriod(in: data))
        #expect(abs(comb.periodPS - 130_000) < 20, "\(comb)")
        #expect(comb.peaks >= 13)
    }

    /// Noise, one peak, and two peaks are no comb.
    @Test func noCombWhereThereIsNone() {
        for seed in UInt64(1)...8 {
            for centres in [[], [5_000], [-20_000, 20_000]] as [[Double]] {
                let data = histogram(bins: 1_000, centresPS: centres, jitterPS: 300, pairs: 3_000, seed: seed)
                #expect(PeakFinder.combPeriod(in: data) == nil, "seed \(seed), \(centres)")
            }
        }
    }

    /// From tags to the period: two detectors behind one pulsed source.
    @Test func pulsedTags() throws {
        var random = TagTestRandom(state: 12)
        var tags = TagBatch()
        for pulse in 0..<60_000 where random.next() % 6 == 0 {
            let time = Double(pulse) * 12_503.2 + 60 * normal(&random)
            tags.append(timePS: Int64(time.rounded()), channel: UInt8(random.next() & 1))
        }
        var correlator = Correlator(0, 1, options: try CorrelationOptions(rangePS: 500_000, binWidthPS: 500))
        try correlator.add(tags)
        let comb = try #require(PeakFinder.combPeriod(in: correlator.finish()))
        #expect(abs(comb.periodPS - 12_503.2) < 5 * comb.periodErrorPS + 0.1, "\(comb)")
    }
}
