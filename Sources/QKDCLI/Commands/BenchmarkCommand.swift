import ArgumentParser
import QKDBench
import QKDCore

/// A bench is the optics; this is the stopwatch.
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure how fast this machine is at qkdctl's work.",
        discussion: "Example: qkdctl benchmark physics --slots 200000000",
        subcommands: [
            PhysicsBenchmark.self, DecodeBenchmarkCommand.self, PairBenchmarkCommand.self,
            HistogramBenchmarkCommand.self, ClockBenchmarkCommand.self, SiftBenchmarkCommand.self,
            ReconcileBenchmarkCommand.self, AmplifyBenchmarkCommand.self, ChainBenchmarkCommand.self,
            PipelineBenchmarkCommand.self, LiveBenchmarkCommand.self,
        ])
}

struct PhysicsBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "physics", abstract: "Time the light of an emulated bench alone, on one core.",
        discussion: "Example: qkdctl benchmark physics --bench bb84-ideal")

    @OptionGroup var benchOptions: BenchOptions
    @Option(name: .long, help: "Pulse slots to work out; whole frames are played.") var slots = 100_000_000
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        guard (1...100_000_000_000).contains(slots) else {
            throw ValidationError("--slots must lie between 1 and 1e11")
        }
    }

    private struct Result: Encodable {
        var bench: String
        var slots: Int
        var clicks: Int
        var cpuSeconds: Double
        var slotsPerSecond: Double
    }

    func run() async throws {
        let bench = try benchOptions.load()
        let (seed, slots) = (benchOptions.seed, slots)
        let watch = try await Interrupts.guarding {
            let waiting = WaitingLine("working out the light")
            defer { waiting.stop() }
            return try PhysicsStopwatch.run(bench, seed: seed, slots: slots)
        }
        let result = Result(
            bench: bench.name, slots: watch.slots, clicks: watch.clicks, cpuSeconds: watch.cpuSeconds,
            slotsPerSecond: watch.slotsPerSecond)
        try formatOptions.show(result) {
            """
            bench   \(result.bench), physics alone
            slots   \(result.slots), \(result.clicks) clicks
            CPU     \(Figure.fixed(result.cpuSeconds, 3)) s of one core
            rate    \(Figure.fixed(result.slotsPerSecond / 1e6, 1)) M slots/s
            """
        }
    }
}
