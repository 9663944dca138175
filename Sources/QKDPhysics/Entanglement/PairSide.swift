#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// One party's detectors and tagger: candidates in, tags on the party's clock out.
struct PairSide: Sendable {
    private let party: PairParty
    private let clock: ClockModel
    /// Ghosts given out.
    private(set) var ghosts = 0

    /// Candidates of each detector, in no order.
    private var candidates: [[Int64]] = Array(repeating: [], count: 4)
    private var liveFromPS = [Int64](repeating: .min, count: 4)
    private var darks: [SeededGenerator]
    private var nextDarkPS: [Double]
    private var jitter: SeededGenerator
    private var ghostGenerators: [SeededGenerator]
    /// Tags that are settled but not given out, as time × 4 + detector.
    private var waiting: [Int64] = []
    private let sigmaPS: [Double]
    /// How much earlier than its photon a click may come.
    private let leadPS: Int64

    init(_ party: PairParty, clock: ClockModel, seed: UInt64, name: String) {
        self.party = party
        self.clock = clock
        jitter = SeededGenerator(seed: seed, stream: name + "/jitter")
        ghostGenerators = (0..<4).map { SeededGenerator(seed: seed, stream: "\(name)/ghost\($0)") }
        darks = (0..<4).map { SeededGenerator(seed: seed, stream: "\(name)/dark\($0)") }
        nextDarkPS = Array(repeating: .infinity, count: 4)
        sigmaPS = party.detectors.map { $0.jitterFWHMPS / PulseShape.fwhmPerSigma }
        let lead = zip(sigmaPS, party.detectors).map { $0 * SeededGenerator.largestGaussian - $1.delayPS }
        leadPS = Int64(max(0, lead.max() ?? 0).rounded(.up)) + 1
        for index in 0..<4 where party.detectors[index].uncorrelatedRateHz > 0 {
            nextDarkPS[index] = darks[index].exponential() / party.detectors[index].uncorrelatedRateHz * 1e12
        }
    }

    /// A photon that makes a click in a live detector.
    mutating func click(_ detector: Int, atPS timePS: Double) {
        let spread = sigmaPS[detector] > 0 ? sigmaPS[detector] * jitter.gaussian() : 0
        let time = timePS + party.detectors[detector].delayPS + spread
        candidates[detector].append(Int64(time.rounded(.down)))
    }

    /// The tags before `endPS` that nothing to come can precede.
    mutating func collect(untilPS endPS: Int64, isLast: Bool) -> TagBatch {
        let limit = isLast ? Int64.max : endPS - leadPS
        for index in 0..<4 { settle(index, endPS, limit, isLast: isLast) }
        waiting.sort()
        var batch = TagBatch(capacity: waiting.count)
        var taken = 0
        for packed in waiting {
            let time = packed >> 2
            guard time < limit else { break }
            let reading = Double(clock.reading(atPS: time))
            let tick = (reading / party.tickPS).rounded(.down) * party.tickPS
            batch.append(timePS: Int64(tick.rounded()), channel: UInt8(packed & 3) + 1)
            taken += 1
        }
        waiting.removeFirst(taken)
        return batch
    }

    /// Decides a detector's candidates before `limit`.
    private mutating func settle(_ index: Int, _ endPS: Int64, _ limit: Int64, isLast: Bool) {
        let detector = party.detectors[index]
        // At the end there is nothing to add: the dark counts have been drawn up to the last `endPS`.
        while !isLast, nextDarkPS[index] < Double(endPS) {
            candidates[index].append(Int64(nextDarkPS[index].rounded(.down)))
            nextDarkPS[index] += darks[index].exponential() / detector.uncorrelatedRateHz * 1e12
        }
        candidates[index].sort()
        var taken = 0
        for time in candidates[index] {
            guard time < limit else { break }
            taken += 1
            guard time >= liveFromPS[index] else { continue }
            liveFromPS[index] = time + detector.deadTimePS
            waiting.append(time << 2 | Int64(index))
            if let ghost = party.ghost, ghostGenerators[index].uniform() <= ghost.probability {
                ghosts += 1
                waiting.append((time + ghost.delayPS) << 2 | Int64(index))
            }
        }
        candidates[index].removeFirst(taken)
    }
}
