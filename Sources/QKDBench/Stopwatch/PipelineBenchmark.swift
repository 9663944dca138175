import QKDCore
import QKDPhysics
import QKDSifting
import QKDTimeTags
import Synchronization

/// Two parties' raw records to sifted keys and QBER, from files that the system holds in memory.
public enum PipelineBenchmark {
    private static let batchRecords = 4096

    /// Times `TwoPartyEngine` on two files of `tags` tags each.
    public static func run(
        _ stopwatch: Stopwatch, seed: UInt64, tags: Int, folder: WorkloadFolder, progress: (String) -> Void = { _ in }
    ) throws -> BenchmarkReport {
        var report = stopwatch.report("pipeline", seed: seed)
        progress("making two captures of \(tags) tags")
        var workload = PairWorkload()
        workload.durationPS *= Double(tags) / Double(workload.tags)
        workload.tags = tags
        let made = workload.make(seed: seed)
        let paths = ["pipeline-alice.ptu", "pipeline-bob.ptu"].map(folder.file)
        let relation = ClockRelation(referencePS: 0, offsetPS: 345_678_901, skew: 3e-6)
        let records =
            try write(made.alice, paths[0])
            + write(
                TagBatch(times: made.bob.times.map(relation.bobPS), channels: made.bob.channels), paths[1])
        let map = try DetectorMap("0=Z0,1=Z1,2=X0,3=X1")
        progress("from records to keys")
        @Sendable func once(_ workers: Int) throws -> TwoPartyEngine {
            var engine = TwoPartyEngine(
                stream: try CoincidenceStream(windowPS: 1_000, relation: relation),
                sifter: CoincidenceSifter(map: map))
            try engine.run(
                alice: TagFileReader(path: paths[0], batchRecords: batchRecords),
                bob: TagFileReader(path: paths[1], batchRecords: batchRecords), workers: workers)
            return engine
        }
        for (name, workers) in [("one core", 1), ("two cores", 2)] where workers <= report.cores {
            report.cases.append(
                try stopwatch.time(name, items: records, "records", bytes: records * 4) {
                    let engine = try once(workers)
                    return [
                        "coincidences": Double(engine.coincidences), "bits": Double(engine.sifter.keys.bitCount),
                        "qber": engine.sifter.qber.rate,
                    ]
                })
        }
        let delay = relation.offsetPS
        report.cases.append(
            try stopwatch.time("following", items: records, "records", bytes: records * 4) {
                let follower = ClockFollower(
                    relation: ClockRelation(referencePS: 0, offsetPS: delay + 40, skew: relation.skew + 1e-8),
                    offsetErrorPS: 100, skewError: 3e-8, driftErrorPerSecond: 1e-8, peakSigmaPS: 100)
                var engine = FollowingEngine(
                    stream: try FollowedStream(
                        windowPS: 1_000, follower: follower, stretchPS: 20 * Picoseconds.perMillisecond),
                    sifter: CoincidenceSifter(map: map))
                try engine.run(
                    alice: TagFileReader(path: paths[0], batchRecords: batchRecords),
                    bob: TagFileReader(path: paths[1], batchRecords: batchRecords))
                return [
                    "coincidences": Double(engine.stream.coincidences), "bits": Double(engine.sifter.keys.bitCount),
                    "qber": engine.sifter.qber.rate,
                    "lostStretches": Double(engine.stretches.count { $0.state == .lost }),
                ]
            })
        if let two = report.cases.firstIndex(where: { $0.name == "two cores" }) {
            report.cases[two].findings["speedUp"] = report.cases[0].wallSeconds / report.cases[two].wallSeconds
            progress("two at once, apart")
            let apart = try stopwatch.time("two apart", items: 2 * records, "records", bytes: records * 8) {
                let failures = Mutex<[any Error]>([])
                SideBySide.run(2) {
                    do { _ = try once(1) } catch { failures.withLock { $0.append(error) } }
                }
                if let failure = failures.withLock({ $0.first }) { throw failure }
                return [:]
            }
            // What this machine's second core is worth to work that shares nothing.
            report.cases[two].findings["speedUpApart"] = 2 * report.cases[0].wallSeconds / apart.wallSeconds
        }
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }

    private static func write(_ batch: TagBatch, _ path: String) throws -> Int {
        let writer = try PTUWriter(path: path, options: PTUWriteOptions(.hydraHarp2T2, resolutionPS: 1), mode: 0o644)
        try writer.append(batch)
        try writer.finish()
        return writer.counts.records
    }
}
