import QKDCore

/// Time differences around a predicted clock relation: one histogram for each of a number of equal time segments.
struct DifferencePlane {
    /// Start and length of the time covered, on Alice's clock, ps.
    let startPS: Int64
    let durationPS: Int64
    /// The prediction.
    let relation: ClockRelation
    /// Segments of the time, and bins of each.
    let segments: Int
    let bins: Int
    /// Width of a bin, ps; bin i holds the residuals from (i − bins/2) widths on.
    let binPS: Double
    /// Sums of the pairs' weights, segment by segment.
    private(set) var sums: [Float]
    /// Sum of the squared weights of all pairs.
    private(set) var squares = 0.0

    /// Counts the pairs whose residual t_B − prediction lies within ± `bins`/2 bins.
    init(
        _ tags: TagPair, weights: TagWeights, startPS: Int64, durationPS: Int64, relation: ClockRelation,
        segments: Int, bins: Int, binPS: Double
    ) {
        self.startPS = startPS
        self.durationPS = durationPS
        self.relation = relation
        self.segments = segments
        self.bins = bins
        self.binPS = binPS
        var sums = [Float](repeating: 0, count: segments * bins)
        var squares = 0.0
        let range = tags.alice.range(fromPS: startPS, toPS: startPS + durationPS)
        let half = 0.5 * Double(bins) * binPS
        let reach = Int64(half.rounded(.up))
        let perBin = 1 / binPS
        let perSegment = Double(segments) / Double(durationPS)
        tags.alice.times.withUnsafeBufferPointer { a in
            tags.alice.channels.withUnsafeBufferPointer { channelsA in
                tags.bob.times.withUnsafeBufferPointer { b in
                    tags.bob.channels.withUnsafeBufferPointer { channelsB in
                        weights.alice.withUnsafeBufferPointer { weightA in
                            weights.bob.withUnsafeBufferPointer { weightB in
                                sums.withUnsafeMutableBufferPointer { sums in
                                    var head =
                                        range.isEmpty
                                        ? 0
                                        : ClickList.lowerBound(
                                            b, relation.bobPS(ofAlicePS: a[range.lowerBound]) - reach)
                                    for index in range {
                                        let x = Double(a[index] &- relation.referencePS) * 1e-12
                                        let departure = relation.departurePS(atSeconds: x)
                                        let base = a[index] &+ relation.offsetPS
                                        let low = base &+ Int64((departure - half).rounded(.down))
                                        while head < b.count, b[head] < low { head &+= 1 }
                                        let segment = min(
                                            segments &- 1, Int(Double(a[index] &- startPS) * perSegment))
                                        let row = segment &* bins
                                        let vector = weightA[Int(channelsA[index])]
                                        var next = head
                                        while next < b.count {
                                            let residual = Double(b[next] &- base) - departure + half
                                            let bin = Int((residual * perBin).rounded(.down))
                                            if bin >= bins { break }
                                            if bin >= 0 {
                                                let other = weightB[Int(channelsB[next])]
                                                let weight = vector.x * other.x + vector.y * other.y
                                                sums[row &+ bin] += weight
                                                squares += Double(weight * weight)
                                            }
                                            next &+= 1
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        self.sums = sums
        self.squares = squares
    }

    /// Residual at the edge below bin `bin`, ps.
    func edgePS(_ bin: Int) -> Double { (Double(bin) - 0.5 * Double(bins)) * binPS }
}
