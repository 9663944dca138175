import QKDCore

/// Both parties' tags on Bob's clock, detectors' delays taken off, in order; only those of correlated stretches.
public struct AlignedTags: Sendable {
    /// Alice's times on Bob's clock less her detectors' delays, and Bob's less his, ps; each rising.
    public private(set) var aliceTimesPS: [Int64] = []
    /// Bob's times less his detectors' delays, ps, rising.
    public private(set) var bobTimesPS: [Int64] = []
    /// Index in the capture of each of Alice's.
    public private(set) var aliceIndices: [UInt32] = []
    /// Index in the capture of each of Bob's.
    public private(set) var bobIndices: [UInt32] = []
    /// The stretches, as pairs of start and end on Alice's clock, ps.
    public private(set) var stretchesPS: [Range<Int64>] = []

    /// What holes took away of the correlated slices, seconds of Alice's clock.
    public private(set) var holeSeconds = 0.0

    /// How long the stretches are together, seconds of Alice's clock.
    public var seconds: Double { Self.seconds(stretchesPS) }

    private static func seconds(_ stretches: [Range<Int64>]) -> Double {
        stretches.reduce(0) { $0 + Double($1.upperBound - $1.lowerBound) } * 1e-12
    }

    /// Aligns two captures, each in time order, by a recovered clock.
    ///
    /// Corrected times are rounded to whole ps. Tags outside the correlated slices are left out, so that nothing is
    /// counted across a stretch in which the captures do not belong together; so are both parties' tags in the
    /// stretches, each on its own clock, in which one of them has a hole. Throws `invalidInput` or `outOfRange` for
    /// captures that cannot be used.
    public init(
        alice: TagBatch, bob: TagBatch, clock: RecoveredClock, aliceHolesPS: [Range<Int64>] = [],
        bobHolesPS: [Range<Int64>] = []
    ) throws {
        _ = try TagPair(alice: alice, bob: bob)
        guard alice.count <= Int(UInt32.max), bob.count <= Int(UInt32.max) else {
            throw QKDError(.outOfRange, "a capture of more than 2^32 - 1 tags")
        }
        for slice in clock.slices where slice.isCorrelated {
            if let last = stretchesPS.last, last.upperBound == slice.startPS {
                stretchesPS[stretchesPS.count - 1] = last.lowerBound..<slice.endPS
            } else {
                stretchesPS.append(slice.startPS..<slice.endPS)
            }
        }
        let relation = clock.relation
        if !aliceHolesPS.isEmpty || !bobHolesPS.isEmpty {
            let before = seconds
            let holes =
                aliceHolesPS
                + bobHolesPS.map {
                    relation.alicePS(ofBobPS: $0.lowerBound)..<relation.alicePS(ofBobPS: $0.upperBound) + 1
                }
            stretchesPS = HoleStretches.remove(holes, from: stretchesPS)
            holeSeconds = before - seconds
        }
        let delaysA = clock.aliceDelays.byChannelPS
        let delaysB = clock.bobDelays.byChannelPS
        aliceTimesPS.reserveCapacity(alice.count)
        aliceIndices.reserveCapacity(alice.count)
        bobTimesPS.reserveCapacity(bob.count)
        bobIndices.reserveCapacity(bob.count)
        for stretch in stretchesPS {
            alice.times.withUnsafeBufferPointer { times in
                for index in alice.range(fromPS: stretch.lowerBound, toPS: stretch.upperBound) {
                    let x = Double(times[index] &- relation.referencePS) * 1e-12
                    let shift = relation.departurePS(atSeconds: x) - delaysA[Int(alice.channels[index])]
                    aliceTimesPS.append(times[index] &+ relation.offsetPS &+ Int64(shift.rounded()))
                    aliceIndices.append(UInt32(index))
                }
            }
            let from = relation.bobPS(ofAlicePS: stretch.lowerBound)
            let to = relation.bobPS(ofAlicePS: stretch.upperBound)
            for index in bob.range(fromPS: from, toPS: to) {
                bobTimesPS.append(bob.times[index] &- Int64(delaysB[Int(bob.channels[index])].rounded()))
                bobIndices.append(UInt32(index))
            }
        }
        NearlySorted.putInOrder(&aliceTimesPS, &aliceIndices)
        NearlySorted.putInOrder(&bobTimesPS, &bobIndices)
    }

    /// Takes tags that are aligned already; index = place. For tests and for captures of one clock.
    init(aliceTimesPS: [Int64], bobTimesPS: [Int64], durationPS: Int64) {
        self.aliceTimesPS = aliceTimesPS
        self.bobTimesPS = bobTimesPS
        aliceIndices = aliceTimesPS.indices.map(UInt32.init)
        bobIndices = bobTimesPS.indices.map(UInt32.init)
        stretchesPS = [0..<durationPS]
    }
}
