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
        var placesA = [UInt32](repeating: 0, count: tags)
        var placesB = placesA
        var matrix = [Int](repeating: 0, count: 16)
        progress("finding pairs")
        report.cases.append(
            try stopwatch.time("pairs", items: 2 * tags, "tags", bytes: 2 * tags * 8) {
                let found = Self.pairs(alice, bob, &placesA, &placesB)
                for cell in matrix.indices { matrix[cell] = 0 }
                Self.count(placesA, placesB, found, alice.channels, bob.channels, columns: 4, &matrix)
                return ["pairs": Double(found), "matrixTrace": Double(matrix[0] + matrix[5] + matrix[10] + matrix[15])]
            })
        report.cases.append(try merged(stopwatch, merged(alice, bob), &placesA, &placesB))
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }

    private static func merged(
        _ stopwatch: Stopwatch, _ tags: TagBatch, _ first: inout [UInt32], _ second: inout [UInt32]
    ) throws -> BenchmarkCase {
        let kernel = NeighbourKernel(windowPS: windowPS, sides: 4)
        var matrix = [Int](repeating: 0, count: 64)
        return try stopwatch.time("merged", items: tags.count, "tags", bytes: tags.count * 9) {
            for cell in matrix.indices { matrix[cell] = 0 }
            var cursor = NeighbourKernel.Cursor()
            let found = tags.times.withUnsafeBufferPointer { times in
                tags.channels.withUnsafeBufferPointer { channels in
                    first.withUnsafeMutableBufferPointer { first in
                        second.withUnsafeMutableBufferPointer {
                            kernel.find(times, channels, from: &cursor, first: first, second: $0)
                        }
                    }
                }
            }
            count(first, second, found, tags.channels, tags.channels, columns: 8, &matrix)
            // Whichever side came first.
            var trace = 0
            for channel in 0..<4 { trace += matrix[channel * 9 + 4] + matrix[channel * 9 + 32] }
            return ["pairs": Double(found), "matrixTrace": Double(trace)]
        }
    }

    private static func pairs(
        _ alice: TagBatch, _ bob: TagBatch, _ placesA: inout [UInt32], _ placesB: inout [UInt32]
    ) -> Int {
        let kernel = PairKernel(differencesPS: -windowPS...windowPS)
        var cursor = PairKernel.Cursor()
        return alice.times.withUnsafeBufferPointer { a in
            bob.times.withUnsafeBufferPointer { b in
                placesA.withUnsafeMutableBufferPointer { left in
                    placesB.withUnsafeMutableBufferPointer { right in
                        kernel.find(a, b, from: &cursor, placesA: left, placesB: right)
                    }
                }
            }
        }
    }

    private static func count(
        _ placesA: [UInt32], _ placesB: [UInt32], _ found: Int, _ alice: [UInt8], _ bob: [UInt8],
        columns: Int, _ matrix: inout [Int]
    ) {
        matrix.withUnsafeMutableBufferPointer { matrix in
            alice.withUnsafeBufferPointer { alice in
                bob.withUnsafeBufferPointer { bob in
                    placesA.withUnsafeBufferPointer { a in
                        placesB.withUnsafeBufferPointer { b in
                            for pair in 0..<found {
                                matrix[Int(alice[Int(a[pair])]) &* columns &+ Int(bob[Int(b[pair])])] &+= 1
                            }
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
