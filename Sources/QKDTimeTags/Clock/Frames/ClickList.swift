import QKDCore

/// The clicks of the four detectors in a stretch of time: in time order, each once.
struct ClickList {
    /// Picoseconds on Bob's clock.
    var times: [Int64] = []
    /// Index of the detector's state, 0…3.
    var detectors: [UInt8] = []

    var count: Int { times.count }

    /// Takes the tags with `startPS` <= time < `endPS` of the mapped inputs.
    ///
    /// Tags out of order are put in order first; a tag that comes twice counts once, because the
    /// likelihoods take clicks for independent.
    init(
        times: ArraySlice<Int64>, channels: ArraySlice<UInt8>, detectors map: [UInt8: BB84State],
        startPS: Int64, endPS: Int64
    ) {
        var state = [UInt8](repeating: 0xFF, count: 256)
        for (channel, mapped) in map { state[Int(channel)] = UInt8(mapped.index) }
        times.withUnsafeBufferPointer { times in
            channels.withUnsafeBufferPointer { channels in
                if Self.isSorted(times) {
                    let first = Self.lowerBound(times, startPS)
                    let last = Self.lowerBound(times, endPS)
                    append(times, channels, first..<max(first, last), state)
                } else {
                    let order = times.indices.filter { times[$0] >= startPS && times[$0] < endPS }
                        .sorted { (times[$0], channels[$0]) < (times[$1], channels[$1]) }
                    let sortedTimes = order.map { times[$0] }
                    let sortedChannels = order.map { channels[$0] }
                    sortedTimes.withUnsafeBufferPointer { times in
                        sortedChannels.withUnsafeBufferPointer { append(times, $0, times.indices, state) }
                    }
                }
            }
        }
    }

    private mutating func append(
        _ times: UnsafeBufferPointer<Int64>, _ channels: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        _ state: [UInt8]
    ) {
        self.times.reserveCapacity(range.count)
        detectors.reserveCapacity(range.count)
        var here = Int64.min
        var seen: UInt8 = 0
        for index in range {
            let detector = state[Int(channels[index])]
            if detector == 0xFF { continue }
            if times[index] != here {
                here = times[index]
                seen = 0
            }
            if seen & (1 << detector) != 0 { continue }
            seen |= 1 << detector
            self.times.append(here)
            detectors.append(detector)
        }
    }

    /// The indices of the clicks with `startPS` <= time < `endPS`.
    func range(fromPS startPS: Int64, toPS endPS: Int64) -> Range<Int> {
        times.withUnsafeBufferPointer {
            let first = Self.lowerBound($0, startPS)
            return first..<max(first, Self.lowerBound($0, endPS))
        }
    }

    private static func isSorted(_ times: UnsafeBufferPointer<Int64>) -> Bool {
        var disorder = false
        for index in 1..<max(1, times.count) { disorder = disorder || times[index] < times[index - 1] }
        return !disorder
    }

    /// The first index whose time is not before `timePS`.
    static func lowerBound(_ times: UnsafeBufferPointer<Int64>, _ timePS: Int64) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) >> 1
            if times[middle] < timePS { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
