import QKDCore

/// Counts coincidences of a group of channels in tags that come in time order.
///
/// A tag of the first channel counts once if every other channel has a tag, not used before, within ± half the
/// window of it; of several the earliest is used. Channels may be delayed against each other.
public struct CoincidenceCounter: Sendable {
    /// The channels, all different.
    public let channels: [UInt8]
    /// Full width of the window, ps: |t − t₁| ≤ width / 2.
    public let windowPS: Int64
    /// Coincidences so far.
    public private(set) var coincidences = 0
    /// Tags of each channel so far.
    public private(set) var singles: [Int]

    private let delaysPS: [Int64]
    private let slot: [Int8]
    private var held: [[Int64]]
    private var newestPS = Int64.min
    private let reachPS: Int64

    /// `delaysPS` are taken off the times of their channels. Throws `outOfRange` for fewer than two channels,
    /// a channel named twice, a window below 1 ps, or delays beyond a second.
    public init(channels: [UInt8], windowPS: Int64, delaysPS: [UInt8: Int64] = [:]) throws {
        guard channels.count >= 2, Set(channels).count == channels.count else {
            throw QKDError(.outOfRange, "a coincidence takes two or more different channels")
        }
        guard (1...Picoseconds.perSecond).contains(windowPS),
            delaysPS.values.allSatisfy({ $0.magnitude <= UInt64(Picoseconds.perSecond) })
        else { throw QKDError(.outOfRange, "windows are 1 ps to 1 s wide, delays up to 1 s") }
        self.channels = channels
        self.windowPS = windowPS
        self.delaysPS = channels.map { delaysPS[$0] ?? 0 }
        singles = Array(repeating: 0, count: channels.count)
        held = Array(repeating: [], count: channels.count)
        var slot = [Int8](repeating: -1, count: 256)
        for (index, channel) in channels.enumerated() { slot[Int(channel)] = Int8(truncatingIfNeeded: index) }
        self.slot = slot
        reachPS = windowPS + 2 * (self.delaysPS.map { abs($0) }.max() ?? 0)
    }

    /// Takes tags in time order.
    public mutating func add(_ batch: TagBatch) {
        for index in 0..<batch.count {
            let position = Int(slot[Int(batch.channels[index])])
            guard position >= 0 else { continue }
            held[position].append(batch.times[index] - delaysPS[position])
            singles[position] += 1
        }
        guard let newest = batch.times.last else { return }
        newestPS = max(newestPS, newest)
        count(upToPS: newestPS - reachPS)
    }

    /// Counts what was still open.
    public mutating func finish() { count(upToPS: .max) }

    /// Accidental coincidences that uncorrelated light of these rates makes in `durationPS`:
    /// Π N · (w / T)^(n−1), for two channels S_A S_B w T.
    public func accidentals(durationPS: Int64) -> Double {
        guard durationPS > 0 else { return 0 }
        let first = Double(singles[0])
        return singles.dropFirst().reduce(first) { $0 * Double($1) * Double(windowPS) / Double(durationPS) }
    }

    private mutating func count(upToPS limit: Int64) {
        var cursor = Array(repeating: 0, count: held.count)
        let half = windowPS / 2
        for time in held[0] {
            guard time <= limit else { break }
            cursor[0] += 1
            var all = true
            for other in held.indices.dropFirst() {
                while cursor[other] < held[other].count, held[other][cursor[other]] < time - half { cursor[other] += 1 }
                all = all && cursor[other] < held[other].count && held[other][cursor[other]] <= time + half
            }
            guard all else { continue }
            coincidences += 1
            for other in held.indices.dropFirst() { cursor[other] += 1 }
        }
        held[0].removeFirst(cursor[0])
        // What lies before every start that can still come is of no use.
        let horizon = limit == .max ? .max : min(held[0].first ?? .max, limit) - half
        for other in held.indices.dropFirst() {
            let used = max(cursor[other], held[other].prefix { $0 < horizon }.count)
            held[other].removeFirst(min(used, held[other].count))
        }
    }
}
