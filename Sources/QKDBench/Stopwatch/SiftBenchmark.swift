import QKDCore
import QKDKernels
import QKDPhysics

/// W5: detections to two packed keys and their errors.
public enum SiftBenchmark {
    /// Times sifting of `detections` detections, rounded down to whole words, from bit planes and from bytes.
    public static func run(
        _ stopwatch: Stopwatch, seed: UInt64, detections: Int, folder: WorkloadFolder,
        progress: (String) -> Void = { _ in }
    ) throws -> BenchmarkReport {
        var report = stopwatch.report("W5", seed: seed)
        var workload = SiftWorkload()
        workload.detections = detections / 64 * 64
        progress("making \(workload.detections) detections")
        let (alice, bob) = workload.make(seed: seed)
        try folder.write(alice, "w5-alice.bytes")
        try folder.write(bob, "w5-bob.bytes")
        let planes = [(alice, UInt8(1)), (alice, 0), (bob, 1), (bob, 0)].map { SiftWorkload.plane($0.0, bit: $0.1) }
        progress("sifting")
        var kernel = SiftKernel(capacity: workload.detections)
        report.cases.append(
            try stopwatch.time("planes", items: workload.detections, "detections", bytes: workload.detections * 3 / 4) {
                kernel.clear()
                planes[0].withUnsafeBufferPointer { aliceBasis in
                    planes[1].withUnsafeBufferPointer { aliceBits in
                        planes[2].withUnsafeBufferPointer { bobBasis in
                            planes[3].withUnsafeBufferPointer { bobBits in
                                kernel.add(
                                    aliceBasis: aliceBasis, aliceBits: aliceBits, bobBasis: bobBasis, bobBits: bobBits)
                            }
                        }
                    }
                }
                return ["bits": Double(kernel.bitCount), "errors": Double(kernel.errorCount)]
            })
        report.cases.append(
            try stopwatch.time("bytes", items: workload.detections, "detections", bytes: workload.detections * 9 / 4) {
                kernel.clear()
                alice.withUnsafeBufferPointer { alice in
                    bob.withUnsafeBufferPointer { kernel.add(aliceBytes: alice, bobBytes: $0) }
                }
                return ["bits": Double(kernel.bitCount), "errors": Double(kernel.errorCount)]
            })
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }
}
