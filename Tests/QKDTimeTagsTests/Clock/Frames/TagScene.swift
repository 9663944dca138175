import QKDCore
import QKDTimeTags

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A small optics bench for the clock's tests: frames of decoy BB84 pulses, four detectors, one skewed clock.
struct TagScene {
    var slots = 200_000
    var periodPS = 100_000.0
    /// Mean detections a slot, over all detectors.
    var detectionsPerSlot = 0.0375
    var means = [0.5, 0.1, 0.0]
    /// Chances of signal and decoy; the rest is vacuum.
    var chances = [0.7, 0.2]
    var chanceOfZ = 0.5
    var bobChanceOfZ = 0.5
    var opticalError = 0.01
    var darksHz = 600.0
    var afterpulse = 0.03
    var afterpulseTauPS = 2e6
    var deadTimePS = 1e6
    var jitterSigmaPS = 85.0
    var tailShare = 0.05
    var tailPS = 300.0
    var resolutionPS: Int64 = 2_000
    var blockPerDisclosed = 100
    /// Frames that are played; the wanted one has this index among them.
    var frames = 1
    var wanted = 0
    var skew = 5e-6
    /// Change of the skew, a second.
    var driftPerS = 0.0
    /// Arrival of the wanted frame's slot 0 on Bob's clock, picoseconds.
    var startPS = 3_000_000_000_000.25
    /// Dark times between frames are this long plus up to as much again.
    var gapPS = 1.0e9
    /// Tags run from this long before the first to after the last frame.
    var marginPS = 6e9
    var seed: UInt64 = 1

    /// Inputs 1…4 in the order Z0, Z1, X0, X1, mixed so that no test passes by accident.
    static let channels: [UInt8] = [3, 1, 4, 2]
    static var detectorMap: [UInt8: BB84State] {
        Dictionary(uniqueKeysWithValues: BB84State.all.map { (channels[$0.index], $0) })
    }

    /// What was played and what came.
    struct Take {
        var tags: TagBatch
        /// Codes of the wanted frame.
        var codes: [UInt8]
        var disclosed: [DisclosedSlot]
    }

    func take() -> Take {
        var random = SceneRandom(seed: seed)
        var starts = [0.0]
        for _ in 1..<max(1, frames) {
            starts.append(starts[starts.count - 1] + Double(slots) * periodPS + gapPS * (1 + random.uniform()))
        }
        // Alice's zero is the wanted frame's start, so that Bob's time of it is startPS whatever the skew.
        let zero = starts[wanted]
        var clicks: [(time: Double, detector: Int)] = []
        var wantedCodes: [UInt8] = []
        for (index, start) in starts.enumerated() {
            let codes = (0..<slots).map { _ in randomCode(&random) }
            if index == wanted { wantedCodes = codes }
            detections(codes, startPS: start - zero, &random, &clicks)
        }
        let from = starts[0] - zero - marginPS
        let to = starts[starts.count - 1] - zero + Double(slots) * periodPS + marginPS
        for detector in 0..<4 where darksHz > 0 {
            var time = from
            while true {
                time += random.exponential(mean: 1e12 / darksHz)
                if time >= to { break }
                clicks.append((time, detector))
            }
        }
        return Take(
            tags: tagged(&clicks, &random), codes: wantedCodes, disclosed: disclosure(of: wantedCodes, &random))
    }

    private func randomCode(_ random: inout SceneRandom) -> UInt8 {
        let draw = random.uniform()
        let intensity: Intensity =
            draw <= chances[0] ? .signal : draw <= chances[0] + chances[1] ? .decoy : .vacuum
        let basis: Basis = random.uniform() <= chanceOfZ ? .z : .x
        return PulseCode(BB84State(basis, UInt8(truncatingIfNeeded: random.next() & 1)), intensity).rawValue
    }

    private func detections(
        _ codes: [UInt8], startPS: Double, _ random: inout SceneRandom,
        _ clicks: inout [(time: Double, detector: Int)]
    ) {
        let averageMean =
            chances[0] * means[0] + chances[1] * means[1] + (1 - chances[0] - chances[1]) * means[2]
        let brightest = means.max() ?? 0
        let most = detectionsPerSlot * brightest / averageMean
        // Photons of the brightest pulse come as a Poisson stream over the slots; dimmer pulses thin it.
        var place = 0.0
        while true {
            place += random.exponential(mean: 1 / most)
            if place >= Double(codes.count) { return }
            let slot = Int(place)
            let code = PulseCode(rawValue: codes[slot])
            if random.uniform() * brightest > means[Int(code.intensity.rawValue)] { continue }
            let basis: Basis = random.uniform() <= bobChanceOfZ ? .z : .x
            var bit = UInt8(truncatingIfNeeded: random.next() & 1)
            if basis == code.basis { bit = random.uniform() <= opticalError ? 1 - code.bit : code.bit }
            var time = startPS + Double(slot) * periodPS + random.gaussian(sigma: jitterSigmaPS)
            if random.uniform() <= tailShare { time += random.exponential(mean: tailPS) }
            clicks.append((time, BB84State(basis, bit).index))
        }
    }

    private func tagged(_ clicks: inout [(time: Double, detector: Int)], _ random: inout SceneRandom) -> TagBatch {
        clicks.sort { $0.time < $1.time }
        var readyAt = [Double](repeating: -.infinity, count: 4)
        var kept: [(time: Double, detector: Int)] = []
        for click in clicks {
            guard click.time >= readyAt[click.detector] else { continue }
            kept.append(click)
            readyAt[click.detector] = click.time + deadTimePS
            if random.uniform() <= afterpulse {
                let late = click.time + deadTimePS + random.exponential(mean: afterpulseTauPS)
                kept.append((late, click.detector))
                readyAt[click.detector] = late + deadTimePS
            }
        }
        let resolution = Double(resolutionPS)
        var tags = kept.map { click in
            let bob = startPS + (1 + skew + 0.5e-12 * driftPerS * click.time) * click.time
            return (
                time: Int64((bob / resolution).rounded(.down)) * resolutionPS, channel: Self.channels[click.detector]
            )
        }
        tags.sort { ($0.time, $0.channel) < ($1.time, $1.channel) }
        return TagBatch(times: tags.map(\.time), channels: tags.map(\.channel))
    }

    private func disclosure(of codes: [UInt8], _ random: inout SceneRandom) -> [DisclosedSlot] {
        stride(from: 0, to: codes.count, by: blockPerDisclosed).map { block in
            let slot = block + random.below(min(blockPerDisclosed, codes.count - block))
            return DisclosedSlot(slot: UInt32(slot), code: PulseCode(rawValue: codes[slot]))
        }
    }

    /// A search whose nominal start is off by `errorPS`.
    func search(_ take: Take, uncertaintyPS: Int64 = 5_000_000_000, errorPS: Int64 = 0) -> FrameSearch {
        var search = FrameSearch(
            nominalStartPS: Int64(startPS) + errorPS, uncertaintyPS: uncertaintyPS, slots: slots,
            slotPeriodPS: periodPS, disclosed: take.disclosed, detectors: Self.detectorMap,
            resolutionPS: resolutionPS)
        search.relativeMeans = means
        return search
    }

    /// How far a lock's start is from the truth, picoseconds.
    func startErrorPS(_ lock: FrameLock) -> Double {
        Double(lock.startPS) - startPS + lock.startFractionPS
    }
}
