import ArgumentParser
import QKDBench
import QKDCore
import QKDPhysics
import QKDSifting
import QKDTimeTags
import Testing

@testable import QKDCLI

@Suite("sift and tags emulate on the command line")
struct SiftCommandTests {
    private static let needed = [
        "sift", "--protocol", "bbm92", "--alice", "a.a1", "--bob", "b.a1", "--map", "1=H,2=V,3=D,4=A",
    ]

    private static func parse(_ more: [String]) throws -> SiftCommand {
        try #require(try QKDCtl.parseAsRoot(needed + more) as? SiftCommand)
    }

    @Test("sift has the defaults that the manual promises")
    func defaults() throws {
        let sift = try Self.parse([]).sift()
        #expect(sift.options.setting == .bbm92 && sift.options.map == .standard)
        #expect(sift.options.window == .automatic && sift.options.dedup == .off && sift.dedupBins == nil)
        #expect(sift.options.searchRangePS == Picoseconds.perSecond && sift.options.expectedOffsetPS == 0)
        #expect(abs(sift.options.maximumSkew - 50e-6) < 1e-18 && sift.options.confidence == 0.95)
        #expect(sift.options.correlations.isEmpty && sift.alice.format == nil)
    }

    @Test("Every option reaches the work")
    func options() throws {
        let sift = try Self.parse([
            "--window-ps", "700", "--dedup", "12", "--range-s", "0.5", "--offset-s", "-2", "--max-skew-ppm", "100",
            "--correlation", "z=opposite", "--confidence", "0.999", "--alice-format", "a1-2ns", "--bob-format", "ptu",
        ]).sift()
        #expect(sift.options.window == .fullWidthPS(700) && sift.dedupBins == 12)
        #expect(sift.options.searchRangePS == 500 * Picoseconds.perMillisecond)
        #expect(sift.options.expectedOffsetPS == -2 * Picoseconds.perSecond)
        #expect(abs(sift.options.maximumSkew - 1e-4) < 1e-18 && sift.options.confidence == 0.999)
        #expect(sift.options.correlations == [.z: .anticorrelated])
        #expect(sift.alice.format?.name == "a1-2ns" && sift.bob.format == .picoQuantPTU)
        #expect(try Self.parse(["--dedup", "auto"]).sift().options.dedup == .automatic)
        #expect(try SiftWords.correlations("opposite") == [.z: .anticorrelated, .x: .anticorrelated])
        #expect(try SiftWords.correlations("x=same,Z=opposite") == [.z: .anticorrelated, .x: .correlated])
    }

    @Test(
        "Nonsense is a usage error",
        arguments: [
            ["--window-ps", "0"], ["--window-ps", "wide"], ["--dedup", "0"], ["--dedup", "on"], ["--range-s", "0"],
            ["--range-s", "nan"], ["--offset-s", "inf"], ["--max-skew-ppm", "-1"], ["--confidence", "1"],
            ["--correlation", "z=equal"], ["--correlation", "z=same,z=same"], ["--correlation", "y=same"],
            ["--correlation", ""], ["--alice-format", "a1"], ["--protocol", "e91"],
        ])
    func usage(more: [String]) {
        #expect(throws: (any Error).self) { try QKDCtl.parseAsRoot(Self.needed + more) }
    }

    @Test("A bad map has its place")
    func badMap() throws {
        let command = try #require(
            try QKDCtl.parseAsRoot(Self.needed.dropLast() + ["alice:1=H;bob:1=Q"]) as? SiftCommand)
        let error = #expect(throws: QKDError.self) { try command.sift() }
        #expect(error?.place?.field == "character 17" && error.map { Advice.exitCode($0.kind) } == 64)
    }

    @Test("emulate's defaults are the scenario that the manual promises")
    func emulation() throws {
        let command = try #require(try QKDCtl.parseAsRoot(["tags", "emulate", "--out", "x"]) as? TagsEmulate)
        let capture = try command.capture()
        #expect(capture.source.pairRateHz == 40_000 && capture.output.format.name == "a1-256th-ns")
        #expect(capture.source.alice.transmittance == 0.25 && capture.source.bob.transmittance == 0.06)
        #expect(capture.source.bobClock.offsetPS == 730 * Picoseconds.perMillisecond)
        #expect(abs(capture.source.bobClock.skew - 7.3e-6) < 1e-18)
        #expect(capture.source.bobClock.driftPerSecond == 2e-9)
        #expect(capture.source.alice.detectors.allSatisfy { $0.jitterFWHMPS == 150 && $0.darkCountRateHz == 500 })
        #expect(capture.source.alice.ghost == nil && capture.durationPS == 10 * Picoseconds.perSecond)
        let other = try #require(
            try QKDCtl.parseAsRoot([
                "tags", "emulate", "--out", "x", "--ghost-probability", "0.1", "--ghost-delay-ns", "35", "--visibility",
                "0.9", "--bob-angles", "-22.5,22.5", "--skew-ppm", "-5", "--offset-s", "-0.5", "--drift-per-s", "-1e-9",
                "--state", "opposite", "--bob-background-hz", "6400",
            ]) as? TagsEmulate
        ).capture().source
        #expect(other.bob.ghost == GhostModel(probability: 0.1, delayPS: 35_000) && other.visibilities == [0.9, 0.9])
        #expect(other.bobClock == ClockModel(offsetPS: -500_000_000_000, skew: -5 * 1e-6, driftPerSecond: -1e-9))
        #expect(other.bob.anglesDegrees == [-22.5, 22.5] && other.state == .opposite)
        #expect(other.bob.detectors[3].backgroundRateHz == 6_400 && other.alice.detectors[3].backgroundRateHz == 0)
    }

    @Test(
        "emulate refuses what cannot be",
        arguments: [
            ["--arms", "0.5"], ["--arms", "2,1"], ["--arms", "a,b"], ["--duration", "0"], ["--to", "xyz"],
            ["--bob-delays-ps", "1,2,3"], ["--visibility", "1.1"], ["--skew-ppm", "2000"], ["--offset-s", "1e9"],
            ["--ghost-probability", "2"], ["--ghost-delay-ns=-1", "--ghost-probability", "0.1"],
            ["--dark-rate-hz", "-5"], ["--resolution-ps", "0"], ["--dead-time-ns", "nan"], ["--state", "other"],
        ])
    func emulationUsage(more: [String]) {
        #expect(throws: (any Error).self) { try QKDCtl.parseAsRoot(["tags", "emulate", "--out", "x"] + more) }
    }

    @Test("What to try fits two files, and not a bench")
    func advice() throws {
        let noLock = try #require(SiftAdvice.remedy(QKDError(.noLock, "no correlation found")))
        #expect(noLock.contains("--range-s") && !noLock.contains("disclose"))
        let damage = QKDError(.dataLoss, "cut", at: .init("a.a1", byteOffset: 80))
        #expect(try #require(SiftAdvice.remedy(damage)).contains("tags convert"))
        let unknown = QKDError(.invalidInput, "no format", at: .init("a.a1", byteOffset: 0))
        #expect(try #require(SiftAdvice.remedy(unknown)).contains("--alice-format"))
        #expect(SiftAdvice.remedy(QKDError(.absent, "none", at: .init("a.a1"))) == nil)
        #expect(SiftAdvice.remedy(QKDError(.invalidInput, "no inputs", at: .init("a.a1", field: "channel"))) == nil)
    }

    @Test("Errors gain advice on their way, results pass")
    func adding() async throws {
        #expect(try await SiftAdvice.adding { 7 } == 7)
        let error = await #expect(throws: AdvisedError.self) {
            try await SiftAdvice.adding { throw QKDError(.noLock, "x") }
        }
        #expect(error?.error.kind == .noLock)
        await #expect(throws: QKDError.self) { try await SiftAdvice.adding { throw QKDError(.io, "x") } }
    }
}
