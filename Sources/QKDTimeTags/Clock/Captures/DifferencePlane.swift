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

    /// Counts the pairs whose residual t_B − prediction lies within ± `bins`/2 bins, of each segment's middle
    /// `share`.
    init(
        _ tags: TagPair, weights: TagWeights, startPS: Int64, durationPS: Int64, relation: ClockRelation,
        segments: Int, bins: Int, binPS: Double, share: Double = 1
    ) {
        self.startPS = startPS
        self.durationPS = durationPS
        self.relation = relation
        self.segments = segments
        self.bins = bins
        self.binPS = binPS
        sums = Array(repeating: 0, count: segments * bins)
        for segment in 0..<segments {
            let from = startPS + Int64(Double(durationPS) * Double(segment) / Double(segments))
            let next = startPS + Int64(Double(durationPS) * Double(segment + 1) / Double(segments))
            let cut = share < 1 ? Int64(Double(next - from) * 0.5 * (1 - share)) : 0
            let to = segment + 1 == segments ? startPS + durationPS : next
            let range = tags.alice.range(fromPS: from + cut, toPS: to - cut)
            if weights.isPlain {
                count(tags, range, row: segment * bins)
            } else {
                add(tags, weights, range, row: segment * bins)
            }
        }
    }

    /// One row of pairs that were found already, around the relation of their residuals.
    init(
        _ tags: TagPair, weights: TagWeights, _ pairs: NearPairs, _ range: Range<Int>, slice: ClockSlice,
        relation: ClockRelation, bins: Int, binPS: Double
    ) {
        startPS = slice.startPS
        durationPS = slice.endPS - slice.startPS
        self.relation = relation
        segments = 1
        self.bins = bins
        self.binPS = binPS
        sums = Array(repeating: 0, count: bins)
        let half = 0.5 * Double(bins) * binPS
        for index in range {
            let bin = Int(((pairs.residuals[index] + half) / binPS).rounded(.down))
            guard bin >= 0, bin < bins else { continue }
            var weight: Float = 1
            if !weights.isPlain {
                let vector = weights.alice[Int(tags.alice.channels[Int(pairs.aliceIndices[index])])]
                let other = weights.bob[Int(tags.bob.channels[Int(pairs.bobIndices[index])])]
                weight = vector.x * other.x + vector.y * other.y
            }
            sums[bin] += weight
            squares += Double(weight * weight)
        }
    }

    /// Counts the pairs of a run of Alice's tags into one row.
    private mutating func count(_ tags: TagPair, _ range: Range<Int>, row: Int) {
        let (relation, bins) = (relation, bins)
        let half = 0.5 * Double(bins) * binPS
        let perBin = 1 / binPS
        var pairs = 0
        tags.alice.times.withUnsafeBufferPointer { a in
            tags.bob.times.withUnsafeBufferPointer { b in
                sums.withUnsafeMutableBufferPointer { sums in
                    guard let first = range.first else { return }
                    var head = ClickList.lowerBound(b, relation.bobPS(ofAlicePS: a[first]) - Int64(half) - 2)
                    for index in range {
                        let departure = relation.departurePS(
                            atSeconds: Double(a[index] &- relation.referencePS) * 1e-12)
                        let base = a[index] &+ relation.offsetPS
                        let edge = half - departure
                        // Cut towards zero: at most 1 ps too low.
                        let low = base &- Int64(edge) &- 1
                        while head < b.count, b[head] < low { head &+= 1 }
                        var next = head
                        while next < b.count {
                            let place = (Double(b[next] &- base) + edge) * perBin
                            if place >= Double(bins) { break }
                            if place >= 0 {
                                sums[row &+ Int(place)] += 1
                                pairs &+= 1
                            }
                            next &+= 1
                        }
                    }
                }
            }
        }
        squares += Double(pairs)
    }

    /// The same for weighted pairs.
    private mutating func add(_ tags: TagPair, _ weights: TagWeights, _ range: Range<Int>, row: Int) {
        let (relation, bins) = (relation, bins)
        let half = 0.5 * Double(bins) * binPS
        let perBin = 1 / binPS
        var total = 0.0
        let (times, channels) = (tags.bob.times, tags.bob.channels)
        guard let first = range.first else { return }
        var head = times.withUnsafeBufferPointer {
            ClickList.lowerBound($0, relation.bobPS(ofAlicePS: tags.alice.times[first]) - Int64(half) - 2)
        }
        times.withUnsafeBufferPointer { times in
            channels.withUnsafeBufferPointer { channels in
                sums.withUnsafeMutableBufferPointer { sums in
                    for index in range {
                        let time = tags.alice.times[index]
                        let departure = relation.departurePS(atSeconds: Double(time &- relation.referencePS) * 1e-12)
                        let base = time &+ relation.offsetPS
                        let edge = half - departure
                        let low = base &- Int64(edge) &- 1
                        while head < times.count, times[head] < low { head &+= 1 }
                        let vector = weights.alice[Int(tags.alice.channels[index])]
                        var next = head
                        while next < times.count {
                            let place = (Double(times[next] &- base) + edge) * perBin
                            if place >= Double(bins) { break }
                            if place >= 0 {
                                let other = weights.bob[Int(channels[next])]
                                let weight = vector.x * other.x + vector.y * other.y
                                sums[row &+ Int(place)] += weight
                                total += Double(weight * weight)
                            }
                            next &+= 1
                        }
                    }
                }
            }
        }
        squares += total
    }

    /// Residual at the edge below bin `bin`, ps.
    func edgePS(_ bin: Int) -> Double { (Double(bin) - 0.5 * Double(bins)) * binPS }
}
