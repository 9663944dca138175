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
        var result = Coincidences()
        var resolver = PairResolver()
        var room = PairRoom()
        let kernel = kernel(shiftPS: shiftPS)
        func emit(a: Int, b: Int, differencePS: Int64) {
            result.aliceIndices.append(tags.aliceIndices[a])
            result.bobIndices.append(tags.bobIndices[b])
            result.differencesPS.append(differencePS)
        }
        tags.aliceTimesPS.withUnsafeBufferPointer { a in
            tags.bobTimesPS.withUnsafeBufferPointer { b in
                room.findAll(kernel, a, b) { resolver.take($0, $1, a, b, offsetPS: shiftPS, emit: emit) }
            }
        }
        resolver.finish(emit: emit)
        return result
    }

    /// −τ/2 ≤ r < τ/2 in whole ps, r being the difference less the shift.
    func kernel(shiftPS: Int64 = 0) -> PairKernel {
        PairKernel(differencesPS: shiftPS - windowPS / 2...shiftPS + (windowPS - 1) / 2)
    }
}
