import Foundation
import QKDCore
import QKDKernels
import QKDPhysics
import QKDTimeTags

/// W1: HydraHarp T2 records to times and channels.
public enum DecodeBenchmark {
    /// Records that a batch has where all stays in the first-level cache.
    private static let batchRecords = 1536

    /// Times decoding of `records` records at 10 and at 1 Mcps, and the whole process of `tags info`.
    ///
    /// `executable` is the tool itself, for the whole process; `nil` leaves that out. Throws for a disk that is full
    /// and a process that fails.
    public static func run(
        _ stopwatch: Stopwatch, seed: UInt64, records: Int, folder: WorkloadFolder, executable: String?,
        progress: (String) -> Void = { _ in }
    ) throws -> BenchmarkReport {
        var report = stopwatch.report("W1", seed: seed)
        let files = [("10mcps", 1e7, ""), ("1mcps", 1e6, "-1mcps")]
        var whole: [BenchmarkCase] = []
        for (name, rate, suffix) in files {
            let path = folder.file("w1-\(name).ptu")
            progress("making \(records) records at \(rate / 1e6) Mcps")
            try write(path, seed: seed, rate: rate, records: records)
            guard let executable else { continue }
            progress("running tags info")
            whole.append(
                try stopwatch.timeProcess(
                    "info" + suffix, items: records, "records", executable, ["tags", "info", path, "--format", "json"]))
        }
        for (name, _, suffix) in files {
            progress("decoding")
            report.cases += try decode(stopwatch, folder.file("w1-\(name).ptu"), suffix)
        }
        report.cases += whole
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }

    private static func write(_ path: String, seed: UInt64, rate: Double, records: Int) throws {
        // One record in this many carries the counter over: a wrap is 33.6 µs.
        let share = min(1, 1e12 / rate / Double(1 << 25))
        let tags = Int(Double(records) / (1 + share))
        var workload = TagWorkload(seed: seed, ratePerSecond: rate, channels: 8)
        let writer = try PTUWriter(path: path, options: PTUWriteOptions(.hydraHarp2T2, resolutionPS: 1), mode: 0o644)
        var batch = TagBatch()
        var left = tags
        while left > 0 {
            try Task.checkCancellation()
            batch.removeAll()
            workload.next(min(left, 1 << 16), into: &batch)
            try writer.append(batch)
            left -= batch.count
        }
        try writer.finish()
    }

    private static func decode(_ stopwatch: Stopwatch, _ path: String, _ suffix: String) throws -> [BenchmarkCase] {
        let reader = try TagFileReader(path: path)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let offset = reader.metadata.dataOffsetBytes
        let count = (data.count - offset) / 4
        let times = UnsafeMutablePointer<Int64>.allocate(capacity: count)
        let channels = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        defer {
            times.deallocate()
            channels.deallocate()
        }
        func kernel() -> T2Kernel {
            T2Kernel(maximumBaseTicks: 1 << 61, overflowTicks: 1 << 25, countsOverflows: true, tickPS: 1)
        }
        return try data.withUnsafeBytes { bytes in
            let records = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            // Each record is read, each tag written, and what is written is first fetched.
            let whole = try stopwatch.time("decode" + suffix, items: count, "records", bytes: count * 22) {
                var kernel = kernel()
                let done = kernel.decode(records, times: times, channels: channels)
                return ["tags": Double(done.tags), "lastPS": Double(times[done.tags - 1])]
            }
            let batches = try stopwatch.time("decode-L1" + suffix, items: count, "records", bytes: count * 4) {
                var kernel = kernel()
                var (tags, lastPS): (Int, Int64) = (0, 0)
                for start in stride(from: 0, to: count, by: batchRecords) {
                    let part = records[4 * start..<4 * min(start + batchRecords, count)]
                    let done = kernel.decode(.init(rebasing: part), times: times, channels: channels)
                    tags += done.tags
                    if done.tags > 0 { lastPS = times[done.tags - 1] }
                }
                return ["tags": Double(tags), "lastPS": Double(lastPS)]
            }
            return [whole, batches]
        }
    }
}
