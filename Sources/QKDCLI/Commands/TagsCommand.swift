import ArgumentParser
import QKDCore
import QKDTimeTags

struct TagsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags",
        abstract: "Look into files of time tags, convert, cut, merge and emulate them.",
        discussion: "Example: qkdctl tags info capture.ptu",
        subcommands: [
            TagsInfo.self, TagsConvert.self, TagsMerge.self, TagsCut.self, TagsHistogram.self, TagsCorrelate.self,
            TagsCoincidences.self, TagsEmulate.self,
        ])
}

/// The file and how to read it: the same words on every command.
struct TagFileOptions: ParsableArguments {
    @Argument(help: "File of time tags.", completion: .file())
    var file: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Format, where the content does not tell: \(TagFormat.all.map(\.name).joined(separator: ", ")).",
            valueName: "format"))
    var inputFormat: String?

    func format() throws -> TagFormat? {
        guard let inputFormat else { return nil }
        guard let format = TagFormat(name: inputFormat) else {
            throw ValidationError(
                "there is no format '\(inputFormat)'; there are \(TagFormat.all.map(\.name).joined(separator: ", "))")
        }
        return format
    }

    /// Analyses the file off the main task, so that Ctrl-C ends it.
    func analyse<Value: Sendable>(
        _ work: @escaping @Sendable (String, TagFormat?) throws -> TagFileAnalysis<Value>
    ) async throws -> TagFileAnalysis<Value> {
        let (path, format) = (file, try format())
        return try await Interrupts.guarding {
            let waiting = WaitingLine("reading \(path)")
            defer { waiting.stop() }
            return try work(path, format)
        }
    }

    /// Prints nothing of damage on standard output: it is an error, after the good part was shown.
    func finish<Value>(_ analysis: TagFileAnalysis<Value>) throws {
        if analysis.lateTags > 0 {
            Terminal.err("warning: \(analysis.lateTags) tags came too far out of order and were left out")
        }
        if let damage = analysis.damage { throw damage }
    }
}

struct TagsInfo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show a file's format, counts, span and disorder.",
        discussion: "Example: qkdctl tags info capture.a1 --input-format a1-256th-ns")

    @OptionGroup var file: TagFileOptions
    @OptionGroup var formatOptions: FormatOptions
    @Flag(name: .long, help: "Show the header's entries too.")
    var header = false

    private struct ChannelRow: Encodable {
        var channel: UInt8
        var tags: Int
        var ratePerS: Double?
    }

    private struct Facts: Encodable {
        var file: String
        var format: String
        var formatGuessed: Bool
        var recordType: String
        var resolutionPs: Double
        var records: Int
        var recordsStated: Int?
        var tags: Int
        var multiHitRecords: Int
        var syncs: Int
        var markers: Int
        var overflows: Int
        var dummies: Int
        var channels: [ChannelRow]
        var firstS: Double?
        var lastS: Double?
        var spanS: Double
        var inversions: Int
        var largestInversionPs: Int64
        var header: [String]?
    }

    func run() async throws {
        let analysis = try await file.analyse { try TagFile.summary(path: $0, format: $1) }
        let (meta, counts, summary) = (analysis.metadata, analysis.counts, analysis.value)
        let facts = Facts(
            file: meta.path, format: meta.format.name, formatGuessed: meta.formatIsGuessed, recordType: meta.recordType,
            resolutionPs: meta.resolutionPS, records: counts.records, recordsStated: meta.statedRecords,
            tags: counts.tags, multiHitRecords: counts.multiHitRecords, syncs: counts.syncs, markers: counts.markers,
            overflows: counts.overflowRecords, dummies: counts.dummies,
            channels: summary.channels.map {
                ChannelRow(channel: $0.channel, tags: $0.tags, ratePerS: summary.ratePerSecond(channel: $0.channel))
            },
            firstS: summary.earliestPS.map(Picoseconds.seconds), lastS: summary.latestPS.map(Picoseconds.seconds),
            spanS: Picoseconds.seconds(summary.durationPS), inversions: summary.inversions,
            largestInversionPs: summary.largestInversionPS,
            header: header
                ? meta.headerTags.map { "\($0.name)\($0.index >= 0 ? "(\($0.index))" : "") = \($0.value)" }
                    + meta.notes.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" } : nil)
        try formatOptions.show(facts) { Self.text(facts) }
        try file.finish(analysis)
    }

    private static func text(_ facts: Facts) -> String {
        var lines = [
            "file        \(facts.file)",
            "format      \(facts.format)\(facts.formatGuessed ? " (recognised by its values)" : ""), \(facts.recordType), "
                + "unit \(facts.resolutionPs) ps",
            "records     \(facts.records)\(facts.recordsStated.map { " of \($0) stated" } ?? "")",
            "tags        \(facts.tags); \(facts.multiHitRecords) records with several inputs",
            "other       \(facts.syncs) syncs, \(facts.markers) markers, \(facts.overflows) overflows, \(facts.dummies) dummies",
            "span        \(Figure.fixed(facts.spanS * 1e3, 6)) ms",
            "disorder    \(facts.inversions) inversions\(facts.inversions > 0 ? ", the largest \(facts.largestInversionPs) ps" : "")",
        ]
        var table = TextTable(["channel", "tags", "rate/s"])
        for row in facts.channels {
            table.row(["\(row.channel)", "\(row.tags)", row.ratePerS.map { Figure.fixed($0, 1) } ?? ""])
        }
        if !table.isEmpty { lines.append(table.text) }
        return (lines + (facts.header ?? [])).joined(separator: "\n")
    }
}

struct TagsHistogram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "histogram",
        abstract: "Count tags against time, or the times from one tag to the next.",
        discussion: """
            Example: qkdctl tags histogram capture.ptu --bin-ms 10
            Example: qkdctl tags histogram capture.ptu --intervals --bin-ps 1000 --bins 100
            """)

    @OptionGroup var file: TagFileOptions
    @OptionGroup var formatOptions: FormatOptions
    @Flag(name: .long, help: "Histogram of the times from one tag to the next.")
    var intervals = false
    @Option(name: .long, help: "Width of a bin of time, ms.")
    var binMs = 100.0
    @Option(name: .long, help: "Width of a bin of intervals, ps.")
    var binPs: Int64 = 1000
    @Option(name: .long, help: "Number of bins of intervals.")
    var bins = 100

    func validate() throws {
        guard binMs.isFinite, binMs >= 1e-6, binMs <= 1e9 else {
            throw ValidationError("--bin-ms must lie between 1e-6 and 1e9")
        }
        guard binPs >= 1, (1...1_000_000).contains(bins) else {
            throw ValidationError("--bin-ps must be at least 1, --bins must lie between 1 and 1000000")
        }
        guard !binPs.multipliedReportingOverflow(by: Int64(bins)).overflow else {
            throw ValidationError("--bins of --bin-ps reach beyond what a time tag can hold")
        }
    }

    private struct Row: Encodable {
        var startPs: Int64
        var count: Int
    }

    func run() async throws {
        if intervals {
            let (width, count) = (binPs, bins)
            let analysis = try await file.analyse {
                try TagFile.intervals(path: $0, format: $1, binWidthPS: width, binCount: count)
            }
            let rows = analysis.value.counts.enumerated().map {
                Row(startPs: Int64($0.offset) * width, count: $0.element)
            }
            try show(rows, unit: "interval from, ps")
            if formatOptions.format == .table { Terminal.out("longer  \(analysis.value.longer)") }
            try file.finish(analysis)
        } else {
            let width = Picoseconds.from(seconds: binMs * 1e-3)
            let analysis = try await file.analyse { try TagFile.rateTrace(path: $0, format: $1, binWidthPS: width) }
            let trace = analysis.value
            let origin = trace.originPS ?? 0
            let rows = trace.total.enumerated().map {
                Row(startPs: origin + Int64($0.offset) * trace.binWidthPS, count: $0.element)
            }
            try show(rows, unit: "time from, ps")
            try file.finish(analysis)
        }
    }

    private func show(_ rows: [Row], unit: String) throws {
        try formatOptions.show(rows: rows) {
            // Not aligned: there may be a million rows.
            ([unit + "\ttags"] + rows.map { "\($0.startPs)\t\($0.count)" }).joined(separator: "\n")
        }
    }
}

struct TagsCorrelate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "correlate",
        abstract: "Histogram of the time differences between two channels, and its comb's period.",
        discussion: "Example: qkdctl tags correlate capture.ptu --channels 0,1 --range-ns 50 --bin-ps 16")

    @OptionGroup var file: TagFileOptions
    @OptionGroup var formatOptions: FormatOptions
    @Option(name: .long, help: "Two channels, A,B: differences are B minus A; all pairs if left out.")
    var channels: String?
    @Option(name: .long, help: "Largest difference, ns.")
    var rangeNs = 50.0
    @Option(name: .long, help: "Width of a bin, ps.")
    var binPs: Int64 = 16
    @Flag(name: .long, help: "Print the peaks only, not the histogram.")
    var peaks = false

    private struct Result: Encodable {
        var channelA: UInt8
        var channelB: UInt8
        var tagsA: Int
        var tagsB: Int
        var differences: Int
        var accidentalsPerBin: Double?
        var peakPs: Double?
        var peakCount: Int?
        var peakSignificance: Double?
        var periodPs: Double?
        var periodErrorPs: Double?
        var periodMhz: Double?
        var binPs: Int64
        var firstBinPs: Int64
        var counts: [Int]?
    }

    func validate() throws {
        guard rangeNs.isFinite, rangeNs > 0, rangeNs <= 1e6, binPs >= 1 else {
            throw ValidationError("--range-ns must lie above 0 and up to 1e6, --bin-ps must be at least 1")
        }
        guard 2 * rangeNs * 1000 / Double(binPs) <= 1e6 else {
            throw ValidationError("--range-ns and --bin-ps make more than 1000000 bins: take wider bins")
        }
    }

    func run() async throws {
        let bin = binPs
        // A whole number of bins on each side.
        let range = Int64((rangeNs * 1000 / Double(bin)).rounded(.up)) * bin
        let options = try CorrelationOptions(rangePS: range, binWidthPS: bin)
        let wanted = try pair()
        let analysis = try await file.analyse { path, format in
            let pairs: [(UInt8, UInt8)]
            if let wanted {
                pairs = [wanted]
            } else {
                let found = try TagFile.summary(path: path, format: format).value.channels.map(\.channel)
                pairs = found.count == 1 ? [(found[0], found[0])] : TagFile.allPairs(found)
            }
            return try TagFile.correlations(path: path, format: format, pairs: pairs, options: options)
        }
        let results = analysis.value.map { result($0) }
        try formatOptions.show(rows: results) { results.map(text).joined(separator: "\n\n") }
        try file.finish(analysis)
    }

    private func pair() throws -> (UInt8, UInt8)? {
        guard let channels else { return nil }
        let parts = channels.split(separator: ",").map { UInt8($0) }
        guard parts.count == 2, let a = parts[0], let b = parts[1] else {
            throw ValidationError("--channels takes two channel numbers, such as 0,1")
        }
        return (a, b)
    }

    private func result(_ histogram: CorrelationHistogram) -> Result {
        let peak = PeakFinder.strongestPeak(in: histogram)
        let comb = PeakFinder.combPeriod(in: histogram)
        return Result(
            channelA: histogram.channelA, channelB: histogram.channelB, tagsA: histogram.tagsA, tagsB: histogram.tagsB,
            differences: histogram.counts.reduce(0, +), accidentalsPerBin: histogram.accidentalsPerBin,
            peakPs: peak?.positionPS, peakCount: peak?.height, peakSignificance: peak?.significance,
            periodPs: comb?.periodPS, periodErrorPs: comb?.periodErrorPS, periodMhz: comb.map { 1e6 / $0.periodPS },
            binPs: histogram.binWidthPS, firstBinPs: histogram.firstEdgePS, counts: peaks ? nil : histogram.counts)
    }

    private func text(_ result: Result) -> String {
        var lines = [
            "channels    \(result.channelA) and \(result.channelB): \(result.tagsA) and \(result.tagsB) tags, "
                + "\(result.differences) differences"
        ]
        if let position = result.peakPs, let count = result.peakCount, let significance = result.peakSignificance {
            lines.append(
                "peak        at \(Figure.fixed(position, 1)) ps, \(count) in its bin, \(Figure.fixed(significance, 1)) σ"
            )
        } else {
            lines.append("peak        none above \(PeakFinder.minimumSignificance) σ")
        }
        if let period = result.periodPs, let error = result.periodErrorPs, let rate = result.periodMhz {
            lines.append(
                "comb        period \(Figure.fixed(period, 3)) ± \(Figure.fixed(error, 3)) ps (\(Figure.fixed(rate, 4)) MHz)"
            )
        }
        if let counts = result.counts {
            // Not aligned: there may be a million rows.
            lines.append("difference from, ps\tcount")
            lines += counts.enumerated().map { "\(result.firstBinPs + Int64($0.offset) * result.binPs)\t\($0.element)" }
        }
        return lines.joined(separator: "\n")
    }
}
