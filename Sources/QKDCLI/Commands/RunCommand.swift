import ArgumentParser
import QKDBench
import QKDCore

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Play decoy-state BB84 on a bench: sifted keys, and secret ones.",
        discussion: """
            Sets the bench up, plays Alice's frames, finds them in Bob's tags, sifts, and makes the bench \
            safe whatever happens. Then the sifted keys are reconciled, verified and amplified, as 'distill' does; a short \
            run has too few detections for a secret key. The session's folder holds all keys, the report and the bench.

            Example: qkdctl run --duration 2 --seed 7 --out first-light --save-tags
            """)

    @OptionGroup var benchOptions: BenchOptions
    @OptionGroup var formatOptions: FormatOptions

    @Option(name: .long, help: "Length of the run in seconds of bench time.")
    var duration = 2.0

    @Option(name: .long, help: "Folder of the session; by default a new one named after the time.")
    var out: String?

    @Flag(name: .long, help: "Keep Bob's tags and Alice's states, for 'qkdctl replay'.")
    var saveTags = false

    @Flag(name: .long, help: "Play one frame again and again, to align the optics; the result is unfit for keys.")
    var align = false

    @Flag(name: .long, help: "Leave the sifted keys as they are.")
    var siftOnly = false

    @OptionGroup var distillation: DistillationWords

    @Option(name: .long, help: "How long a tagger that is lost is waited for, seconds; the light is off meanwhile.")
    var patience = 30.0

    @Option(
        name: .customLong("fault"),
        help: ArgumentHelp(
            "Have something go wrong with an emulated tagger, S seconds after the first frame; may be given several times. "
                + "Forms: \(BenchFault.forms).", valueName: "fault"),
        transform: RunCommand.fault)
    var faults: [BenchFault] = []

    private static func fault(_ text: String) throws -> BenchFault {
        do { return try BenchFault(text) } catch { throw ValidationError(error.message) }
    }

    func validate() throws {
        guard duration.isFinite, duration >= 0.01, duration <= 86_400 else {
            throw ValidationError("--duration must lie between 0.01 and 86400 seconds")
        }
        guard (0...86_400).contains(patience) else {
            throw ValidationError("--patience must lie between 0 and 86400 seconds")
        }
    }

    func run() async throws {
        let description = try benchOptions.load()
        let folder = out ?? FreshFolder.name("qkdctl-session")
        var settings = RunOptions(
            durationPS: Picoseconds.from(seconds: duration), folder: folder, savesTags: saveTags, repeatsPattern: align)
        settings.patiencePS = Picoseconds.from(seconds: patience)
        settings.distillation = siftOnly ? nil : distillation.options()
        let (options, seed, faults) = (settings, benchOptions.seed, faults)
        let end = try await Interrupts.guarding { () -> SessionEnd in
            let lines = LineFile()
            let bench = try await Bench.open(
                description, seed: seed, time: .lockstep, log: EmulatorLog { lines.append($0) }, faults: faults)
            let live = LiveLine()
            do {
                let end = try await SessionRunner(
                    bench: bench, options: options, progress: { live.show($0) }, remark: { live.remark($0) }
                ).run()
                await Task.detached { await bench.close() }.value
                if bench.world != nil { try lines.write(to: "\(folder)/emulators.log") }
                return end
            } catch {
                await Task.detached { await bench.close() }.value
                throw error
            }
        }
        Terminal.endLive()
        if let report = end.report {
            try formatOptions.show(report) { ReportText.table(report, folder: folder) }
        }
        let unsafe = end.report?.run.safetyFindings ?? []
        for finding in unsafe { Terminal.err("UNSAFE: \(finding)") }
        if let failure = end.failure { throw failure }
        guard let report = end.report else { return }
        guard unsafe.isEmpty else {
            throw QKDError(.unhealthy, "not every device is confirmed safe; switch those off by hand")
        }
        if report.result.frames.synchronised == 0 {
            throw QKDError(.noLock, "no frame was found in Bob's tags")
        }
    }
}

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Make the keys of a saved session again from its tags.",
        discussion: """
            Works on the folder of a run with --save-tags. The keys are compared with those in the folder.

            Example: qkdctl replay first-light
            """)

    @Argument(help: "Folder of a session that was run with --save-tags.", completion: .directory)
    var folder: String

    @Option(name: .long, help: "Folder for the keys and the result made again; by default they are only compared.")
    var out: String?

    @OptionGroup var formatOptions: FormatOptions

    func run() async throws {
        let folder = folder
        let (result, outcome) = try await Interrupts.guarding { try SessionReplay.run(folder: folder) }
        if let out { try SessionReplay.write(result, outcome, to: out) }
        try formatOptions.show(result) { ReportText.table(result) }
        try SessionReplay.compare(outcome, withKeysIn: folder)
        if formatOptions.format == .table { Terminal.out("\nthe keys are the same as those in \(folder)") }
    }
}
