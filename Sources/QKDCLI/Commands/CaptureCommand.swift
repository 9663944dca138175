import ArgumentParser
import Foundation
import QKDBench
import QKDCore
import QKDTimeTags

struct CaptureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Record a tagger's time tags into files.",
        discussion: """
            The capture ends at the first limit that is reached, or with Ctrl-C; the file is valid then. On an \
            emulated bench nothing shines: --prepare biases the detectors, whose dark counts are seen then.

            Example: qkdctl capture --out night.qkdtags --duration 3600 --rotate-s 600
            Example: qkdctl capture --out darks.a1 --to a1-2ns --prepare --events 10000
            """)

    @OptionGroup var benchOptions: BenchOptions
    @OptionGroup var formatOptions: FormatOptions
    @Option(name: .long, help: "File to write; it must not exist yet.", completion: .file()) var out: String
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("Format, told by the ending if left out; qkdtags is best.", valueName: "format"))
    var outputFormat: String?
    @Option(name: .long, help: "Length in tag time from the first tag, seconds.") var duration: Double?
    @Option(name: .long, help: "End after so many tags.") var events: Int?
    @Option(name: .long, help: "End when no tag has come for so many seconds.") var idleTimeout: Double?
    @Option(name: .long, help: "Begin a new file after so many seconds of tag time.") var rotateS: Double?
    @Option(name: .long, help: "Begin a new file after so many tags.") var rotateEvents: Int?
    @Flag(name: .long, help: "Set the bench up first: bias, attenuation, detectors.") var prepare = false

    func validate() throws {
        for (value, name) in [(duration, "duration"), (idleTimeout, "idle-timeout"), (rotateS, "rotate-s")] {
            if let value, !(value.isFinite && value >= 1e-6 && value <= 1e6) {
                throw ValidationError("--\(name) must lie between 1e-6 and 1e6")
            }
        }
        for (value, name) in [(events, "events"), (rotateEvents, "rotate-events")] {
            if let value, value < 1 { throw ValidationError("--\(name) must be at least 1") }
        }
        if let outputFormat, TagFormat(name: outputFormat) == nil {
            throw ValidationError(
                "there is no format '\(outputFormat)'; there are \(TagFormat.all.map(\.name).joined(separator: ", "))")
        }
    }

    private func captureOptions(resolutionPS: Int64) throws -> CaptureOptions {
        let ending = (out as NSString).pathExtension.lowercased()
        let told: TagFormat? =
            switch ending {
            case "qkdtags": .chunked
            case "csv": .csv
            case "a1": .qcrypto(.a1, .init())
            default: nil
            }
        guard let format = outputFormat.flatMap({ TagFormat(name: $0) }) ?? told else {
            throw ValidationError("--to is needed: the name '\(out)' does not tell the format")
        }
        var output = TagWriteOptions(format: format)
        output.notes = [
            "resolution_ps": "\(resolutionPS)", "source": "qkdctl capture", "bench": benchOptions.bench,
            "began": ISO8601DateFormatter().string(from: Date()),
        ]
        var options = CaptureOptions(path: out, output: output)
        options.durationPS = duration.map(Picoseconds.from(seconds:))
        options.tags = events
        options.idleTimeout = idleTimeout.map { .seconds($0) }
        options.rotatePS = rotateS.map(Picoseconds.from(seconds:))
        options.rotateTags = rotateEvents
        return options
    }

    func run() async throws {
        let description = try benchOptions.load()
        let (seed, prepare) = (benchOptions.seed, prepare)
        // Before any device is touched: a wrong name is the user's to mend.
        _ = try captureOptions(resolutionPS: 1)
        let command = self
        let outcome = try await Interrupts.guarding {
            try await CaptureSession.run(description, seed: seed, prepares: prepare) { tagger in
                let options = try command.captureOptions(resolutionPS: tagger.taggerCapabilities.resolutionPS)
                let line = CaptureLine()
                defer { Terminal.endLive() }
                return try await TagCapture(tagger, options).run { line.show($0) }
            }
        }
        try formatOptions.show(outcome) { Self.text(outcome) }
        for finding in outcome.warnings { Terminal.err("warning: \(finding)") }
        if let failure = outcome.failure { throw QKDError(.io, "the capture ended early: \(failure)") }
        if outcome.end == .interrupted { throw QKDError(.interrupted, "interrupted; the file is whole") }
    }

    private static func text(_ outcome: CaptureOutcome) -> String {
        let channels = outcome.channels.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }
        return """
            files     \(outcome.files.joined(separator: " "))
            tags      \(outcome.tags); \(channels.map { "channel \($0.key) \($0.value)" }.joined(separator: "  "))
            span      \(Figure.fixed(outcome.spanS, 6)) s
            ended by  \(outcome.end.rawValue)
            """
    }
}

extension CaptureOutcome {
    /// What a user of the file should know.
    fileprivate var warnings: [String] {
        var warnings = holes.sorted { $0.key < $1.key }.map { "\($0.value) holes in the tags: \($0.key)" }
        if droppedBatches > 0 { warnings.append("\(droppedBatches) batches were dropped, this machine was too slow") }
        if resyncs > 0 { warnings.append("the record boundary was found again \(resyncs) times") }
        if unwrittenTags > 0 { warnings.append("\(unwrittenTags) tags could not be written and are in no file") }
        if inversions > 0 { warnings.append("\(inversions) tags are out of order") }
        return warnings
    }
}

/// The live line of a capture: once a second, and only where somebody watches.
private final class CaptureLine: @unchecked Sendable {
    private let lock = NSLock()
    private var last = ContinuousClock.now

    func show(_ progress: TagCapture.Progress) {
        guard Terminal.isWatched else { return }
        let due = lock.withLock {
            guard ContinuousClock.now - last >= .seconds(1) else { return false }
            last = .now
            return true
        }
        guard due else { return }
        Terminal.live(
            "\(progress.tags) tags  \(Figure.fixed(progress.spanS, 1)) s  \(progress.holes) holes")
    }
}
