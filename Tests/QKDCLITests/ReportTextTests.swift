import QKDCore
import Testing

@testable import QKDBench
@testable import QKDCLI

@Suite("A report as people read it")
struct ReportTextTests {
    private func result() throws -> SessionResult {
        let bench = try BenchDescription.load("bb84-ideal")
        let builder = ReportBuilder(
            description: bench,
            source: SessionSource(
                emulated: true, seed: 12,
                randomness: RandomnessFacts(generator: "generator", seedSource: "source", seedBytes: 48),
                repeatsPattern: false, resyncs: 0, droppedBatches: 0),
            trueClock: nil)
        return builder.result(
            try SessionEngine(
                plan: SessionPlan(bench: bench, resolutionPS: 2000), bobSeed: Array(repeating: 0, count: 48)))
    }

    @Test("It says that it is emulated, that the key is not secret, and where it came from")
    func ownsUp() throws {
        let text = ReportText.table(try result())
        #expect(text.contains("bb84-ideal (EMULATED), seed 12"))
        #expect(text.contains("(sifted, not secret)"))
        #expect(text.contains("not for keys: the devices are emulated"))
        #expect(text.contains("generator; 48 seed bytes from source"))
        #expect(text.contains("clock       not found"))
    }

    @Test("Every intensity and basis has its row, with what is expected of it")
    func rows() throws {
        let lines = ReportText.table(try result()).split(separator: "\n")
        for name in ["signal", "decoy", "vacuum", "Z ", "X "] {
            #expect(lines.contains { $0.hasPrefix(name) }, "\(name)")
        }
        #expect(
            lines.contains { $0.hasPrefix("Z") && $0.contains("1.545 %") && $0.contains("-  ") },
            "by the formulas of docs/physics-model.md, without afterpulses"
        )
    }

    @Test("Holes, losses and the clock's truth are shown")
    func details() throws {
        var result = try result()
        result.holes = (0..<7).map { HoleFacts(cause: "misalignment", afterS: $0 == 0 ? nil : Double($0)) }
        result.frames.lossReasons = ["frame 3: dark"]
        result.clock = ClockFacts(
            offsetS: 0.5, skew: -3e-6, skewError: 1e-10, residualRmsNs: 0.588, worstResidualRmsNs: 0.6,
            truth: ClockTruth(
                skew: -3e-6, offsetS: 0.5, skewDeviation: 1e-11, worstStartDeviationNs: 0.04, framesOffSlot: 2))
        let text = ReportText.table(result)
        #expect(text.contains("hole        misalignment\n"))
        #expect(text.contains("misalignment after 4.000000 s") && text.contains("and 2 more holes"))
        #expect(text.contains("lost        frame 3: dark"))
        #expect(text.contains("skew -3.000000 ppm") && text.contains("2 frames off slot"))
    }
}
