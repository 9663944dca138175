import Foundation
import QKDBench
import QKDCore
import QKDPhysics
import QKDSifting
import QKDTimeTags
import Testing

@Suite("Sift of two files as their tags come")
struct StreamSiftTests {
    /// A folder that goes with the test.
    private final class Folder {
        let path = NSTemporaryDirectory() + "qkdctl-stream-\(UUID().uuidString)"
        init() throws { try OutputFolder.make(at: path, overwrites: false) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ tags: TagBatch, _ name: String) throws -> CaptureSift.File {
            let file = "\(path)/\(name)"
            let writer = try TagFileWriter.open(path: file, TagWriteOptions(format: .chunked))
            try writer.append(tags)
            try writer.finish()
            return .init(path: file)
        }

        func sift(_ alice: TagBatch, _ bob: TagBatch) throws -> StreamSift {
            try StreamSift(alice: write(alice, "alice"), bob: write(bob, "bob"), options: TwoPartySiftTests.options())
        }
    }

    private static func tags(seed: UInt64, seconds: Double) throws -> (alice: TagBatch, bob: TagBatch) {
        var simulator = try PairSourceSimulator(TwoPartySiftTests.source(seed: seed))
        let tags = simulator.run(seconds: seconds)
        return (tags.alice, tags.bob)
    }

    @Test("The keys are those of the whole, but for a few at the windows' edges")
    func asTheWhole() throws {
        let folder = try Folder()
        let (alice, bob) = try Self.tags(seed: 21, seconds: 6)
        let sift = try folder.sift(alice, bob)
        let (file, a, b) = try sift.run()
        let report = file.result
        let (whole, keys) = try sift.options.run(alice: alice, bob: bob)
        #expect(report.searches == 1 && report.lostStretches == 0 && report.gaps.isEmpty)
        #expect(abs(report.lockedStretches - 60) <= 1)
        #expect(abs(Double(report.coincidences) / Double(whole.coincidences) - 1) < 2e-3)
        #expect(abs(report.keyBits - keys.alice.count) < keys.alice.count / 200)
        #expect(a.count == report.keyBits && b.count == report.keyBits && a.distance(to: b) == report.errors)
        for (followed, all) in zip(report.bases, whole.bases) {
            let sigma = (0.03 * 0.97 / Double(all.sifted)).squareRoot()
            #expect(abs((followed.qber ?? 1) - (all.qber ?? 0)) < sigma)
            #expect(followed.correlation == all.correlation && followed.correlationIsDetected)
        }
        #expect(report.matrix.flatMap { $0 }.reduce(0, +) == report.coincidences)
        let clock = TwoPartySiftTests.source(seed: 21).bobClock
        let end = try #require(report.end)
        // Mean delays of 195 and 250 ps belong to the offset.
        let offset = Double(clock.reading(atPS: end.atPS) - end.atPS) * 1e-12 + 55e-12
        #expect(abs(end.offsetSeconds - offset) < 30e-12)
        #expect(try #require(report.pullRms) < 1.3)
        let text = try String(decoding: JSONEncoder().encode(file), as: UTF8.self)
        #expect(try JSONDecoder().decode(StreamSiftReport.self, from: Data(text.utf8)).result.keyBits == report.keyBits)
    }

    /// Bob hears nothing for eight seconds; then his clock stands three milliseconds elsewhere.
    @Test("What was lost for long is searched anew, and the keys go on")
    func foundAgain() throws {
        let folder = try Folder()
        let step = 3 * Picoseconds.perMillisecond
        let dark = 4 * Picoseconds.perSecond..<12 * Picoseconds.perSecond
        let (alice, all) = try Self.tags(seed: 22, seconds: 20)
        var bob = TagBatch()
        for (time, channel) in zip(all.times, all.channels) where !dark.contains(time) {
            bob.append(timePS: time < dark.lowerBound ? time : time + step, channel: channel)
        }
        let sift = try folder.sift(alice, bob)
        let (file, a, b) = try sift.run()
        let report = file.result
        #expect(report.searches == 2 && report.found.count == 2)
        let clock = TwoPartySiftTests.source(seed: 22).bobClock
        let second = report.found[1]
        let offset = Double(clock.reading(atPS: second.atPS) - second.atPS + step) * 1e-12 + 55e-12
        #expect(abs(second.offsetSeconds - offset) < 100e-12)
        #expect(report.gaps.count == 1)
        let gap = try #require(report.gaps.first)
        #expect(abs(gap.startPS - dark.lowerBound) < 200 * Picoseconds.perMillisecond)
        #expect(gap.endPS >= dark.upperBound - 60 * Picoseconds.perMillisecond)
        #expect(gap.endPS < dark.upperBound + Picoseconds.perSecond / 2)
        // No key bit comes from the dark: 12 of 20 seconds are left, and their errors are those of the source.
        let (whole, _) = try sift.options.run(alice: alice, bob: all)
        #expect(abs(Double(report.coincidences) / Double(whole.coincidences) - 0.6) < 0.03)
        #expect(a.distance(to: b) == report.errors)
        #expect(Double(report.errors) / Double(report.keyBits) < 0.045)
        #expect(file.warnings.contains { $0.contains("do not correlate") })
    }

    @Test("Captures that begin apart in time are brought to where they overlap")
    func lateStart() throws {
        let folder = try Folder()
        let (alice, all) = try Self.tags(seed: 23, seconds: 9)
        var bob = TagBatch()
        for (time, channel) in zip(all.times, all.channels) where time > 5 * Picoseconds.perSecond {
            bob.append(timePS: time, channel: channel)
        }
        let report = try folder.sift(alice, bob).run().report.result
        #expect(report.searches == 1 && report.found[0].atPS > 4_900 * Picoseconds.perMillisecond)
        #expect(report.lockedStretches > 35)
    }

    @Test("Captures that do not correlate, and what cannot be followed, are refused")
    func refusals() throws {
        let folder = try Folder()
        let (alice, _) = try Self.tags(seed: 24, seconds: 3)
        let (_, stranger) = try Self.tags(seed: 25, seconds: 3)
        var sift = try folder.sift(alice, stranger)
        #expect(#expect(throws: QKDError.self) { try sift.run() }?.kind == .noLock)
        sift.options.dedup = .automatic
        #expect(#expect(throws: QKDError.self) { try sift.run() }?.kind == .unsupported)
        sift.options.dedup = .off
        sift.options.setting = .bb84
        #expect(#expect(throws: QKDError.self) { try sift.run() }?.kind == .unsupported)
        sift.options.setting = .bbm92
        sift.options.map = try DetectorMap("alice:11=H,12=V;bob:1=H,2=V")
        #expect(#expect(throws: QKDError.self) { try sift.run() }?.kind == .invalidInput)
    }

    @Test("Tags that are put back come again, once and first")
    func putBack() throws {
        let folder = try Folder()
        let tags = TagBatch(
            times: (0..<30_000).map { Int64($0) * 1_000 }, channels: (0..<30_000).map { UInt8($0 % 4 + 1) })
        let source = try CaptureTags(path: folder.write(tags, "tags").path, channels: [1, 2, 3, 4])
        var (batch, lead, all) = (TagBatch(), TagBatch(), TagBatch())
        while lead.count < 12_000, try source.next(into: &batch) { lead.append(batch) }
        source.putBack(lead)
        // Part of it comes, goes back, and comes again.
        #expect(try source.next(into: &batch))
        source.putBack(batch)
        while try source.next(into: &batch) { all.append(batch) }
        #expect(all.times == tags.times && all.channels == tags.channels)
        #expect(source.facts.mappedTags == 30_000)
    }
}
