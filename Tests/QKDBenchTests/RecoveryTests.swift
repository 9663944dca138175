import Foundation
import QKDCore
import Testing

@testable import QKDBench

/// Runs in which something befalls the tagger in the sixth frame, of 30 ms and a gap of 10 ms each.
@Suite("Recovery of a live run")
struct RecoveryTests {
    private static func run(
        _ faults: [String], seed: UInt64 = 3, duration: Double = 0.48, patience: Double = 30, folder: String,
        remarks: LineKeeper = LineKeeper()
    ) async throws -> SessionEnd {
        let bench = try await Bench.open(
            EmulatedRunTests.bench(), seed: seed, time: .lockstep, faults: faults.map { try BenchFault($0) })
        var options = RunOptions(
            durationPS: Picoseconds.from(seconds: duration), folder: folder, savesTags: true)
        options.patiencePS = Picoseconds.from(seconds: patience)
        let end = try await SessionRunner(bench: bench, options: options, remark: { remarks.add($0) }).run()
        await bench.close()
        return end
    }

    /// Every frame that was sifted is where it really was, and its errors are those of the link at 5 sigma.
    private static func checkWhatIsLeft(_ result: SessionResult) throws {
        let clock = try #require(result.clock)
        let truth = try #require(clock.truth)
        #expect(truth.framesOffSlot == 0)
        #expect(truth.worstStartDeviationNs < 0.5)
        for (name, basis) in result.bases where basis.sifted > 0 {
            let rate = result.expected?.qber[name] ?? 0
            #expect(
                abs(basis.qber - rate) < 5 * (rate * (1 - rate) / Double(basis.sifted)).squareRoot(), "QBER \(name)")
        }
    }

    @Test(
        "what befalls the tagger is a hole with its cause, costs the frames that it touches, and the next are found",
        arguments: [
            ("lose-bytes@0.215=2", "misalignment", 1), ("overflow@0.215=300", "silence", 1),
            ("stall@0.215=0.2", "silence", 6), ("clock-step@0.215=-3e-8", "clockStep", 1),
            ("clock-step@0.226=1e-7", "clockStep", 1), ("clock-step@0.236=0.02", "clockStep", 2),
        ])
    func survives(fault: String, cause: String, atMostMissed: Int) async throws {
        let folder = try TemporaryFolder()
        let end = try await Self.run([fault], folder: folder.path + "/s")
        #expect(end.failure == nil)
        let result = try #require(end.report?.result)
        #expect(result.holes.first?.cause == cause, "\(result.holes)")
        let missed = result.frames.played - result.frames.synchronised
        #expect((0...atMostMissed).contains(missed) && result.frames.synchronised >= 5)
        #expect(result.frames.lost + result.frames.withHoles == missed)
        #expect(result.faults == [fault])
        try Self.checkWhatIsLeft(result)
    }

    @Test("a tagger that is unplugged is waited for in the dark, started anew, and the same seed gives the same keys")
    func unplugged() async throws {
        let folder = try TemporaryFolder()
        let remarks = LineKeeper()
        var keys: [[UInt8]] = []
        for name in ["1", "2"] {
            let end = try await Self.run(
                ["unplug@0.215=0.5"], duration: 0.9, folder: folder.path + "/" + name, remarks: remarks)
            #expect(end.failure == nil)
            let result = try #require(end.report?.result)
            #expect(result.holes.map(\.cause) == ["deviceLost"])
            #expect(result.frames.played - result.frames.synchronised == 1)
            #expect((5...13).contains(result.frames.synchronised))
            #expect(end.report?.run.safetyFindings == [])
            try Self.checkWhatIsLeft(result)
            // How many tags of the broken frame arrived is the wall clock's affair; nothing that is kept depends on it.
            for file in ["alice.key", "bob.key", "sifting.bin"] {
                keys.append(try SmallFile.bytes(path: "\(folder.path)/\(name)/\(file)", limit: 1 << 20))
            }
        }
        let isRepeated = keys[..<3] == keys[3...]
        #expect(isRepeated)
        #expect(remarks.all.count == 4 && remarks.all[0].contains("lost") && remarks.all[1].contains("back"))
        let (replayed, outcome) = try SessionReplay.run(folder: folder.path + "/1")
        try SessionReplay.compare(outcome, withKeysIn: folder.path + "/1")
        #expect(replayed.holes.map(\.cause) == ["deviceLost"])
        #expect(replayed.clock?.truth == nil)
    }

    @Test("a tagger that does not come back ends the run with its error, and what was sifted is kept")
    func gone() async throws {
        let folder = try TemporaryFolder()
        let end = try await Self.run(["unplug@0.215=60"], patience: 1, folder: folder.path + "/s")
        #expect((end.failure as? QKDError)?.kind == .disconnected)
        let report = try #require(end.report)
        #expect(report.run.status == "failed")
        #expect(report.result.frames.synchronised >= 4 && report.result.holes.first?.cause == "deviceLost")
        #expect(report.run.safetyFindings.count == 1 && report.run.safetyFindings[0].contains("bob-tagger"))
        let key = try KeyFile(bytes: SmallFile.bytes(path: folder.path + "/s/bob.key", limit: 1 << 20), name: "k")
        #expect(key.bits.count == report.result.siftedBits && key.bits.count > 0)
    }

    @Test("faults one after the other")
    func several() async throws {
        let folder = try TemporaryFolder()
        let end = try await Self.run(
            ["lose-bytes@0.1=2", "clock-step@0.3=0.003", "unplug@0.5=0.3", "stall@1.1=0.2"], duration: 1.5,
            folder: folder.path + "/s")
        #expect(end.failure == nil)
        let result = try #require(end.report?.result)
        #expect(Set(result.holes.map(\.cause)).isSuperset(of: ["misalignment", "deviceLost", "silence"]))
        #expect(result.frames.synchronised >= 10)
        try Self.checkWhatIsLeft(result)
    }
}
