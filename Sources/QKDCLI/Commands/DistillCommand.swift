import ArgumentParser
import Foundation
import QKDBench
import QKDCore
import QKDDistillation

struct DistillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Make secret keys of sifted ones: reconcile, verify, amplify.",
        discussion: """
            Both parties' sifted keys, as 'run' and 'sift' write them, or as digits 0 and 1, or eight bits a byte. Alice's \
            stands, Bob's is corrected; all that is said about it is counted, and taken off.

            What bounds an eavesdropper: the other basis. The record of a session, sifting.bin with bench.toml, has it, and is \
            found beside Alice's key. Else state what was compared with --test-bits and --test-errors, or have a random share \
            of the keys compared with --sample, which is as good only where the keys have both bases alike.

            Ends with exit code 2 when there is no secret key.

            Example: qkdctl distill --alice first-light/alice.key --bob first-light/bob.key
            Example: qkdctl distill --alice a.txt --bob b.txt --test-bits 200000 --test-errors 3100 --out keys
            """)

    @Option(name: .long, help: "Alice's sifted key.", completion: .file()) var alice: String
    @Option(name: .long, help: "Bob's sifted key.", completion: .file()) var bob: String
    @Option(
        name: .long, help: "How the bits stand in both files: auto, qkdctl, text (digits), bytes (eight bits a byte).")
    var keyFormat = RawKeyFile.Format.auto
    @Option(
        name: .long, help: "Record of the bits' bases and intensities; by default sifting.bin beside Alice's key.",
        completion: .file())
    var record: String?
    @Option(
        name: .long, help: "Bench with the source's intensities; by default bench.toml beside Alice's key.",
        completion: .file())
    var bench: String?
    @Option(name: .long, help: "Bits of the other basis that were compared elsewhere.") var testBits: Int?
    @Option(name: .long, help: "How many of them differed.") var testErrors: Int?
    @Option(name: .long, help: "Share of the keys that is compared here, and lost, such as 0.1.") var sample: Double?
    @OptionGroup var distillation: DistillationWords
    @Option(
        name: .long,
        help: "Seed of the public random numbers, so that a distillation can be repeated; never for keys that are used."
    )
    var publicSeed: UInt64?
    @Option(
        name: .long, help: "Folder for both keys and the account; by default a new one named after the time.",
        completion: .directory)
    var out: String?
    @Flag(name: .long, help: "Write into a folder that is not empty.") var force = false
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        guard (testBits == nil) == (testErrors == nil) else {
            throw ValidationError("--test-bits and --test-errors belong together")
        }
        if let testBits, let testErrors {
            guard testBits > 0, (0...testBits).contains(testErrors) else {
                throw ValidationError("--test-errors must lie between 0 and --test-bits")
            }
        }
        if let sample {
            guard sample > 0, sample < 1 else { throw ValidationError("--sample must lie between 0 and 1") }
        }
        guard testBits == nil || sample == nil else {
            throw ValidationError("either --test-bits or --sample: one comparison is enough")
        }
        guard record == nil || (testBits == nil && sample == nil) else {
            throw ValidationError("--record has the other basis; leave --test-bits and --sample out")
        }
    }

    func run() async throws {
        let folder = out ?? FreshFolder.name("qkdctl-distill")
        try OutputFolder.check(folder, overwrites: force)
        let (command, options) = (self, distillation.options())
        let (result, report) = try await Interrupts.guarding {
            let waiting = WaitingLine("reading")
            defer { waiting.stop() }
            var random = PublicRandomness(seed: publicSeed)
            let (input, warnings) = try command.input(&random)
            let result = try await Distiller(options).run(input, random: &random) {
                waiting.text = $0.rawValue
                waiting.share = $1
            }
            return (result, SecretKeyReport(isEmulated: false, warnings: warnings, result: result.report))
        }
        try OutputFolder.make(at: folder, overwrites: force)
        try SecretKeys.write(result, report, to: folder)
        for warning in report.warnings { Terminal.err("warning: \(warning)") }
        try formatOptions.show(report) { DistillText.table(report.result, folder: folder) }
        if let reason = report.result.abort { throw QKDError(.unhealthy, "no secret key: \(reason)") }
    }

    private func input(_ random: inout some RandomNumberGenerator) throws -> (DistillationInput, warnings: [String]) {
        let a = try RawKeyFile.read(alice, keyFormat)
        let b = try RawKeyFile.read(bob, keyFormat)
        guard a.count == b.count else {
            throw QKDError(
                .invalidInput, "\(alice) has \(a.count) bits and \(bob) has \(b.count): not the same sifting")
        }
        let beside = (alice as NSString).deletingLastPathComponent
        func found(_ name: String) -> String { beside.isEmpty ? name : "\(beside)/\(name)" }
        let record = record ?? found(SessionFolder.Name.record)
        let hasRecord = FileManager.default.fileExists(atPath: record)
        guard !hasRecord || (testBits == nil && sample == nil) else {
            throw QKDError(
                .invalidInput,
                "these keys come of weak pulses with decoys; a comparison says nothing of pulses with many photons",
                at: .init(record))
        }
        if let testBits, let testErrors {
            return (
                DistillationInput(
                    alice: a, bob: b, evidence: .comparison(bits: testBits, errors: testErrors)), []
            )
        }
        if let sample {
            return (
                KeySample.draw(alice: a, bob: b, share: sample, random: &random),
                ["a share of the key stands for the other basis: that holds only where the key has both bases alike"]
            )
        }
        guard hasRecord else {
            throw QKDError(
                .absent, "no record of the bits' bases; give --record, --test-bits with --test-errors, or --sample",
                at: .init(record))
        }
        let bench = try BenchDescription.load(bench ?? found(SessionFolder.Name.bench))
        return (try SessionDistillation.input(alice: a, bob: b, record: record, bench: bench), [])
    }
}

/// How to distil: the same words on every command that does.
struct DistillationWords: ParsableArguments {
    @Option(name: .long, help: "Proof that the key's length rests on; by default the one that fits the intensities.")
    var proof: KeyProof?
    @Option(name: .long, help: "ε_sec: how far the key may be from an ideal one.") var epsSec = 1e-9
    @Option(name: .long, help: "ε_cor: the chance that the keys differ.") var epsCor = 1e-15
    @Option(
        name: .long,
        help:
            "Reconciliation: cascade reveals least, ldpc takes one message a frame; auto chooses by --round-trip-ms and --raw-rate."
    )
    var method = ReconciliationMethod.auto
    @Option(name: .long, help: "What a question and its answer take between the parties, ms.") var roundTripMs = 0.0
    @Option(name: .long, help: "Raw bits that come a second.") var rawRate = 0.0
    @Option(name: .long, help: "Bits that Cascade reconciles and verifies as one, 1000 to 67108864.")
    var frameBits = 1 << 17

    func validate() throws {
        for (name, value) in [("--eps-sec", epsSec), ("--eps-cor", epsCor)] {
            guard value > 0, value < 1 else { throw ValidationError("\(name) must lie between 0 and 1") }
        }
        guard (0...100_000).contains(roundTripMs), (0...1e12).contains(rawRate) else {
            throw ValidationError("--round-trip-ms and --raw-rate must not be negative")
        }
        guard (1000...1 << 26).contains(frameBits) else {
            throw ValidationError("--frame-bits must lie between 1000 and 67108864")
        }
    }

    func options() -> DistillationOptions {
        var options = DistillationOptions()
        options.security = SecurityParameters(secrecy: epsSec, correctness: epsCor)
        options.proof = proof
        options.frameBits = frameBits
        options.method = method
        options.roundTripS = roundTripMs * 1e-3
        options.rawBitsPerSecond = rawRate
        options.workers = ProcessInfo.processInfo.activeProcessorCount
        return options
    }

}

extension RawKeyFile.Format: ExpressibleByArgument {}
extension KeyProof: ExpressibleByArgument {}
extension ReconciliationMethod: ExpressibleByArgument {}
