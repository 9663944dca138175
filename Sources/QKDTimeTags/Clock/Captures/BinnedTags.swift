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
