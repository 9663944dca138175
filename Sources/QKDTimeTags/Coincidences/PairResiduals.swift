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

    /// Collects the pairs of all slices.
    init(_ tags: TagPair, _ relation: ClockRelation, slices all: [ClockSlice], halfWidthPS: Double) {
        self.relation = relation
        self.halfWidthPS = halfWidthPS
        aliceChannels = Self.channels(tags.alice)
        bobChannels = Self.channels(tags.bob)
        let tableA = Self.table(aliceChannels)
        let tableB = Self.table(bobChannels)
        let reach = Int64(halfWidthPS.rounded(.up))
        tags.alice.times.withUnsafeBufferPointer { a in
            tags.bob.times.withUnsafeBufferPointer { b in
                for (number, slice) in all.enumerated() {
                    let range = tags.alice.range(fromPS: slice.startPS, toPS: slice.endPS)
                    guard let first = range.first else { continue }
                    var head = ClickList.lowerBound(b, relation.bobPS(ofAlicePS: a[first]) - reach - 1)
                    for index in range {
                        let x = Double(a[index] &- relation.referencePS) * 1e-12
                        let departure = relation.departurePS(atSeconds: x)
                        let base = a[index] &+ relation.offsetPS
                        let low = base &+ Int64((departure - halfWidthPS).rounded(.up))
                        while head < b.count, b[head] < low { head &+= 1 }
                        var next = head
                        while next < b.count {
                            let residual = Double(b[next] &- base) - departure
                            if residual > halfWidthPS { break }
                            seconds.append(x)
                            residuals.append(residual)
                            aliceIndices.append(tableA[Int(tags.alice.channels[index])])
                            bobIndices.append(tableB[Int(tags.bob.channels[next])])
                            slices.append(Int32(number))
                            next &+= 1
                        }
                    }
                }
            }
        }
    }

    private static func channels(_ tags: TagBatch) -> [UInt8] {
        var seen = [Bool](repeating: false, count: 256)
        for channel in tags.channels { seen[Int(channel)] = true }
        return (0..<256).filter { seen[$0] }.map(UInt8.init)
    }

    private static func table(_ channels: [UInt8]) -> [UInt8] {
        var table = [UInt8](repeating: 0, count: 256)
        for (index, channel) in channels.enumerated() { table[Int(channel)] = UInt8(index) }
        return table
    }
}
