import ArgumentParser
import Foundation
import QKDBench
import QKDCore

/// What all benchmarks of workloads take: the same words on every one.
struct WorkloadOptions: ParsableArguments {
    @Option(name: .long, help: "Seed of the workload.")
    var seed: UInt64 = 1
    @Option(name: .long, help: "Runs; the median counts.")
    var runs = 5
    @Option(name: .long, help: "Keep the workload's files in this folder, for other programs.", completion: .directory)
    var save: String?
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        guard (1...1000).contains(runs) else { throw ValidationError("--runs must lie between 1 and 1000") }
    }

    /// Runs a benchmark off the main task and prints what it gave.
    func run(
        _ work: @escaping @Sendable (Stopwatch, WorkloadFolder, (String) -> Void) async throws -> BenchmarkReport
    ) async throws {
        let (runs, save) = (runs, save)
        let report = try await Interrupts.guarding {
            let folder = try WorkloadFolder(save)
            let waiting = WaitingLine("measuring the memory")
            defer { waiting.stop() }
            let report = try await work(Stopwatch(runs: runs), folder) { waiting.text = $0 }
            return report
        }
        try formatOptions.show(report) { BenchmarkText.text(report) }
    }

    static func check(_ number: Int, _ name: String) throws {
        guard (1000...1_000_000_000).contains(number) else {
            throw ValidationError("--\(name) must lie between 1000 and 1000000000")
        }
    }
}

struct DecodeBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "W1", abstract: "Decode HydraHarp T2 records, in memory and as a whole process.",
        discussion: "Example: qkdctl benchmark W1 --records 10000000")

    @Option(name: .long, help: "Records of each of the two files.") var records = 50_000_000
    @OptionGroup var options: WorkloadOptions

    func validate() throws { try WorkloadOptions.check(records, "records") }

    func run() async throws {
        let (records, seed) = (records, options.seed)
        // The tool itself, wherever it was started from.
        let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        try await options.run {
            try DecodeBenchmark.run(
                $0, seed: seed, records: records, folder: $1, executable: executable, progress: $2)
        }
    }
}

struct PairBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "W2", abstract: "Find all coincidences of two sorted streams.",
        discussion: "Example: qkdctl benchmark W2 --format json")

    @Option(name: .long, help: "Tags of each side.") var tags = 10_000_000
    @OptionGroup var options: WorkloadOptions

    func validate() throws { try WorkloadOptions.check(tags, "tags") }

    func run() async throws {
        let (tags, seed) = (tags, options.seed)
        try await options.run {
            try PairBenchmark.coincidences($0, seed: seed, tags: tags, folder: $1, progress: $2)
        }
    }
}

struct HistogramBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "W3", abstract: "Count all differences of two sorted streams in bins.",
        discussion: "Example: qkdctl benchmark W3 --tags 1000000")

    @Option(name: .long, help: "Tags of each side.") var tags = 10_000_000
    @OptionGroup var options: WorkloadOptions

    func validate() throws { try WorkloadOptions.check(tags, "tags") }

    func run() async throws {
        let (tags, seed) = (tags, options.seed)
        try await options.run {
            try PairBenchmark.histogram($0, seed: seed, tags: tags, folder: $1, progress: $2)
        }
    }
}

struct ClockBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "W4", abstract: "Find two captures' clocks from their tags alone.",
        discussion: "Example: qkdctl benchmark W4 --seeds 100")

    @Option(name: .long, help: "Pairs of captures of either kind, each from a seed of its own.") var seeds = 5
    @OptionGroup var options: WorkloadOptions

    func validate() throws {
        guard (1...10_000).contains(seeds) else { throw ValidationError("--seeds must lie between 1 and 10000") }
    }

    func run() async throws {
        let (seeds, seed) = (seeds, options.seed)
        try await options.run {
            try ClockBenchmark.run($0, seed: seed, seeds: seeds, folder: $1, progress: $2)
        }
    }
}

struct SiftBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "W5", abstract: "Sift detections into two packed keys.",
        discussion: "Example: qkdctl benchmark W5 --runs 9")

    @Option(name: .long, help: "Detections.") var detections = 100_000_000
    @OptionGroup var options: WorkloadOptions

    func validate() throws { try WorkloadOptions.check(detections, "detections") }

    func run() async throws {
        let (detections, seed) = (detections, options.seed)
        try await options.run {
            try SiftBenchmark.run($0, seed: seed, detections: detections, folder: $1, progress: $2)
        }
    }
}

struct PipelineBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline", abstract: "Take two parties' raw records to sifted keys and QBER.",
        discussion: "Example: qkdctl benchmark pipeline")

    @Option(name: .long, help: "Tags of each side.") var tags = 10_000_000
    @OptionGroup var options: WorkloadOptions

    func validate() throws { try WorkloadOptions.check(tags, "tags") }

    func run() async throws {
        let (tags, seed) = (tags, options.seed)
        try await options.run {
            try PipelineBenchmark.run($0, seed: seed, tags: tags, folder: $1, progress: $2)
        }
    }
}

struct LiveBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "live", abstract: "Sift what a tagger sends without end, in process and over loopback TCP.",
        discussion: "Example: qkdctl benchmark live --rate 160e6 --seconds 10")

    @Option(name: .long, help: "Tags a second in process; over TCP it is as fast as that goes.") var rate = 80e6
    @Option(name: .long, help: "Seconds of each.") var seconds = 60.0
    @Option(name: .long, help: "Least size of the ring of records, MiB.") var ringMib = 256
    @OptionGroup var options: WorkloadOptions

    func validate() throws {
        guard rate.isFinite, (1e3...1e10).contains(rate), seconds.isFinite, (0.1...86_400).contains(seconds) else {
            throw ValidationError("--rate must lie between 1e3 and 1e10, --seconds between 0.1 and 86400")
        }
        guard (1...4096).contains(ringMib) else { throw ValidationError("--ring-mib must lie between 1 and 4096") }
    }

    func run() async throws {
        let (rate, seconds, seed, ringBytes) = (rate, seconds, options.seed, ringMib << 20)
        try await options.run { stopwatch, _, progress in
            try await LiveBenchmark.run(
                stopwatch, seed: seed, ratePerSecond: rate, seconds: seconds, ringBytes: ringBytes,
                progress: progress)
        }
    }
}
