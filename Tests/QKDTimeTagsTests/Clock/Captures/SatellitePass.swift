#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// A pass of a low satellite: the path's length makes the skew fall from +23 to −23 ppm, fastest in the middle.
struct SatellitePass {
    /// Skew far from the middle, and how fast it changes in the middle, per second.
    static let skew = 23e-6
    static let driftPerSecond = 3.6e-7
    let offsetPS: Int64 = 7_654_321
    let seconds: Double
    let middleSeconds: Double
    private(set) var alice = TagBatch()
    private(set) var bob = TagBatch()
    /// Number of true pairs.
    private(set) var pairs = 0

    /// Bob's time less Alice's less the offset at `x` seconds of Alice's clock, ps: the integral of −s tanh.
    func departurePS(_ x: Double) -> Double {
        let scale = Self.skew / Self.driftPerSecond
        func path(_ u: Double) -> Double { log(cosh(u)) }
        let middle = path(-middleSeconds / scale)
        return -Self.skew * scale * 1e12 * (path((x - middleSeconds) / scale) - middle)
    }

    func bobPS(_ time: Int64) -> Int64 { time + offsetPS + Int64(departurePS(Double(time) * 1e-12).rounded()) }

    /// Draws a pass; no pairs come in the `dark` seconds.
    init(
        seed: UInt64, seconds: Double, middleSeconds: Double, pairsHz: Double, aloneHz: Double, jitterPS: Double = 150,
        dark: ClosedRange<Double> = -2 ... -1
    ) {
        self.seconds = seconds
        self.middleSeconds = middleSeconds
        var random = SceneRandom(seed: seed)
        func arrivals(_ rateHz: Double) -> [Double] {
            var times: [Double] = []
            var time = random.exponential(mean: 1 / rateHz)
            while time < seconds {
                times.append(time)
                time += random.exponential(mean: 1 / rateHz)
            }
            return times
        }
        let common = arrivals(pairsHz).filter { !dark.contains($0) }
        pairs = common.count
        var (a, b): ([Int64], [Int64]) = ([], [])
        for x in common {
            a.append(Int64((x * 1e12).rounded()))
            b.append(bobPS(a[a.count - 1]) + Int64(random.gaussian(sigma: jitterPS).rounded()))
        }
        for x in arrivals(aloneHz) { a.append(Int64(x * 1e12)) }
        for x in arrivals(aloneHz) { b.append(bobPS(Int64(x * 1e12))) }
        for time in a.sorted() { alice.append(timePS: time, channel: UInt8(random.below(4)) + 1) }
        for time in b.sorted() { bob.append(timePS: time, channel: UInt8(random.below(4)) + 1) }
    }
}
