import QKDCore
import QKDKernels

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
        var pairs = ResolvedPairs()
        var resolver = PairResolver()
        var room = PairRoom()
        let kernel = kernel(shiftPS: shiftPS)
        tags.aliceTimesPS.withUnsafeBufferPointer { a in
            tags.bobTimesPS.withUnsafeBufferPointer { b in
                room.findAll(kernel, a, b) { resolver.take($0, $1, a, b, offsetPS: shiftPS, into: &pairs) }
            }
        }
        resolver.finish(into: &pairs)
        var result = Coincidences()
        result.aliceIndices = pairs.a.prefix(pairs.count).map { tags.aliceIndices[$0] }
        result.bobIndices = pairs.b.prefix(pairs.count).map { tags.bobIndices[$0] }
        result.differencesPS = Array(pairs.differencesPS.prefix(pairs.count))
        return result
    }

    /// −τ/2 ≤ r < τ/2 in whole ps, r being the difference less the shift.
    func kernel(shiftPS: Int64 = 0) -> PairKernel {
        PairKernel(differencesPS: shiftPS - windowPS / 2...shiftPS + (windowPS - 1) / 2)
    }
}
