import QKDCore

/// All pairs of tags near a predicted clock relation, with what the fit needs of each.
struct PairResiduals {
    /// The relation that residuals are taken from.
    let relation: ClockRelation
    /// Residuals from −halfWidth to +halfWidth are in, ps.
    let halfWidthPS: Double
    /// Channels of either side that occur, rising; pairs hold indices into these.
    let aliceChannels: [UInt8]
    let bobChannels: [UInt8]
    /// Seconds of Alice's tag after the relation's reference.
    private(set) var seconds: [Double] = []
    /// t_B less its prediction, ps.
    private(set) var residuals: [Double] = []
    private(set) var aliceIndices: [UInt8] = []
    private(set) var bobIndices: [UInt8] = []
    /// The slice of each pair; rising.
    private(set) var slices: [Int32] = []

    var count: Int { residuals.count }

    /// Collects the pairs of all slices; those of `near` are taken from there where it has all of them.
    init(
        _ tags: TagPair, _ relation: ClockRelation, slices all: [ClockSlice], halfWidthPS: Double,
        near: SlicePairs = SlicePairs()
    ) {
        self.relation = relation
        self.halfWidthPS = halfWidthPS
        aliceChannels = Self.channels(tags.alice)
        bobChannels = Self.channels(tags.bob)
        let tableA = Self.table(aliceChannels)
        let tableB = Self.table(bobChannels)
        seconds.reserveCapacity(near.pairs.count)
        residuals.reserveCapacity(near.pairs.count)
        aliceIndices.reserveCapacity(near.pairs.count)
        bobIndices.reserveCapacity(near.pairs.count)
        slices.reserveCapacity(near.pairs.count)
        for (number, slice) in all.enumerated() {
            if let range = near.range(slice, number, relation, halfWidthPS: halfWidthPS) {
                take(tags, near.pairs, range, slice: number, tableA, tableB)
            } else {
                var found = NearPairs()
                found.add(tags, relation, fromPS: slice.startPS, toPS: slice.endPS, halfWidthPS: halfWidthPS)
                take(tags, found, 0..<found.count, slice: number, tableA, tableB)
            }
        }
    }

    private mutating func take(
        _ tags: TagPair, _ pairs: NearPairs, _ range: Range<Int>, slice: Int, _ tableA: [UInt8], _ tableB: [UInt8]
    ) {
        tags.alice.times.withUnsafeBufferPointer { a in
            tags.bob.times.withUnsafeBufferPointer { b in
                for index in range {
                    let (i, j) = (Int(pairs.aliceIndices[index]), Int(pairs.bobIndices[index]))
                    let x = Double(a[i] &- relation.referencePS) * 1e-12
                    let residual = Double(b[j] &- a[i] &- relation.offsetPS) - relation.departurePS(atSeconds: x)
                    guard abs(residual) <= halfWidthPS else { continue }
                    seconds.append(x)
                    residuals.append(residual)
                    aliceIndices.append(tableA[Int(tags.alice.channels[i])])
                    bobIndices.append(tableB[Int(tags.bob.channels[j])])
                    slices.append(Int32(slice))
                }
            }
        }
    }

    private static func channels(_ tags: TagBatch) -> [UInt8] {
        var seen = [Bool](repeating: false, count: 256)
        tags.channels.withUnsafeBufferPointer { channels in
            seen.withUnsafeMutableBufferPointer { seen in
                for channel in channels { seen[Int(channel)] = true }
            }
        }
        return (0..<256).filter { seen[$0] }.map(UInt8.init)
    }

    private static func table(_ channels: [UInt8]) -> [UInt8] {
        var table = [UInt8](repeating: 0, count: 256)
        for (index, channel) in channels.enumerated() { table[Int(channel)] = UInt8(index) }
        return table
    }
}

/// The pairs that tracking has looked at, slice by slice, each slice with the relation that they are near to.
struct SlicePairs {
    /// One slice's pairs.
    struct Part {
        var range: Range<Int>
        var relation: ClockRelation
        var halfWidthPS: Double
    }

    /// All pairs, in the order in which the slices were looked at.
    var pairs = NearPairs()
    /// Of each slice, `nil` where none was looked at.
    var parts: [Part?] = []

    /// The pairs among which are all those within ± `halfWidthPS` of another relation; `nil` if some may be missing.
    func range(
        _ slice: ClockSlice, _ number: Int, _ relation: ClockRelation, halfWidthPS: Double
    ) -> Range<Int>? {
        guard number < parts.count, let part = parts[number] else { return nil }
        // Between the three instants two smooth curves differ by little more than at them.
        let away = [slice.startPS, slice.centrePS, slice.endPS].map { time in
            let shift = Double(relation.offsetPS - part.relation.offsetPS)
            return abs(
                shift + relation.departurePS(atSeconds: Double(time - relation.referencePS) * 1e-12)
                    - part.relation.departurePS(atSeconds: Double(time - part.relation.referencePS) * 1e-12))
        }
        return halfWidthPS + 1.25 * (away.max() ?? 0) + 2 <= part.halfWidthPS ? part.range : nil
    }
}
