import QKDCore

/// Brings the clicks of several detectors into one order in time; equal times go by detector index.
struct ClickMerger: Sendable {
    private var clicks: [[Int64]] = []
    private var heads: [Int] = []

    /// Decides each detector up to `endPS` and appends its clicks, channel = index in `detectors`.
    mutating func collect(
        from detectors: inout [SinglePhotonDetectorSimulator], untilPS endPS: Int64, into batch: inout TagBatch
    ) {
        if clicks.count != detectors.count {
            clicks = Array(repeating: [], count: detectors.count)
            heads = Array(repeating: 0, count: detectors.count)
        }
        var total = 0
        for index in detectors.indices {
            clicks[index].removeAll(keepingCapacity: true)
            heads[index] = 0
            detectors[index].advance(toPS: endPS, into: &clicks[index])
            total += clicks[index].count
        }
        for _ in 0..<total {
            var earliest = Int64.max
            var winner = 0
            for index in heads.indices where heads[index] < clicks[index].count {
                let time = clicks[index][heads[index]]
                if time < earliest {
                    earliest = time
                    winner = index
                }
            }
            heads[winner] += 1
            batch.append(timePS: earliest, channel: UInt8(winner))
        }
    }
}
