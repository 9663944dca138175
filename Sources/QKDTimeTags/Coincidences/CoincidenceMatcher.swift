import QKDCore

/// Tags of Alice and Bob that belong together, one to one, in the order of Alice's corrected times.
public struct Coincidences: Sendable, Equatable {
    /// Index in Alice's capture of each.
    public var aliceIndices: [UInt32] = []
    /// Index in Bob's capture of each.
    public var bobIndices: [UInt32] = []
    /// Bob's corrected time less Alice's, less the shift, ps.
    public var differencesPS: [Int64] = []

    /// Starts empty.
    public init() {}

    /// Number of coincidences.
    public var count: Int { aliceIndices.count }
}

/// Pairs each tag with at most one of the other side, the nearest first.
///
/// All pairs whose difference r lies in −τ/2 ≤ r < τ/2 are candidates. They are taken in the order of |r|, ties in
/// the order of Alice's and then of Bob's corrected time (then of the captures); a candidate counts if neither of
/// its tags has been taken. No tag is in two coincidences, and exchanging far pairs for near ones is impossible.
public struct CoincidenceMatcher: Sendable {
    /// Full width τ of the window, ps.
    public let windowPS: Int64

    /// Prepares for a window; throws `outOfRange` below 1 ps or above 1 ms.
    public init(windowPS: Int64) throws {
        guard windowPS >= 1, windowPS <= Picoseconds.perMillisecond else {
            throw QKDError(.outOfRange, "a coincidence window of \(windowPS) ps; 1 ps to 1 ms are possible")
        }
        self.windowPS = windowPS
    }

    /// Matches; `shiftPS` is taken off each difference, so that a shift far from zero finds accidental pairs only.
    public func match(_ tags: AlignedTags, shiftPS: Int64 = 0) -> Coincidences {
        var result = Coincidences()
        var cluster = CandidateCluster()
        let window = windowPS
        tags.aliceTimesPS.withUnsafeBufferPointer { a in
            tags.bobTimesPS.withUnsafeBufferPointer { b in
                var head = 0
                for index in a.indices {
                    let origin = a[index] &+ shiftPS
                    while head < b.count, 2 &* (b[head] &- origin) < -window { head &+= 1 }
                    // Heads only rise: what lies before this one is of no use to any later tag of Alice.
                    if head >= cluster.endBob { cluster.settle(tags, into: &result) }
                    var next = head
                    while next < b.count {
                        let difference = b[next] &- origin
                        if 2 &* difference >= window { break }
                        cluster.add(index, next, difference)
                        next &+= 1
                    }
                }
                cluster.settle(tags, into: &result)
            }
        }
        return result
    }
}

/// Candidate pairs that hang together by shared tags.
private struct CandidateCluster {
    private struct Candidate {
        var alice: Int
        var bob: Int
        var difference: Int64
    }

    private var candidates: [Candidate] = []
    /// One beyond the last of Bob's tags among them.
    private(set) var endBob = 0

    @inline(__always)
    mutating func add(_ alice: Int, _ bob: Int, _ difference: Int64) {
        candidates.append(Candidate(alice: alice, bob: bob, difference: difference))
        endBob = max(endBob, bob &+ 1)
    }

    /// Decides the candidates and forgets them.
    @inline(__always)
    mutating func settle(_ tags: AlignedTags, into result: inout Coincidences) {
        guard let first = candidates.first else { return }
        if candidates.count == 1 {
            Self.take(first, tags, into: &result)
        } else {
            settleMany(tags, into: &result)
        }
        candidates.removeAll(keepingCapacity: true)
    }

    private func settleMany(_ tags: AlignedTags, into result: inout Coincidences) {
        let order = candidates.sorted {
            ($0.difference.magnitude, $0.alice, $0.bob) < ($1.difference.magnitude, $1.alice, $1.bob)
        }
        let firstAlice = candidates[0].alice
        let firstBob = candidates.reduce(Int.max) { min($0, $1.bob) }
        var takenAlice = [Bool](repeating: false, count: candidates[candidates.count - 1].alice - firstAlice + 1)
        var takenBob = [Bool](repeating: false, count: endBob - firstBob)
        var chosen: [Candidate] = []
        for candidate in order where !takenAlice[candidate.alice - firstAlice] && !takenBob[candidate.bob - firstBob] {
            takenAlice[candidate.alice - firstAlice] = true
            takenBob[candidate.bob - firstBob] = true
            chosen.append(candidate)
        }
        for candidate in chosen.sorted(by: { $0.alice < $1.alice }) { Self.take(candidate, tags, into: &result) }
    }

    @inline(__always)
    private static func take(_ candidate: Candidate, _ tags: AlignedTags, into result: inout Coincidences) {
        result.aliceIndices.append(tags.aliceIndices[candidate.alice])
        result.bobIndices.append(tags.bobIndices[candidate.bob])
        result.differencesPS.append(candidate.difference)
    }
}
