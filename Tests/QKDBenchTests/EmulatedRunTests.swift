import Foundation
import QKDCore
import Testing

@testable import QKDBench

@Suite("Runs on the emulated bench")
struct EmulatedRunTests {
    /// A bench with short frames at a higher rate, so that a debug build takes a second or two.
    static func bench(_ changes: [(String, String)] = []) throws -> BenchDescription {
        var text = BenchParserTests.text
        for (old, new) in [("slots = 1_000_000", "slots = 300_000"), ("length_km = 25.0", "length_km = 0.0")] + changes
        {
            guard text.contains(old) else { throw QKDError(.invalidInput, "no '\(old)' in the bench") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        return try BenchDescription.parse(text, name: "test")
    }

    static func run(
        _ bench: BenchDescription, seed: UInt64 = 1, duration: Double = 0.07, folder: String, saves: Bool = false,
        log: EmulatorLog? = nil, align: Bool = false
    ) async throws -> SessionEnd {
        let open = try await Bench.open(bench, seed: seed, time: .lockstep, log: log)
        let options = RunOptions(
            durationPS: Picoseconds.from(seconds: duration), folder: folder, savesTags: saves, repeatsPattern: align)
        let end = try await SessionRunner(bench: open, options: options).run()
        await open.close()
        return end
    }

    @Test("A run finds its clock, and its figures fit the closed forms at 4 sigma")
    func figures() async throws {
        let folder = try TemporaryFolder()
        let end = try await Self.run(Self.bench(), seed: 3, duration: 0.11, folder: folder.path + "/s")
        let result = try #require(end.report?.result)
        #expect(end.failure == nil)
        #expect(result.frames.synchronised == result.frames.played && result.frames.played == 3)
        let clock = try #require(result.clock)
        let truth = try #require(clock.truth)
        #expect(truth.framesOffSlot == 0)
        #expect(abs(truth.worstStartDeviationNs) < 0.5)
        #expect(abs(truth.skewDeviation) < 4 * clock.skewError + 1e-9)
        // The first tag stands for the moment of arming: it comes within a few milliseconds.
        #expect(abs(clock.offsetS - truth.offsetS) < 0.05)
        let expected = try #require(result.expected)
        for (name, gain) in result.gains {
            let mean = expected.gains[name] ?? 0
            let sigma = (mean * (1 - mean) / Double(gain.sent)).squareRoot()
            #expect(abs(gain.gain - mean) < 4 * sigma + 1.0 / Double(gain.sent), "\(name)")
            let live = expected.liveGains[name] ?? 0
            let liveSigma = (live * (1 - live) / Double(gain.liveSent)).squareRoot()
            #expect(abs(gain.liveGain - live) < 4 * liveSigma + 1.0 / Double(gain.liveSent), "live \(name)")
        }
        for (name, basis) in result.bases {
            let rate = expected.qber[name] ?? 0
            let sigma = (rate * (1 - rate) / Double(basis.sifted)).squareRoot()
            #expect(abs(basis.qber - rate) < 4 * sigma, "QBER \(name)")
        }
        #expect(!result.fitForKeys && result.emulated)
    }

    @Test("A seed gives the same bytes; saved tags give the same keys; another seed gives others")
    func repeatable() async throws {
        let folder = try TemporaryFolder()
        let bench = try Self.bench()
        let one = try await Self.run(bench, folder: folder.path + "/1", saves: true)
        let two = try await Self.run(bench, folder: folder.path + "/2")
        let other = try await Self.run(bench, seed: 2, folder: folder.path + "/3")
        let bytes = try [one, two, other].map { try SessionJSON.encode(try #require($0.report).result) }
        #expect(bytes[0] == bytes[1])
        #expect(bytes[0] != bytes[2])
        for name in ["alice.key", "bob.key", "sifting.bin"] {
            let files = try ["1", "2"].map { try SmallFile.bytes(path: "\(folder.path)/\($0)/\(name)", limit: 1 << 20) }
            #expect(files[0] == files[1], "\(name)")
        }
        let (result, outcome) = try SessionReplay.run(folder: folder.path + "/1")
        #expect(try SessionJSON.encode(result) == bytes[0])
        try SessionReplay.compare(outcome, withKeysIn: folder.path + "/1")
        #expect(throws: QKDError.self) { try SessionReplay.compare(outcome, withKeysIn: folder.path + "/3") }
    }

    @Test("A cancelled run is dark, confirmed safe, and leaves a valid partial session")
    func cancelled() async throws {
        let folder = try TemporaryFolder()
        let lines = LineKeeper()
        let bench = try Self.bench()
        let task = Task {
            try await Self.run(bench, duration: 60, folder: folder.path + "/s", log: EmulatorLog { lines.add($0) })
        }
        while !lines.all.contains(where: { $0.contains("frame started") }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        task.cancel()
        let end = try await task.value
        #expect(end.failure is CancellationError)
        let report = try #require(end.report)
        #expect(report.run.status == "interrupted")
        #expect(report.run.safetyFindings == [])
        let lights = lines.all.filter {
            $0.contains("alice-modulator") && ($0.contains("frame started") || $0.contains("dark"))
        }
        #expect(lights.last?.contains("dark") == true, "\(lights.suffix(3))")
        #expect(lines.all.contains { $0.contains("alice-attenuator") && $0.contains("20") })
        let saved = try SmallFile.bytes(path: folder.path + "/s/report.json", limit: 1 << 20)
        #expect(try SessionJSON.decode(SessionReport.self, saved, file: "report").run.status == "interrupted")
    }

    @Test("An alignment repeats its pattern and is unfit for keys")
    func alignment() async throws {
        let folder = try TemporaryFolder()
        let end = try await Self.run(Self.bench(), folder: folder.path + "/s", saves: true, align: true)
        #expect(end.report?.result.unfitReason?.contains("repeated") == true)
        let frames = try AliceFrameFile.frames(
            in: SmallFile.bytes(path: folder.path + "/s/alice.frames", limit: 1 << 22), name: "f")
        #expect(frames.count == 2 && frames[0].codes == frames[1].codes.prefix(frames[0].codes.count) + [])
    }

    @Test("Without light no frame is found, and nothing is made up")
    func noLight() async throws {
        let folder = try TemporaryFolder()
        let end = try await Self.run(
            Self.bench([("receiver_loss_db = 2.0", "receiver_loss_db = 60.0")]), folder: folder.path + "/s")
        let result = try #require(end.report?.result)
        #expect(end.failure == nil)
        #expect(result.frames.synchronised == 0 && result.frames.lost == result.frames.played)
        #expect(result.siftedBits == 0 && result.clock == nil)
        #expect(!result.frames.lossReasons.isEmpty)
    }

    @Test("No key byte and no seed reaches the report or the emulators' log")
    func noSecrets() async throws {
        let folder = try TemporaryFolder()
        let lines = LineKeeper()
        _ = try await Self.run(
            Self.bench(), folder: folder.path + "/s", saves: true, log: EmulatorLog { lines.add($0) })
        let seed = try SmallFile.bytes(path: folder.path + "/s/bob.seed", limit: 100)
        let key = try KeyFile(bytes: SmallFile.bytes(path: folder.path + "/s/alice.key", limit: 1 << 20), name: "k")
        let report = try SmallFile.text(path: folder.path + "/s/report.json", limit: 1 << 20)
        let session = try SmallFile.text(path: folder.path + "/s/session.json", limit: 1 << 20)
        let words = [seed, Array(key.bits.bytesMSBFirst.prefix(8))].flatMap { bytes in
            let hex = bytes.prefix(8).map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
            return [hex, Data(bytes.prefix(6)).base64EncodedString()]
        }
        for text in [report, session, lines.all.joined(separator: "\n")] {
            for word in words { #expect(!text.contains(word)) }
        }
    }

    @Test("A run goes on to secret keys, equal and 0600, and no byte of them reaches a report")
    func secretKeys() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/s"
        // As bright and quiet as makes a key of a short run.
        let bench = try Self.bench([
            ("efficiency = 0.10", "efficiency = 0.9"),
            ("dead_time_us = 5.05", "dead_time_us = 0.05"), ("misalignment = 0.015", "misalignment = 0.002"),
            ("afterpulse_probability = 0.02", "afterpulse_probability = 0.0"),
        ])
        let end = try await Self.run(bench, seed: 5, duration: 0.5, folder: path)
        let report = try #require(end.report)
        let account = try #require(report.distillation)
        #expect(account.keyContent.contains("protects nothing") && account.result.abort == nil)
        let keys = try ["alice", "bob"].map { party in
            try KeyFile(bytes: SmallFile.bytes(path: "\(path)/\(party).secret", limit: 1 << 20), name: party)
        }
        #expect(keys[0].bits == keys[1].bits && keys[0].bits.count == account.result.secretBits)
        #expect(keys[0].bits.count > 1000 && keys[0].content == account.keyContent)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(path)/alice.secret")[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let bytes = keys[0].bits.bytesMSBFirst.prefix(8)
        let hex = bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        let text = try SmallFile.text(path: "\(path)/report.json", limit: 1 << 20)
        #expect(!text.contains(hex) && !text.contains(Data(bytes.prefix(6)).base64EncodedString()))
        // The seed makes the secret keys again.
        _ = try await Self.run(bench, seed: 5, duration: 0.5, folder: folder.path + "/again")
        let again = try SmallFile.bytes(path: folder.path + "/again/alice.secret", limit: 1 << 20)
        #expect(try KeyFile(bytes: again, name: "again").bits == keys[0].bits)
    }
}

/// Keeps lines that any thread brings.
final class LineKeeper: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    var all: [String] { lock.withLock { lines } }

    func add(_ line: String) { lock.withLock { lines.append(line) } }
}
