import ArgumentParser
import Foundation
import QKDBench
import QKDCore
import QKDSifting
import QKDTimeTags

struct SiftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sift",
        abstract: "Sift two parties' time-tag captures into keys, QBER, visibility and CHSH.",
        discussion: """
            Offset, skew and drift of Bob's clock and each detector's delay are found from the tags alone. The map \
            says which input is which detector, for each side: 'alice:INPUT=STATE,…;bob:INPUT=STATE,…', with \
            Z0 Z1 X0 X1 or H V D A (H = Z0, V = Z1, D = X0, A = X1) or an angle such as 22.5deg. Without \
            'alice:' and 'bob:' it holds for both. Inputs that it does not name are left out.

            bbm92: both measure photons of entangled pairs. bb84: Alice's tags are her transmitter's triggers, an \
            input for each state. The keys are as public as the two files.

            With --follow the clocks are found in the first seconds and followed from there on: files of any length \
            cost little memory, clocks may drift, and what was lost is found again. Without it both files are taken \
            as a whole, which tells more of them: delays to the last pair, accidentals, CHSH.

            Example: qkdctl sift --protocol bbm92 --alice alice.a1 --bob bob.a1 --map 'alice:1=H,2=V,3=D,4=A;bob:1=H,2=V,3=D,4=A'
            Example: qkdctl sift --follow --protocol bbm92 --alice alice.ptu --bob bob.ptu --map 1=H,2=V,3=D,4=A
            Example: qkdctl sift --protocol bb84 --alice triggers.ptu --bob clicks.ptu --map 1=Z0,2=Z1,3=X0,4=X1 --dedup auto
            """)

    @Option(name: .long, help: "What the two parties did: bbm92 or bb84.") var `protocol`: SiftProtocol
    @Option(name: .long, help: "Alice's file of time tags.", completion: .file()) var alice: String
    @Option(name: .long, help: "Bob's file of time tags.", completion: .file()) var bob: String
    @Option(
        name: .long,
        help: ArgumentHelp("Which input is which detector, such as 'alice:1=Z0,2=Z1;bob:3=H,4=V'.", valueName: "map"))
    var map: String
    @Option(
        name: .long,
        help: ArgumentHelp("Format of Alice's file, where the content does not tell.", valueName: "format"))
    var aliceFormat: String?
    @Option(
        name: .long, help: ArgumentHelp("Format of Bob's file, where the content does not tell.", valueName: "format"))
    var bobFormat: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Full width of the coincidence window, ps; auto: twice the peak's full width at half maximum.",
            valueName: "auto|N"))
    var windowPs = "auto"
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Second tags that electronics makes of a click: off; auto removes those at fixed delays; BINS those up to "
                + "so many units of the coarser file's time after a tag of the same input.", valueName: "auto|BINS|off"
        ))
    var dedup = "off"
    @Option(name: .long, help: "How far from --offset-s the offset is searched, seconds.") var rangeS = 1.0
    @Option(name: .long, parsing: .unconditional, help: "Bob's clock less Alice's, as far as it is known, seconds.")
    var offsetS = 0.0
    @Option(name: .long, help: "Greatest difference of the clocks' rates, ppm.") var maxSkewPpm = 50.0
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Whether right outcomes are the same or opposite: same, opposite, or by basis, such as z=opposite,x=same. "
                + "By default the counts tell (bbm92), or same (bb84).", valueName: "correlation"))
    var correlation: String?
    @Option(name: .long, help: "Confidence of the intervals.") var confidence = 0.95
    @Flag(name: .long, help: "Sift as the tags come, and follow the clocks (bbm92, --dedup off).") var follow = false
    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --follow: the clocks are taken anew after so many milliseconds; some hundred pairs should fall into "
                + "them.", valueName: "ms"))
    var stretchMs = 100.0
    @Option(
        name: .long, help: "Folder for both keys and the report; by default a new one named after the time.",
        completion: .directory)
    var out: String?
    @Flag(name: .long, help: "Write into a folder that is not empty.") var force = false
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        for name in [aliceFormat, bobFormat].compactMap({ $0 }) where TagFormat(name: name) == nil {
            throw ValidationError(
                "there is no format '\(name)'; there are \(TagFormat.all.map(\.name).joined(separator: ", "))")
        }
        _ = try SiftWords.window(windowPs)
        _ = try SiftWords.dedup(dedup)
        _ = try correlation.map(SiftWords.correlations)
        guard rangeS.isFinite, rangeS >= 1e-6, rangeS <= 100 else {
            throw ValidationError("--range-s must lie between 1e-6 and 100")
        }
        guard offsetS.isFinite, abs(offsetS) <= 1e6 else { throw ValidationError("--offset-s must lie within ±1e6") }
        guard maxSkewPpm.isFinite, maxSkewPpm >= 0, maxSkewPpm <= 1000 else {
            throw ValidationError("--max-skew-ppm must lie between 0 and 1000")
        }
        guard confidence > 0, confidence < 1 else {
            throw ValidationError("--confidence must lie between 0 and 1, such as 0.95")
        }
        guard stretchMs >= 1, stretchMs <= 10_000 else {
            throw ValidationError("--stretch-ms must lie between 1 and 10000")
        }
        guard !follow || `protocol` == .bbm92 else {
            throw ValidationError("--follow is for pairs of photons: --protocol bbm92")
        }
        guard !follow || dedup == "off" else {
            throw ValidationError("--follow looks for no second tags: leave --dedup off")
        }
    }

    /// The work that the options describe.
    func sift() throws -> CaptureSift {
        var options = TwoPartySift(setting: `protocol`.setting, map: try DetectorMap(map))
        options.window = try SiftWords.window(windowPs)
        options.correlations = try correlation.map(SiftWords.correlations) ?? [:]
        options.expectedOffsetPS = Picoseconds.from(seconds: offsetS)
        options.searchRangePS = Picoseconds.from(seconds: rangeS)
        options.maximumSkew = maxSkewPpm * 1e-6
        options.confidence = confidence
        var sift = CaptureSift(
            alice: .init(path: alice, format: aliceFormat.flatMap { TagFormat(name: $0) }),
            bob: .init(path: bob, format: bobFormat.flatMap { TagFormat(name: $0) }), options: options)
        switch try SiftWords.dedup(dedup) {
        case .off: break
        case .automatic: sift.options.dedup = .automatic
        case .bins(let bins): sift.dedupBins = bins
        }
        return sift
    }

    func run() async throws {
        let sift = try sift()
        let folder = out ?? FreshFolder.name("qkdctl-sift")
        // Before the work: a folder that may not be used is the user's to mend.
        try OutputFolder.check(folder, overwrites: force)
        if follow { return try await followed(sift, folder) }
        let (report, keys) = try await watched { try sift.run(progress: $0) }
        try OutputFolder.make(at: folder, overwrites: force)
        try CaptureSift.write(report, keys, to: folder)
        try show(report, report.warnings) { SiftText.table(report, folder: folder) }
    }

    private func followed(_ whole: CaptureSift, _ folder: String) async throws {
        var stream = StreamSift(alice: whole.alice, bob: whole.bob, options: whole.options)
        stream.stretchPS = Picoseconds.from(seconds: stretchMs * 1e-3)
        let sift = stream
        let (report, alice, bob) = try await watched { try sift.run(progress: $0) }
        try OutputFolder.make(at: folder, overwrites: force)
        try StreamSift.write(report, alice: alice, bob: bob, to: folder)
        try show(report, report.warnings) { SiftText.table(report, folder: folder) }
    }

    private func show(_ report: some Encodable, _ warnings: [String], table: () -> String) throws {
        for warning in warnings { Terminal.err("warning: \(warning)") }
        try formatOptions.show(report, text: table)
    }

    /// Runs the work with a line that says how far it is.
    private func watched<Value: Sendable>(
        _ work: @escaping @Sendable ((CaptureSift.Progress) -> Void) throws -> Value
    ) async throws -> Value {
        try await SiftAdvice.adding {
            try await Interrupts.guarding {
                let waiting = WaitingLine("reading")
                defer { waiting.stop() }
                return try work {
                    waiting.text = $0.step
                    waiting.share = $0.share
                }
            }
        }
    }
}

/// The protocols by their names.
enum SiftProtocol: String, ExpressibleByArgument, CaseIterable {
    case bbm92, bb84

    var setting: TwoPartySift.Setting { self == .bbm92 ? .bbm92 : .bb84 }
}

/// The words that options of `sift` take.
enum SiftWords {
    enum Dedup: Equatable {
        case off, automatic
        case bins(Int)
    }

    static func window(_ text: String) throws -> TwoPartySift.Window {
        if text == "auto" { return .automatic }
        guard let width = Int64(text), (1...Picoseconds.perMillisecond).contains(width) else {
            throw ValidationError("--window-ps takes auto, or whole picoseconds from 1 to 1e9")
        }
        return .fullWidthPS(width)
    }

    static func dedup(_ text: String) throws -> Dedup {
        switch text {
        case "off": return .off
        case "auto": return .automatic
        default:
            guard let bins = Int(text), (1...1_000_000).contains(bins) else {
                throw ValidationError("--dedup takes auto, off, or a number of bins from 1 to 1000000")
            }
            return .bins(bins)
        }
    }

    static func correlations(_ text: String) throws -> [Basis: OutcomeCorrelation] {
        let words: [Substring: OutcomeCorrelation] = ["same": .correlated, "opposite": .anticorrelated]
        if let both = words[text[...]] { return [.z: both, .x: both] }
        var result: [Basis: OutcomeCorrelation] = [:]
        for part in text.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let value = words[sides[1]],
                let basis: Basis = sides[0] == "z" ? .z : sides[0] == "x" ? .x : nil,
                result.updateValue(value, forKey: basis) == nil
            else {
                throw ValidationError(
                    "--correlation takes same, opposite, or each basis once, such as z=opposite,x=same")
            }
        }
        return result
    }
}

/// What to try when two captures cannot be sifted.
enum SiftAdvice {
    static func adding<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let error as QKDError {
            guard let remedy = remedy(error) else { throw error }
            throw AdvisedError(error: error, remedy: remedy)
        }
    }

    static func remedy(_ error: QKDError) -> String? {
        switch error.kind {
        case .noLock:
            "check that both files are of the same time and that their formats are right (--alice-format, "
                + "--bob-format; 'qkdctl tags info' shows them); widen --range-s or give --offset-s, raise "
                + "--max-skew-ppm; leave noisy inputs out of the map, or capture longer"
        case .invalidInput where error.place?.byteOffset == 0:
            "if the file is whole, name its format with --alice-format or --bob-format"
        case .dataLoss,
            .invalidInput where error.place?.byteOffset != nil || error.place?.line != nil:
            "no keys are made of a damaged file: copy it again, or take what is good of it with "
                + "'qkdctl tags convert FILE good.qkdtags' and sift that"
        case .outOfRange where error.place != nil:
            "'qkdctl tags cut FILE part.qkdtags --from-s 0 --to-s 60' makes a shorter capture"
        default: nil
        }
    }
}
