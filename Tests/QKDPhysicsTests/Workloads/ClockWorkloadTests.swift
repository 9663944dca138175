import QKDCore
import QKDPhysics
import Testing

@Suite("The workload of clock recovery")
struct ClockWorkloadTests {
    private static func short(seed: UInt64, pairShare: Double = 0.1) -> ClockWorkload {
        var work = ClockWorkload(pairShare: pairShare, offsetPS: 345_678_901_000, skew: 3e-6, seed: seed)
        work.durationPS = Picoseconds.perSecond / 10
        return work
    }

    @Test("Rates, order, channels and lengths are as stated")
    func shape() {
        let work = Self.short(seed: 1)
        let (alice, bob) = work.captures()
        let mean = work.rateHz * 0.1
        for tags in [alice, bob] {
            #expect(abs(Double(tags.count) - mean) < 5 * mean.squareRoot())
            #expect(zip(tags.times, tags.times.dropFirst()).allSatisfy { $0 <= $1 })
            for channel in UInt8(1)...4 {
                let share = Double(tags.channels.count { $0 == channel })
                #expect(abs(share - mean / 4) < 5 * (mean / 4).squareRoot())
            }
            #expect(tags.channels.allSatisfy { (1...4).contains($0) })
        }
        #expect((alice.times.first ?? -1) >= 0 && (alice.times.last ?? .max) < work.durationPS)
        #expect((bob.times.first ?? 0) > work.offsetPS - 10_000)
        #expect((bob.times.last ?? .max) < work.offsetPS + work.durationPS + 1_000_000)
    }

    @Test("As many pairs as stated lie on the relation, with its jitter", arguments: [0.02, 0.1, 1])
    func pairs(share: Double) {
        let work = Self.short(seed: 2, pairShare: share)
        let (alice, bob) = work.captures()
        var residuals: [Double] = []
        var next = 0
        for time in alice.times {
            let expected = Double(time + work.offsetPS) + work.departurePS(atAlicePS: time)
            while next < bob.count, Double(bob.times[next]) < expected - 5 * work.jitterPS { next += 1 }
            if next < bob.count, Double(bob.times[next]) <= expected + 5 * work.jitterPS {
                residuals.append(Double(bob.times[next]) - expected)
            }
        }
        let chance = work.rateHz * 1e-12 * 10 * work.jitterPS * Double(alice.count) * (1 - share)
        let pairs = work.rateHz * share * 0.1
        #expect(abs(Double(residuals.count) - pairs - chance) < 5 * (pairs + chance).squareRoot())
        let count = Double(residuals.count)
        let mean = residuals.reduce(0, +) / count
        let variance = residuals.reduce(0) { $0 + $1 * $1 } / count
        #expect(abs(mean) < 5 * (variance / count).squareRoot())
        // Accidental ones are few here but flat over ± 5 deviations.
        let expected = (pairs * 1 + chance * 25 / 3) / (pairs + chance) * work.jitterPS * work.jitterPS
        #expect(abs(variance / expected - 1) < 5 * (4 / count).squareRoot())
    }

    @Test("A seed is a capture; the two cases are the stated ones")
    func seeds() {
        let one = Self.short(seed: 3).captures()
        let again = Self.short(seed: 3).captures()
        #expect(one.alice == again.alice && one.bob == again.bob)
        #expect(Self.short(seed: 4).captures().alice != one.alice)
        let (easy, hard) = (ClockWorkload.easy(seed: 1), ClockWorkload.hard(seed: 1))
        #expect((easy.pairShare, easy.offsetPS, easy.skew) == (0.1, 345_678_901_000, 3e-6))
        #expect((hard.pairShare, hard.offsetPS, hard.skew) == (0.02, -712_345_678_000, -5e-6))
        #expect(easy.jitterPS == 300 && easy.rateHz == 200_000 && easy.durationPS == 10 * Picoseconds.perSecond)
    }
}
