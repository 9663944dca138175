import ArgumentParser
import Foundation
import QKDBench
import QKDDistillation

struct ReconcileBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "W6", abstract: "Reconcile frames at 1, 3 and 5 % of errors: Cascade, LDPC; both sides' work.",
        discussion: "Example: qkdctl benchmark W6 --bits 4000000 --round-trip-ms 10 --width 512")

    @Option(name: .long, help: "Bits of each case.") var bits = 8_000_000
    @Option(name: .long, help: "Only cascade, or only ldpc.") var method: ReconciliationMethod?
    @Option(name: .long, help: "Bits of Cascade's frames, separated by commas.") var frames = "100000,1000000"
    @Option(name: .long, help: "Have Cascade's questions and answers take so long too, ms.") var roundTripMs: Double?
    @Option(name: .long, help: "Frames that are under way at once over that.") var width = 512
    @OptionGroup var options: WorkloadOptions

    func validate() throws {
        try WorkloadOptions.check(bits, "bits")
        _ = try sizes()
        guard roundTripMs.map({ (0...10_000).contains($0) }) ?? true else {
            throw ValidationError("--round-trip-ms must lie between 0 and 10000")
        }
        guard (1...100_000).contains(width) else { throw ValidationError("--width must lie between 1 and 100000") }
    }

    private func sizes() throws -> [Int] { try WholeNumbers.read(frames, "--frames", within: 1000...1 << 26) }

    func run() async throws {
        let (bits, seed, method) = (bits, options.seed, method)
        let sizes = method == .ldpc ? [] : try sizes()
        let flight = roundTripMs.map { (roundTrip: Duration.seconds($0 * 1e-3), width: width) }
        try await options.run { stopwatch, _, progress in
            try DistillBenchmark.reconcile(
                stopwatch, seed: seed, bits: bits, frames: sizes, flight: flight, withLDPC: method != .cascade,
                progress: progress)
        }
    }
}

struct AmplifyBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "W7", abstract: "Amplify keys by Toeplitz matrices, n bits to half of them.",
        discussion: "Example: qkdctl benchmark W7 --sizes 1000000,10000000,100000000")

    @Option(name: .long, help: "Numbers of bits, separated by commas.") var sizes = "1000000,10000000"
    @OptionGroup var options: WorkloadOptions

    private func numbers() throws -> [Int] { try WholeNumbers.read(sizes, "--sizes", within: 1000...1_000_000_000) }

    func validate() throws { _ = try numbers() }

    func run() async throws {
        let (seed, sizes) = (options.seed, try numbers())
        try await options.run { stopwatch, _, progress in
            try DistillBenchmark.amplify(stopwatch, seed: seed, sizes: sizes, progress: progress)
        }
    }
}

struct ChainBenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "W8", abstract: "Sifted keys of both sides to secret ones, at 2 % of errors.",
        discussion: "Example: qkdctl benchmark W8 --bits 10000000 --method ldpc")

    @Option(name: .long, help: "Sifted bits.") var bits = 10_000_000
    @Option(name: .long, help: "Frames that are reconciled at the same time.")
    var workers = ProcessInfo.processInfo.activeProcessorCount
    @Option(name: .long, help: "Reconciliation: cascade, ldpc.") var method = ReconciliationMethod.cascade
    @OptionGroup var options: WorkloadOptions

    func validate() throws {
        try WorkloadOptions.check(bits, "bits")
        guard (1...1024).contains(workers) else { throw ValidationError("--workers must lie between 1 and 1024") }
    }

    func run() async throws {
        let (bits, seed, workers, method) = (bits, options.seed, workers, method)
        try await options.run { stopwatch, _, progress in
            try await DistillBenchmark.chain(
                stopwatch, seed: seed, bits: bits, workers: workers, method: method, progress: progress)
        }
    }
}

/// Lists of whole numbers in options.
enum WholeNumbers {
    static func read(_ text: String, _ option: String, within range: ClosedRange<Int>) throws -> [Int] {
        try text.split(separator: ",").map { part in
            guard let number = Int(part), range.contains(number) else {
                throw ValidationError(
                    "\(option) takes whole numbers between \(range.lowerBound) and \(range.upperBound), separated by commas"
                )
            }
            return number
        }
    }
}
