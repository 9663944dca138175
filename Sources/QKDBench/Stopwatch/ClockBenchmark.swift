import QKDCore
import QKDPhysics
import QKDTimeTags

/// W4: two captures' clocks from their tags alone.
public enum ClockBenchmark {
    /// What counts as found: offset to 1 ns, skew to 1e-9.
    private static let (offsetLimitPS, skewLimit) = (1_000.0, 1e-9)

    /// Times clock recovery on the easy and the hard captures, once for each seed from `seed` on.
    ///
    /// The findings tell how many were right, and the worst errors.
    public static func run(
        _ stopwatch: Stopwatch, seed: UInt64, seeds: Int, folder: WorkloadFolder, progress: (String) -> Void = { _ in }
    ) throws -> BenchmarkReport {
        var report = stopwatch.report("W4", seed: seed)
        for (name, make) in [("easy", ClockWorkload.easy), ("hard", ClockWorkload.hard)] {
            var (cpu, wall): ([Double], [Double]) = ([], [])
            var (found, tags) = (0, 0)
            var (worstOffset, worstSkew) = (0.0, 0.0)
            for index in 0..<seeds {
                try Task.checkCancellation()
                progress("clocks, \(name), \(index + 1) of \(seeds)")
                let workload = make(seed &+ UInt64(index))
                let (alice, bob) = workload.captures()
                if index == 0 {
                    try folder.write(alice, "w4-\(name)-alice")
                    try folder.write(bob, "w4-\(name)-bob")
                }
                tags = alice.count + bob.count
                let (cpuStart, wallStart) = (Machine.cpuSeconds, Machine.wallSeconds)
                let relation: ClockRelation?
                do {
                    relation = try ClockRecovery().recover(alice: alice, bob: bob).relation
                } catch let error as QKDError where error.kind == .noLock {
                    relation = nil
                }
                cpu.append(Machine.cpuSeconds - cpuStart)
                wall.append(Machine.wallSeconds - wallStart)
                guard let relation else { continue }
                let offset = abs(
                    Double(relation.offsetPS - workload.offsetPS) + relation.offsetFractionPS
                        - workload.departurePS(atAlicePS: relation.referencePS))
                let skew = abs(relation.skew - workload.skew)
                if offset <= offsetLimitPS, skew <= skewLimit { found += 1 }
                (worstOffset, worstSkew) = (max(worstOffset, offset), max(worstSkew, skew))
            }
            report.cases.append(
                Stopwatch.result(
                    name, tags, "tags", nil, cpu, wall,
                    [
                        "seeds": Double(seeds), "found": Double(found), "worstOffsetPS": worstOffset,
                        "worstSkew": worstSkew, "slowestCPUSeconds": cpu.max() ?? 0,
                    ], stopwatch.memoryReadPerSecond))
        }
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }
}
