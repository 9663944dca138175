import Foundation
import QKDBench
import QKDCore
import QKDPhysics
import QKDSifting
import QKDTimeTags
import Testing

@Suite("Sift of two files")
struct CaptureSiftTests {
    private static func captures(
        _ folder: String, _ source: PairSourceParameters, _ format: TagFormat = .qcrypto(.a1, .init())
    ) throws -> PairCaptureTruth {
        try PairCapture(
            source: source, durationPS: 3 * Picoseconds.perSecond, output: TagWriteOptions(format: format),
            folder: folder
        ).run()
    }

    private static func sift(_ folder: String, _ truth: PairCaptureTruth) -> CaptureSift {
        CaptureSift(
            alice: .init(path: truth.files[0]), bob: .init(path: truth.files[1]),
            options: TwoPartySiftTests.options())
    }

    private static func temporary() -> String { NSTemporaryDirectory() + "qkdctl-sift-\(UUID().uuidString)" }

    @Test("Emulated files sift to their truth, and keys and report are written")
    func endToEnd() throws {
        let folder = Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var source = TwoPartySiftTests.source(seed: 11)
        source.bobClock.offsetPS = -source.bobClock.offsetPS
        let truth = try Self.captures(folder + "/captures", source)
        #expect(truth.files[0].hasSuffix("alice.a1") && truth.resolutionPS == 3.90625 && truth.emulated)
        var steps: [String] = []
        let (report, keys) = try Self.sift(folder, truth).run {
            if steps.last != $0.step { steps.append($0.step) }
        }
        #expect(steps.count == 4 && steps[0].hasPrefix("reading") && steps[3].hasPrefix("matching"))
        let result = report.result
        let x = Picoseconds.seconds(result.referencePS - truth.referencePS)
        let offset =
            truth.offsetSeconds + truth.meanDelayPS * 1e-12
            + x * (truth.skewPPM * 1e-6 + 0.5 * truth.driftPerSecond * x)
        #expect(abs(result.offsetSeconds.value - offset) < 30e-12)
        #expect(abs(result.skewPPM.value - truth.skewPPM - truth.driftPerSecond * x * 1e6) < 2e-5)
        for (found, true_) in zip(result.aliceDelays + result.bobDelays, truth.aliceDelaysPS + truth.bobDelaysPS) {
            #expect(abs(found.delayPS - true_) < 30)
        }
        #expect(report.alice.tags == truth.tags[0] && report.bob.mappedTags == truth.tags[1])
        #expect(report.warnings.isEmpty && report.keyContent.contains("public"))
        try OutputFolder.make(at: folder + "/out", overwrites: false)
        try CaptureSift.write(report, keys, to: folder + "/out")
        for (party, bits) in [("alice", keys.alice), ("bob", keys.bob)] {
            let path = "\(folder)/out/\(party).key"
            let file = try KeyFile(bytes: SmallFile.bytes(path: path, limit: 1 << 20), name: path)
            #expect(file.party == party && file.bits == bits)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        let text = try SmallFile.text(path: folder + "/out/report.json", limit: 1 << 20)
        #expect(text.contains("\"peak_width_ps\"") && text.contains("\"log_false_alarm\""))
        // All keys are lower case: no unit is torn or glued by the conversion.
        #expect(text.matches(of: /"[a-z]*[A-Z][A-Za-z]*" :/).isEmpty)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect((object["result"] as? [String: Any])?["key_bits"] as? Int == result.keyBits)
    }

    @Test("Bins of dedup are those of the coarser file, both edges in")
    func dedup() throws {
        let folder = Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var source = TwoPartySiftTests.source(seed: 12)
        source.bob.ghost = GhostModel(probability: 0.2, delayPS: 40_000)
        let truth = try Self.captures(folder, source, .qcrypto(.a1, .init(unit: .ns8th)))
        #expect(truth.ghosts[1] > 500 && truth.ghosts[0] == 0)
        var sift = Self.sift(folder, truth)
        // 40 ns is 320 bins of 125 ps.
        sift.dedupBins = 318
        #expect(try sift.run().report.result.bobGhosts < 100)
        sift.dedupBins = 321
        #expect(try abs(sift.run().report.result.bobGhosts - truth.ghosts[1]) < 60)
    }

    @Test("What a hole takes away counts neither as time nor as tags, and is warned of")
    func holes() throws {
        var simulator = try PairSourceSimulator(TwoPartySiftTests.source(seed: 13))
        var tags = simulator.run(seconds: 3)
        let (whole, _) = try TwoPartySiftTests.options().run(alice: tags.alice, bob: tags.bob)
        // Half a second of Bob's tags is lost.
        let lost = 1_500 * Picoseconds.perMillisecond..<2_000 * Picoseconds.perMillisecond
        var bob = TagBatch()
        for (time, channel) in zip(tags.bob.times, tags.bob.channels) where !lost.contains(time) {
            if bob.holes.isEmpty, time > lost.upperBound {
                bob.holes = [TagHole(beforeIndex: bob.count, cause: .deviceOverflow, afterPS: bob.times.last)]
            }
            bob.append(timePS: time, channel: channel)
        }
        tags.bob = bob
        let (report, _) = try TwoPartySiftTests.options().run(alice: tags.alice, bob: tags.bob)
        #expect(report.holes == [0, 1])
        // Slices that the hole fills say that nothing correlates; the hole takes the rest.
        let gone = whole.correlatedSeconds - report.correlatedSeconds
        #expect(abs(gone - 0.5) < 0.005)
        #expect(report.holeSeconds <= gone + 0.001)
        let rate = Double(whole.correlatedTags[0]) / whole.correlatedSeconds
        #expect(abs(Double(report.correlatedTags[0]) / report.correlatedSeconds / rate - 1) < 0.02)
        #expect(abs(Double(report.coincidences) / Double(whole.coincidences) - 2.5 / 3) < 0.05)
    }

    @Test("One file may hold both parties, but no tag may be both parties'")
    func oneFile() throws {
        var options = TwoPartySiftTests.options()
        let file = CaptureSift.File(path: "/no/such/file")
        let error = #expect(throws: QKDError.self) { try CaptureSift(alice: file, bob: file, options: options).run() }
        #expect(error?.kind == .invalidInput && error?.message.contains("(1, 2, 3, 4)") == true)
        options.map = try DetectorMap("alice:1=H,2=V;bob:3=H,4=V")
        let other = #expect(throws: QKDError.self) { try CaptureSift(alice: file, bob: file, options: options).run() }
        #expect(other?.kind == .absent)
    }

    @Test("Captures that cannot be are refused before a file is there")
    func refusals() throws {
        let folder = Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var source = TwoPartySiftTests.source(seed: 14)
        source.pairRateHz = -1
        #expect { _ = try Self.captures(folder, source) } throws: { ($0 as? QKDError)?.kind == .outOfRange }
        #expect(!FileManager.default.fileExists(atPath: folder))
        source.pairRateHz = 100
        // This dump takes no such channel or needs a header: whatever it says, no half of a pair stays.
        #expect(throws: QKDError.self) { try Self.captures(folder, source, .quTAG(.compressed)) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
}
