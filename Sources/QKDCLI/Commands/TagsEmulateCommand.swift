import ArgumentParser
import QKDBench
import QKDCore
import QKDPhysics
import QKDTimeTags

struct TagsEmulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emulate",
        abstract: "Write two parties' captures of an emulated source of entangled pairs, and the truth.",
        discussion: """
            Each party has four detectors, inputs 1 to 4 for H, V, D, A, and a tagger with its own clock. The folder \
            gets alice and bob in the chosen format, and truth.json. The tags are EMULATED: they are for trying \
            'qkdctl sift' and other people's programs.

            Example: qkdctl tags emulate --out pairs --duration 10 --seed 1
            Example: qkdctl tags emulate --out bell --bob-angles 22.5,67.5 --state opposite --to qkdtags
            """)

    @Option(name: .long, help: "Folder for the two files and truth.json.", completion: .directory) var out: String
    @Option(name: .long, help: "Length, seconds.") var duration = 10.0
    @Option(name: .long, help: "Seed of everything that is random.") var seed: UInt64 = 1
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("Format: \(TagFormat.all.map(\.name).joined(separator: ", ")).", valueName: "format"))
    var outputFormat = "a1-256th-ns"
    @Option(name: .long, help: "Unit of the files' times, ps, where the format leaves it open.")
    var resolutionPs: Double?
    @Option(name: .long, help: "Pairs per second.") var pairRateHz = 40_000.0
    @Option(name: .long, help: "Probability that a pair's photon makes a click, at Alice,Bob.") var arms = "0.25,0.06"
    @Option(name: .long, help: "Jitter of each detector, full width at half maximum, ps.") var jitterFwhmPs = 150.0
    @Option(name: .long, help: "Dark counts of each detector, per second.") var darkRateHz = 500.0
    @Option(name: .long, help: "Further uncorrelated counts of each of Bob's detectors, per second.")
    var bobBackgroundHz = 0.0
    @Option(name: .long, help: "Dead time of each detector, ns.") var deadTimeNs = 0.0
    @Option(name: .long, parsing: .unconditional, help: "Delays of Alice's detectors, H,V,D,A, ps.") var aliceDelaysPs =
        "0,130,260,400"
    @Option(name: .long, parsing: .unconditional, help: "Delays of Bob's detectors, H,V,D,A, ps.") var bobDelaysPs =
        "400,250,100,0"
    @Option(name: .long, parsing: .unconditional, help: "Polariser angles of Alice's two bases, degrees.")
    var aliceAngles = "0,45"
    @Option(name: .long, parsing: .unconditional, help: "Polariser angles of Bob's two bases, degrees.") var bobAngles =
        "0,45"
    @Option(name: .long, parsing: .unconditional, help: "Bob's clock less Alice's at the start, seconds.") var offsetS =
        0.73
    @Option(name: .long, parsing: .unconditional, help: "Bob's rate against Alice's at the start, ppm.") var skewPpm =
        7.3
    @Option(name: .long, parsing: .unconditional, help: "Change of the skew, per second.") var driftPerS = 2e-9
    @Option(name: .long, help: "Visibility in Alice's two bases, Z,X.") var visibility = "0.97,0.96"
    @Option(name: .long, help: "Outcomes in equal bases: same or opposite.") var state = PairStateName.same
    @Option(name: .long, help: "Probability that electronics makes a second tag of a click.")
    var ghostProbability = 0.0
    @Option(name: .long, help: "From a click to its second tag, ns.") var ghostDelayNs = 40.0
    @Flag(name: .long, help: "Write into a folder that is not empty, over files that exist.") var force = false
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        _ = try capture()
    }

    /// The work that the options describe.
    func capture() throws -> PairCapture {
        guard duration.isFinite, duration >= 1e-3, duration <= 1e5 else {
            throw ValidationError("--duration must lie between 0.001 and 100000 seconds")
        }
        guard let format = TagFormat(name: outputFormat) else {
            throw ValidationError(
                "there is no format '\(outputFormat)'; there are \(TagFormat.all.map(\.name).joined(separator: ", "))")
        }
        if let resolutionPs, !(1e-3...1e9).contains(resolutionPs) {
            throw ValidationError("--resolution-ps must lie between 0.001 and 1e9")
        }
        guard abs(offsetS) <= 100 else { throw ValidationError("--offset-s must lie within ±100") }
        guard abs(skewPpm) <= 1000 else { throw ValidationError("--skew-ppm must lie within ±1000") }
        guard abs(driftPerS) <= 1e-6 else { throw ValidationError("--drift-per-s must lie within ±1e-6") }
        for (value, name) in [(deadTimeNs, "dead-time-ns"), (ghostDelayNs, "ghost-delay-ns")] {
            guard (0...1e6).contains(value) else { throw ValidationError("--\(name) must lie between 0 and 1e6") }
        }
        let arms = try NumberList.parse(arms, count: 2, "--arms")
        var source = PairSourceParameters(
            pairRateHz: pairRateHz, state: state.state,
            visibilities: try NumberList.parse(visibility, count: 2, "--visibility", repeats: true),
            alice: try party(arms[0], aliceDelaysPs, aliceAngles, "alice", backgroundHz: 0),
            bob: try party(arms[1], bobDelaysPs, bobAngles, "bob", backgroundHz: bobBackgroundHz),
            bobClock: ClockModel(
                offsetPS: Picoseconds.from(seconds: offsetS), skew: skewPpm * 1e-6, driftPerSecond: driftPerS),
            seed: seed)
        if ghostProbability != 0 {
            let ghost = GhostModel(
                probability: ghostProbability, delayPS: Picoseconds.from(seconds: ghostDelayNs * 1e-9))
            source.alice.ghost = ghost
            source.bob.ghost = ghost
        }
        do {
            try source.validate()
        } catch {
            throw ValidationError("\(error)")
        }
        var output = TagWriteOptions(format: format)
        output.resolutionPS = resolutionPs
        return PairCapture(
            source: source, durationPS: Picoseconds.from(seconds: duration), output: output, folder: out)
    }

    private func party(
        _ transmittance: Double, _ delays: String, _ angles: String, _ side: String, backgroundHz: Double
    ) throws -> PairParty {
        let detectors = try NumberList.parse(delays, count: 4, "--\(side)-delays-ps").map {
            PairDetector(
                jitterFWHMPS: jitterFwhmPs, delayPS: $0, darkCountRateHz: darkRateHz, backgroundRateHz: backgroundHz,
                deadTimePS: Picoseconds.from(seconds: deadTimeNs * 1e-9))
        }
        return PairParty(
            transmittance: transmittance, anglesDegrees: try NumberList.parse(angles, count: 2, "--\(side)-angles"),
            detectors: detectors)
    }

    func run() async throws {
        let (capture, force) = (try capture(), force)
        let truth = try await Interrupts.guarding {
            let waiting = WaitingLine("emulating")
            defer { waiting.stop() }
            return try capture.run(overwrites: force) { waiting.share = $0 }
        }
        try formatOptions.show(truth) {
            """
            alice         \(truth.files[0]) (EMULATED), \(truth.tags[0]) tags
            bob           \(truth.files[1]) (EMULATED), \(truth.tags[1]) tags
            truth         \(out)/truth.json
            pairs         \(truth.detectedPairs) detected on both sides
            """
        }
    }
}

/// The states by their names.
enum PairStateName: String, ExpressibleByArgument, CaseIterable {
    case same, opposite

    var state: PairSourceParameters.PairState { self == .same ? .same : .opposite }
}

/// Numbers on the command line.
enum NumberList {
    /// `count` numbers with commas between; with `repeats` one stands for all.
    static func parse(_ text: String, count: Int, _ option: String, repeats: Bool = false) throws -> [Double] {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
        guard numbers.allSatisfy(\.isFinite), numbers.count == count || repeats && numbers.count == 1 else {
            throw ValidationError("\(option) takes \(count) numbers with commas between, not '\(text)'")
        }
        return numbers.count == count ? numbers : Array(repeating: numbers[0], count: count)
    }
}
