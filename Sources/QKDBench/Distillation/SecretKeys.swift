import CQKDSystem
import Foundation
import QKDCore
import QKDDistillation

/// The account of a distillation as a file.
public struct SecretKeyReport: Sendable, Codable, Equatable {
    /// The version of this layout.
    public var schema = "qkdctl.distillation/1"
    /// What the keys are worth.
    public var keyContent: String
    /// What a user should know before believing in the keys.
    public var warnings: [String]
    /// All figures.
    public var result: DistillationReport

    /// States what the keys are worth.
    public init(isEmulated: Bool, warnings: [String], result: DistillationReport) {
        keyContent = isEmulated ? "secret by an emulated bench: protects nothing" : "secret"
        self.warnings = warnings
        self.result = result
    }
}

/// The files of a distillation.
public enum SecretKeys {
    /// Alice's secret key, a `KeyFile`.
    public static let alice = "alice.secret"
    /// Bob's secret key, a `KeyFile`.
    public static let bob = "bob.secret"
    /// The `SecretKeyReport` as JSON.
    public static let report = "distillation.json"

    /// Writes both keys (0600), if there is one, and then the account, unless it stands elsewhere.
    public static func write(
        _ result: Distiller.Result, _ report: SecretKeyReport, to folder: String, withAccount: Bool = true
    ) throws {
        for (party, bits, name) in [("alice", result.alice, alice), ("bob", result.bob, bob)] where bits.count > 0 {
            let file = KeyFile(party: party, bits: bits, content: report.keyContent)
            var bytes = file.bytes
            defer { SecretMemory.wipe(&bytes) }
            try SmallFile.write(bytes, to: "\(folder)/\(name)", mode: 0o600)
        }
        guard withAccount else { return }
        try SmallFile.write(SessionJSON.encode(report), to: "\(folder)/\(self.report)", mode: 0o644)
    }
}

/// Secret keys from a session's folder: what `run` does last.
public struct SessionDistillation: Sendable {
    /// How.
    public var options: DistillationOptions

    /// Prepares a distillation.
    public init(options: DistillationOptions = .init()) { self.options = options }

    /// What a session's folder has, as a distillation takes it.
    public static func input(folder: String, bench: BenchDescription) throws -> DistillationInput {
        let keys = try [SessionFolder.Name.aliceKey, SessionFolder.Name.bobKey].map { name in
            try RawKeyFile.read("\(folder)/\(name)", .qkdctl)
        }
        return try input(alice: keys[0], bob: keys[1], record: "\(folder)/\(SessionFolder.Name.record)", bench: bench)
    }

    /// The same from two keys, the path of their record, and the bench.
    public static func input(alice: BitString, bob: BitString, record: String, bench: BenchDescription) throws
        -> DistillationInput
    {
        let (intensities, order) = bench.decoyIntensities
        guard alice.count == bob.count else {
            throw QKDError(.invalidInput, "one key has \(alice.count) bits and the other \(bob.count)")
        }
        return try SiftedRecord(path: record, count: alice.count)
            .input(alice: alice, bob: bob, intensities: intensities, order: order)
    }

    /// Distils a session's keys and writes the secret ones into its folder. Nothing but the account is written where there is no
    /// key, or where no proof covers the bench's intensities.
    func run(folder: String, bench: BenchDescription, source: SessionSource) async throws -> SecretKeyReport {
        let input = try Self.input(folder: folder, bench: bench)
        var random = PublicRandomness(seed: source.seed)
        do {
            let result = try await Distiller(options).run(input, random: &random)
            let report = SecretKeyReport(isEmulated: source.emulated, warnings: [], result: result.report)
            try SecretKeys.write(result, report, to: folder, withAccount: false)
            return report
        } catch let error as QKDError where error.kind == .invalidInput {
            var report = DistillationReport(rawBits: input.alice.count)
            report.abort = error.message
            return SecretKeyReport(isEmulated: source.emulated, warnings: [], result: report)
        }
    }
}

/// Public random numbers: the system's, or a sequence that a seed repeats.
public struct PublicRandomness: RandomNumberGenerator, Sendable {
    private var system = SystemRandomWords()
    private var sequence: PublicGenerator?

    /// The system's without a seed.
    public init(seed: UInt64?) { sequence = seed.map { PublicGenerator(seed: $0 ^ 0x716B_6463_746C_0006) } }

    public mutating func next() -> UInt64 { sequence?.next() ?? system.next() }
}

/// The system's random numbers, fetched many at a time: a call each would take most of a long seed's time.
private struct SystemRandomWords: RandomNumberGenerator, Sendable {
    private var words: [UInt64] = []
    private var slow = SystemRandomNumberGenerator()

    mutating func next() -> UInt64 {
        if let word = words.popLast() { return word }
        var fresh = [UInt64](repeating: 0, count: 512)
        // What the system does not give at once it gives one by one, or the program ends there.
        guard fresh.withUnsafeMutableBytes({ qkd_random_fill($0.baseAddress, $0.count) }) == 0 else {
            return slow.next()
        }
        words = fresh
        return words.removeLast()
    }
}
