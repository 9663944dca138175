import QKDCore
import QKDPhysics
import QKDSifting
import QKDTimeTags
import Testing

@testable import QKDBench
@testable import QKDCLI

@Suite("A sift's report as text")
struct SiftTextTests {
    private static func report(_ angles: [Double], _ map: String) throws -> CaptureSiftReport {
        var source = PairSourceParameters(
            pairRateHz: 40_000, alice: PairParty(transmittance: 0.25), bob: PairParty(transmittance: 0.1),
            bobClock: ClockModel(offsetPS: 1_000_000, skew: 1e-6), seed: 9)
        source.bob.anglesDegrees = angles
        var simulator = try PairSourceSimulator(source)
        let tags = simulator.run(seconds: 1)
        var sift = TwoPartySift(setting: .bbm92, map: try DetectorMap(map))
        sift.searchRangePS = Picoseconds.perMillisecond
        sift.confidence = 0.999
        let facts = CaptureFacts(
            file: "a.a1", format: "a1-256th-ns", formatGuessed: true, resolutionPS: 3.90625, tags: 9, mappedTags: 7)
        return CaptureSiftReport(
            alice: facts, bob: facts, result: try sift.run(alice: tags.alice, bob: tags.bob).report)
    }

    @Test("Every figure that was asked for has its line, with its error")
    func table() throws {
        let report = try Self.report([0, 45], "1=H,2=V,3=D,4=A")
        let text = SiftText.table(report, folder: "here")
        let heads = [
            "alice", "bob", "map", "offset", "skew", "drift", "peak", "window", "coincidences", "accidentals",
            "sifted key", "written to    here",
        ]
        for head in heads { #expect(text.contains("\n\(head)") || text.hasPrefix(head), "\(head)") }
        #expect(text.contains("7 of 9 tags") && text.contains("format told by the values"))
        #expect(text.contains("QBER") && text.contains("99.9 % interval") && text.contains("visibility"))
        #expect(text.contains("as public as the two files") && text.contains("by shifted windows"))
        #expect(text.contains("by S_A S_B τ T") && text.contains("CAR"))
        for line in ["alice 1", "alice 4", "bob 1", "bob 4"] { #expect(text.contains("\n\(line)")) }
        #expect(!text.contains("CHSH") && !text.contains("gap ") && !text.contains("second tags"))
    }

    @Test("CHSH, gaps, holes and second tags are shown where there are any; warnings name the file")
    func extras() throws {
        var report = try Self.report(
            [22.5, 67.5], "alice:1=H,2=V,3=D,4=A;bob:1=22.5deg,2=112.5deg,3=67.5deg,4=157.5deg")
        #expect(report.warnings.isEmpty)
        report.result.gaps = (0..<7).map { .init(startPS: $0 * 2_000_000_000_000, endPS: $0 * 2_000_000_000_000 + 5) }
        report.result.bobGhosts = 12
        report.result.holeSeconds = 0.25
        report.alice.holes = [.init(cause: "deviceOverflow", count: 3)]
        report.bob.late = 4
        report.bob.reordered = 5
        let text = SiftText.table(report, folder: "here")
        #expect(text.contains("CHSH          S = 2.") && text.contains("σ above 2"))
        #expect(text.contains("second tags   0 of Alice and 12 of Bob") && text.contains("0.250000 s"))
        #expect(text.contains("and 2 more gaps") && text.contains("3 holes") && text.contains("5 put in order"))
        // Without a common basis there is nothing to sift.
        #expect(text.contains("\nZ      0       0       -"))
        let warnings = report.warnings.joined(separator: "\n")
        #expect(warnings.contains("a.a1: 3 holes") && warnings.contains("4 tags came too far"))
        #expect(warnings.contains("7 stretches"))
    }

    @Test("A correlation that the counts hardly tell is a guess, and said to be")
    func guess() throws {
        var report = try Self.report([0, 45], "1=H,2=V,3=D,4=A")
        report.result.bases[1].contrast = 3
        #expect(report.warnings.joined().contains("basis X") && report.warnings.count == 1)
        report.result.bases[1].correlationIsDetected = false
        #expect(report.warnings.isEmpty)
    }
}
