#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// A fixed delay at which second tags follow first ones.
public struct GhostPeak: Sendable, Equatable {
    /// The input of the first tag.
    public var leader: UInt8
    /// The input of the second one; the same for a reflection, another for cross-talk.
    public var follower: UInt8
    /// Delays from this one up to, not including, `endPS` belong to the peak, ps.
    public var startPS: Int64
    /// End of the peak, ps.
    public var endPS: Int64
    /// Tags in it above what chance puts there.
    public var excess: Double
    /// The excess as a share of the leader's tags.
    public var probability: Double
}

/// Finds and removes second tags that electronics made of one click.
///
/// Delays of a tag to the next one of each channel are counted. A bin far above its neighbourhood, in which
/// independent tags would be Poisson, is a ghost's; a comb of many such bins is a pulsed light and is left alone.
public struct GhostPulses: Sendable {
    /// Delays up to this are looked at, ps.
    public var rangePS: Int64 = 500 * Picoseconds.perNanosecond
    /// Width of a bin, ps; at least the tagger's unit of time.
    public var binPS: Int64
    /// Peaks rarer than this share of the leader's tags are let be.
    public var leastProbability = 1e-4
    /// Whether delays from one channel to another are looked at too.
    public var crossChannels = true

    /// Prepares for tags of a resolution, ps.
    public init(resolutionPS: Double = 1) {
        binPS = max(250, Int64((2 * resolutionPS).rounded(.up)))
    }

    /// More peaks than this for a pair of channels are a comb.
    private static let mostPeaks = 4
    private static let neighbourhood = 32

    /// The ghosts of a capture that is in time order.
    public func find(in tags: TagBatch) -> [GhostPeak] {
        var used = [Int](repeating: 0, count: 256)
        for channel in tags.channels { used[Int(channel)] += 1 }
        let channels = (0..<256).filter { used[$0] > 0 }
        // Beyond 16 inputs only reflections are looked for, to keep the table small.
        let crosses = crossChannels && channels.count <= 16
        let bins = Int(rangePS / binPS) + 1
        var table = [Int](repeating: -1, count: 256)
        for (index, channel) in channels.enumerated() { table[channel] = index }
        let width = crosses ? channels.count : 1
        var counts = [Int](repeating: 0, count: channels.count * width * bins)
        tags.times.withUnsafeBufferPointer { times in
            tags.channels.withUnsafeBufferPointer { inputs in
                for index in times.indices {
                    if index & 0xFFFF == 0, Task.isCancelled { break }
                    let leader = inputs[index]
                    var seen: UInt64 = 0
                    var next = index &+ 1
                    while next < times.count {
                        let delay = times[next] &- times[index]
                        if delay >= rangePS { break }
                        let follower = inputs[next]
                        let isSame = follower == leader
                        let row = crosses ? table[Int(follower)] : 0
                        // The first follower of each channel only.
                        if crosses || isSame, seen & (1 << UInt64(row)) == 0 {
                            seen |= 1 << UInt64(row)
                            counts[(table[Int(leader)] * width + row) * bins + Int(delay / binPS)] += 1
                        }
                        if isSame, !crosses { break }
                        next &+= 1
                    }
                }
            }
        }
        var peaks: [GhostPeak] = []
        for (index, leader) in channels.enumerated() {
            for row in 0..<width {
                let start = (index * width + row) * bins
                let follower = crosses ? channels[row] : leader
                peaks += self.peaks(
                    Array(counts[start..<start + bins]), UInt8(leader), UInt8(follower), tags: used[leader])
            }
        }
        return peaks
    }

    private func peaks(_ counts: [Int], _ leader: UInt8, _ follower: UInt8, tags: Int) -> [GhostPeak] {
        var found: [GhostPeak] = []
        var open: (start: Int, excess: Double)?
        for bin in 0...counts.count {
            var excess = 0.0
            if bin < counts.count {
                let low = max(0, bin - Self.neighbourhood)
                let around = counts[low..<min(counts.count, bin + Self.neighbourhood + 1)].sorted()
                let level = Double(around[around.count / 2])
                let above = Double(counts[bin]) - level
                // Six deviations and more: none of thousands of bins does that by chance.
                if LinePeak.bennett(excess: above, variance: max(level, 0.5)) > 20 { excess = above }
            }
            if excess > 0 {
                open = (open?.start ?? bin, (open?.excess ?? 0) + excess)
            } else if let peak = open {
                let probability = peak.excess / Double(max(1, tags))
                if probability >= leastProbability {
                    // One bin to each side, for what the edges cut off.
                    found.append(
                        GhostPeak(
                            leader: leader, follower: follower, startPS: Int64(max(0, peak.start - 1)) * binPS,
                            endPS: Int64(bin + 1) * binPS, excess: peak.excess, probability: probability))
                }
                open = nil
            }
        }
        return found.count <= Self.mostPeaks ? found : []
    }

    /// Removes the tags that follow another one, itself kept, at the delay of a peak. Returns what is left and, for
    /// each, its index in `tags`.
    public func remove(_ peaks: [GhostPeak], from tags: TagBatch) -> (tags: TagBatch, indices: [Int]) {
        let reach = peaks.map(\.endPS).max() ?? 0
        return Self.filter(tags, reachPS: reach) { leader, follower, delay in
            peaks.contains {
                $0.leader == leader && $0.follower == follower && delay >= $0.startPS && delay < $0.endPS
            }
        }
    }

    /// Removes the tags that follow a kept one of the same channel by less than `deadTimePS`.
    public static func remove(within deadTimePS: Int64, from tags: TagBatch) -> (tags: TagBatch, indices: [Int]) {
        filter(tags, reachPS: deadTimePS) { leader, follower, _ in leader == follower }
    }

    private static func filter(
        _ tags: TagBatch, reachPS: Int64, _ isGhost: (UInt8, UInt8, Int64) -> Bool
    ) -> (tags: TagBatch, indices: [Int]) {
        var result = TagBatch(capacity: tags.count)
        var indices: [Int] = []
        indices.reserveCapacity(tags.count)
        var head = 0
        for index in 0..<tags.count {
            let time = tags.times[index]
            while head < result.count, time - result.times[head] >= reachPS { head += 1 }
            var drop = false
            for earlier in head..<result.count
            where isGhost(result.channels[earlier], tags.channels[index], time - result.times[earlier]) {
                drop = true
                break
            }
            if !drop {
                result.append(timePS: time, channel: tags.channels[index])
                indices.append(index)
            }
        }
        return (result, indices)
    }
}
