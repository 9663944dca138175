import QKDCore
import QKDKernels
import QKDPhysics
import QKDTimeTags

/// W2 and W3: coincidences and the histogram of differences of two sorted streams.
public enum PairBenchmark {
    private static let windowPS: Int64 = 500
    private static let rangePS: Int64 = 100_000
    private static let bins = 2000

    private static func make(
        _ seed: UInt64, _ tags: Int, _ folder: WorkloadFolder, _ progress: (String) -> Void
    ) throws -> (alice: TagBatch, bob: TagBatch) {
        progress("making two streams of \(tags) tags")
        var workload = PairWorkload()
        workload.durationPS *= Double(tags) / Double(workload.tags)
        workload.tags = tags
        let made = workload.make(seed: seed)
        try folder.write(made.alice, "w2-alice")
        try folder.write(made.bob, "w2-bob")
        try folder.write(merged(made.alice, made.bob), "w2-merged")
        return made
    }

    /// Both in one stream, Bob's channels raised by 4.
    private static func merged(_ alice: TagBatch, _ bob: TagBatch) -> TagBatch {
        var merged = TagBatch()
        merged.append(addingCapacity: alice.count + bob.count) { times, channels in
            var (i, j) = (0, 0)
            for place in 0..<alice.count + bob.count {
                if j == bob.count || i < alice.count && alice.times[i] <= bob.times[j] {
                    (times[place], channels[place]) = (alice.times[i], alice.channels[i])
                    i += 1
                } else {
                    (times[place], channels[place]) = (bob.times[j], bob.channels[j] + 4)
                    j += 1
                }
            }
            return alice.count + bob.count
        }
        return merged
    }

    /// W2: all pairs within ±500 ps as a list of places, and a 4 × 4 matrix of channels.
    public static func coincidences(
        _ stopwatch: Stopwatch, seed: UInt64, tags: Int, folder: WorkloadFolder, progress: (String) -> Void = { _ in }
    ) throws -> BenchmarkReport {
        var report = stopwatch.report("W2", seed: seed)
        let (alice, bob) = try make(seed, tags, folder, progress)
        var places = PairPlaces(room: tags)
        var matrix = [Int](repeating: 0, count: 16)
        progress("finding pairs")
        report.cases.append(
            try stopwatch.time("pairs", items: 2 * tags, "tags", bytes: 2 * tags * 8) {
                for cell in matrix.indices { matrix[cell] = 0 }
                let found = Self.pairs(alice, bob, &places, &matrix)
                return ["pairs": Double(found), "matrixTrace": Double(matrix[0] + matrix[5] + matrix[10] + matrix[15])]
            })
        report.cases.append(try merged(stopwatch, merged(alice, bob), &places))
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }

    private static func merged(
        _ stopwatch: Stopwatch, _ tags: TagBatch, _ places: inout PairPlaces
    ) throws -> BenchmarkCase {
        let kernel = NeighbourKernel(windowPS: windowPS, sides: 4)
        var matrix = [Int](repeating: 0, count: 64)
        return try stopwatch.time("merged", items: tags.count, "tags", bytes: tags.count * 9) {
            for cell in matrix.indices { matrix[cell] = 0 }
            var cursor = NeighbourKernel.Cursor()
            let found = tags.times.withUnsafeBufferPointer { times in
                tags.channels.withUnsafeBufferPointer { channels in
                    places.fill(channels, channels, columns: 8, &matrix) {
                        cursor.tag == times.count
                            ? nil : kernel.find(times, channels, from: &cursor, first: $0, second: $1)
                    }
                }
            }
            // Whichever side came first.
            var trace = 0
            for channel in 0..<4 { trace += matrix[channel * 9 + 4] + matrix[channel * 9 + 32] }
            return ["pairs": Double(found), "matrixTrace": Double(trace)]
        }
    }

    private static func pairs(
        _ alice: TagBatch, _ bob: TagBatch, _ places: inout PairPlaces, _ matrix: inout [Int]
    ) -> Int {
        let kernel = PairKernel(differencesPS: -windowPS...windowPS)
        var cursor = PairKernel.Cursor()
        return alice.times.withUnsafeBufferPointer { a in
            bob.times.withUnsafeBufferPointer { b in
                alice.channels.withUnsafeBufferPointer { channelsA in
                    bob.channels.withUnsafeBufferPointer { channelsB in
                        places.fill(channelsA, channelsB, columns: 4, &matrix) {
                            cursor.a == a.count ? nil : kernel.find(a, b, from: &cursor, placesA: $0, placesB: $1)
                        }
                    }
                }
            }
        }
    }

    /// W3: all differences within ±100 ns in 2000 bins.
    public static func histogram(
        _ stopwatch: Stopwatch, seed: UInt64, tags: Int, folder: WorkloadFolder, progress: (String) -> Void = { _ in }
    ) throws -> BenchmarkReport {
        var report = stopwatch.report("W3", seed: seed)
        let (alice, bob) = try make(seed, tags, folder, progress)
        guard
            let kernel = HistogramKernel(
                firstEdgePS: -rangePS, binWidthPS: 2 * rangePS / Int64(bins), binCount: bins)
        else { throw QKDError(.outOfRange, "a range of \(rangePS) ps") }
        var counts = [Int](repeating: 0, count: bins)
        progress("counting differences")
        report.cases.append(
            try stopwatch.time("histogram", items: 2 * tags, "tags", bytes: 2 * tags * 8) {
                for bin in counts.indices { counts[bin] = 0 }
                var head = 0
                alice.times.withUnsafeBufferPointer { a in
                    bob.times.withUnsafeBufferPointer { b in
                        counts.withUnsafeMutableBufferPointer { kernel.add(a, b, head: &head, counts: $0) }
                    }
                }
                return ["differences": Double(counts.reduce(0, +)), "peak": Double(counts.max() ?? 0)]
            })
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }
}

/// A list of pairs that is written in runs, each counted in a matrix of channels while it is close at hand.
private struct PairPlaces {
    private var first: [UInt32]
    private var second: [UInt32]
    private static let run = 8192

    init(room: Int) {
        first = Array(repeating: 0, count: room)
        second = first
    }

    /// Writes what `next` finds until it returns `nil`; returns how many pairs.
    mutating func fill(
        _ channelsA: UnsafeBufferPointer<UInt8>, _ channelsB: UnsafeBufferPointer<UInt8>, columns: Int,
        _ matrix: inout [Int],
        next: (UnsafeMutableBufferPointer<UInt32>, UnsafeMutableBufferPointer<UInt32>) -> Int?
    ) -> Int {
        var found = 0
        first.withUnsafeMutableBufferPointer { first in
            second.withUnsafeMutableBufferPointer { second in
                matrix.withUnsafeMutableBufferPointer { matrix in
                    while true {
                        let a = UnsafeMutableBufferPointer(rebasing: first[found..<min(found + Self.run, first.count)])
                        let b = UnsafeMutableBufferPointer(rebasing: second[found..<found + a.count])
                        guard let more = next(a, b) else { return }
                        for pair in 0..<more {
                            let cell = Int(channelsA[Int(a[pair])]) &* columns &+ Int(channelsB[Int(b[pair])])
                            matrix[cell] &+= 1
                        }
                        found += more
                    }
                }
            }
        }
        return found
    }
}
