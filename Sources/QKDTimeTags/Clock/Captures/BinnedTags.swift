import QKDCore

/// Tags counted in equal bins of time.
enum BinnedTags {
    /// Numbers of tags in `bins` bins of `binPS` from `fromPS` on.
    static func counts(_ tags: TagBatch, fromPS: Int64, binPS: Double, bins: Int) -> [Float] {
        var result = [Float](repeating: 0, count: bins)
        let range = tags.range(fromPS: fromPS, toPS: endPS(fromPS, binPS, bins))
        let perBin = 1 / binPS
        let last = bins - 1
        result.withUnsafeMutableBufferPointer { result in
            tags.times.withUnsafeBufferPointer { times in
                for index in range {
                    result[min(last, Int(Double(times[index] &- fromPS) * perBin))] += 1
                }
            }
        }
        return result
    }

    /// The same less the mean between the capture's first and last tag: chance then correlates to nothing at any
    /// lag, however much of the captures overlaps there.
    static func fluctuations(_ tags: TagBatch, fromPS: Int64, binPS: Double, bins: Int) -> [Float] {
        var counts = counts(tags, fromPS: fromPS, binPS: binPS, bins: bins)
        guard let first = tags.times.first, let last = tags.times.last else { return counts }
        // In bins; what lies beyond has no tags and no mean.
        let start = max(0, Double(first &- fromPS) / binPS)
        let end = min(Double(bins), Double(last &- fromPS) / binPS)
        guard end > start else { return counts }
        let mean = counts.reduce(0.0) { $0 + Double($1) } / (end - start)
        for bin in Int(start)..<Int(end.rounded(.up)) {
            let covered = min(end, Double(bin + 1)) - max(start, Double(bin))
            counts[bin] -= Float(mean * covered)
        }
        return counts
    }

    /// Sums of the tags' vectors in `bins` bins of `binPS` from `fromPS` on.
    static func sums(_ tags: TagBatch, _ weights: [Phasor], fromPS: Int64, binPS: Double, bins: Int) -> [Phasor] {
        var result = [Phasor](repeating: Phasor(), count: bins)
        let range = tags.range(fromPS: fromPS, toPS: endPS(fromPS, binPS, bins))
        let perBin = 1 / binPS
        let last = bins - 1
        result.withUnsafeMutableBufferPointer { result in
            tags.times.withUnsafeBufferPointer { times in
                tags.channels.withUnsafeBufferPointer { channels in
                    weights.withUnsafeBufferPointer { weights in
                        for index in range {
                            let bin = min(last, Int(Double(times[index] &- fromPS) * perBin))
                            result[bin] += weights[Int(channels[index])]
                        }
                    }
                }
            }
        }
        return result
    }

    private static func endPS(_ fromPS: Int64, _ binPS: Double, _ bins: Int) -> Int64 {
        fromPS + Int64((Double(bins) * binPS).rounded(.up))
    }
}
