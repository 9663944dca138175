import Foundation
import QKDCore
import QKDSifting
import Testing

@testable import QKDBench

@Suite("Reports")
struct ReportTests {
    /// The reference link of docs/physics-model.md: other intensities and bases than the bench has.
    private func reference() throws -> BenchDescription {
        var text = try BenchDescription.load("bb84-loopback").text
        for (old, new) in [
            ("mean = 0.5, probability = 0.6", "mean = 0.5, probability = 0.7"),
            ("mean = 0.2, probability = 0.25", "mean = 0.1, probability = 0.2"),
            ("mean = 0.0, probability = 0.15", "mean = 0.0, probability = 0.1"),
            ("z_probability = 0.75", "z_probability = 0.9"),
        ] {
            #expect(text.contains(old))
            text = text.replacingOccurrences(of: old, with: new)
        }
        return try BenchDescription.parse(text, name: "reference")
    }

    private func builder(emulated: Bool, repeats: Bool = false) throws -> ReportBuilder {
        ReportBuilder(
            description: try reference(),
            source: SessionSource(
                emulated: emulated, seed: emulated ? 5 : nil,
                randomness: RandomnessFacts(generator: "g", seedSource: "s", seedBytes: 48), repeatsPattern: repeats,
                resyncs: 2, droppedBatches: 3),
            trueClock: nil)
    }

    private func engine() throws -> SessionEngine {
        try SessionEngine(
            plan: SessionPlan(bench: reference(), resolutionPS: 2000),
            bobSeed: Array(repeating: 1, count: 48))
    }

    @Test("A session that never began is a valid report of nothing")
    func nothing() throws {
        let result = try builder(emulated: false).result(nil)
        #expect(result.siftedBits == 0 && result.clock == nil && result.expected == nil)
        #expect(!result.fitForKeys && result.unfitReason == "there are no sifted bits")
        #expect(result.gains.count == 3 && result.gains.values.allSatisfy { $0.gain == 0 && $0.sent == 0 })
        #expect(
            result.bases["Z"]?.qberLow == 0 && result.bases["Z"]?.qberHigh == 1, "nothing is known of the error rate")
        // JSON has no NaN: encoding would throw.
        let bytes = try SessionJSON.encode(result)
        #expect(try SessionJSON.encode(SessionJSON.decode(SessionResult.self, bytes, file: "r")) == bytes)
    }

    @Test("The reason why a key is unfit is the gravest one")
    func unfit() throws {
        #expect(try builder(emulated: true).result(engine()).unfitReason == "the devices are emulated")
        #expect(try builder(emulated: true, repeats: true).result(engine()).unfitReason?.contains("repeated") == true)
    }

    @Test("What the driver saw is in the report, and only an emulation has expectations")
    func facts() throws {
        let result = try builder(emulated: true).result(engine())
        #expect(result.tags.resyncs == 2 && result.tags.droppedBatches == 3)
        #expect(result.seed == 5 && result.keyContent == "sifted, not secret")
        let expected = try #require(result.expected)
        // Worked out in docs/physics-model.md for this bench.
        #expect(abs((expected.gains["signal"] ?? 0) - 8.6106e-3) < 1e-6)
        #expect(abs((expected.liveGains["signal"] ?? 0) - 9.9420e-3) < 1e-6)
        #expect(abs((expected.qber["Z"] ?? 0) - 0.01574) < 1e-5)
        #expect(abs((expected.qber["X"] ?? 0) - 0.01859) < 1e-5)
    }

    @Test("Keys of the JSON are snake case and stable")
    func keys() throws {
        let text = String(decoding: try SessionJSON.encode(builder(emulated: true).result(engine())), as: UTF8.self)
        for key in ["\"fit_for_keys\"", "\"live_gain\"", "\"same_basis_doubles\"", "\"slots_sent\"", "\"key_content\""]
        {
            #expect(text.contains(key), "\(key)")
        }
        #expect(text.hasSuffix("}\n"))
    }

    @Test("What ended a run is told apart")
    func status() async throws {
        let bench = try await Bench.open(EmulatedRunTests.bench(), seed: 1, time: .lockstep)
        func facts(_ failure: (any Error)?, _ findings: [String] = []) -> RunFacts {
            RunFacts(
                failure: failure, findings: findings, started: Date(timeIntervalSince1970: 0), wall: .seconds(2),
                bench: bench)
        }
        #expect(facts(nil).status == "complete" && facts(nil).reason == nil)
        #expect(facts(nil, ["x is not confirmed safe"]).status == "unsafe")
        #expect(facts(CancellationError()).status == "interrupted")
        #expect(facts(QKDError(.interrupted, "x")).status == "interrupted")
        #expect(facts(QKDError(.timeout, "silent")).status == "failed")
        #expect(facts(QKDError(.timeout, "silent")).reason == "silent")
        #expect(facts(nil).started == "1970-01-01T00:00:00Z" && facts(nil).wallSeconds == 2)
        #expect(facts(nil).devices.count == 8)
        await bench.close()
    }
}

@Suite("Replays and collectors")
struct ReplayTests {
    @Test("A folder that is no saved session is named with the file that is missing")
    func missing() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: QKDError.self) { try SessionReplay.run(folder: folder.path) }
        #expect(error?.kind == .absent && error?.place?.source.hasSuffix("session.json") == true)
        try SmallFile.write(Array("{}".utf8), to: folder.path + "/session.json", mode: 0o644)
        #expect(throws: QKDError.self) { try SessionReplay.run(folder: folder.path) }
        try SmallFile.write(Array("not JSON".utf8), to: folder.path + "/session.json", mode: 0o644)
        let second = #expect(throws: QKDError.self) { try SessionReplay.run(folder: folder.path) }
        #expect(second?.kind == .invalidInput)
    }

    @Test("A session's folder is made once, for its owner alone")
    func folder() throws {
        let parent = try TemporaryFolder()
        let path = parent.path + "/a/b"
        _ = try SessionFolder.create(at: path, savesTags: false)
        let mode = try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
        #expect(mode == 0o700)
        try SmallFile.write([], to: path + "/report.json", mode: 0o644)
        #expect(throws: QKDError.self) { try SessionFolder.create(at: path, savesTags: false) }
        try SmallFile.write([1], to: parent.path + "/file", mode: 0o644)
        #expect(throws: QKDError.self) { try SessionFolder.create(at: parent.path + "/file/x", savesTags: false) }
    }

    @Test("A collector hands over all that came, then what ended the stream")
    func collector() async throws {
        let (stream, continuation) = TagStream.makeStream()
        let collector = TagCollector()
        await collector.follow(stream)
        continuation.yield(TagBatch(times: [5, 9], channels: [1, 2]))
        continuation.yield(TagBatch(times: [11], channels: [1]))
        #expect(await !collector.waitForEnd(timeout: .milliseconds(20)))
        continuation.finish(throwing: QKDError(.disconnected, "gone"))
        #expect(await collector.waitForEnd(timeout: .seconds(5)))
        #expect(await collector.firstTimePS == 5)
        #expect(await collector.drain().times == [5, 9, 11])
        #expect(await collector.drain().isEmpty)
        #expect(await (collector.failure as? QKDError)?.kind == .disconnected)
    }

    @Test("One absent device does not keep the others from being made safe")
    func safeWithoutOne() async throws {
        let description = try BenchDescription.load("bb84-loopback")
        let lines = LineKeeper()
        let emulation = try await StandingEmulation.bench(
            description, seed: 1, address: "127.0.0.1", vendorPorts: false, log: EmulatorLog { lines.add($0) })
        let random = try #require(emulation.places.first { $0.name == "alice-random" })
        let text = emulation.liveBench(description.text).replacingOccurrences(
            of: random.address, with: "/dev/no-such-tty")
        let (confirmed, findings) = try await Bench.makeEachSafe(
            BenchDescription.parse(text, name: "live"), seed: 1)
        #expect(confirmed == 7 && findings.count == 1)
        #expect(findings.first?.contains("alice-random is not confirmed safe") == true)
        await emulation.stop()
    }
}
