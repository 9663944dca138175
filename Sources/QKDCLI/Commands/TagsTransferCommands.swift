import ArgumentParser
import Foundation
import QKDCore
import QKDTimeTags

/// How the output is written: the same words on every command that writes tags.
struct TagOutputOptions: ParsableArguments {
    @Option(
        name: .customLong("to"),
        help: ArgumentHelp(
            "Format of the output; told by the ending .qkdtags, .csv, .ptu or .a1 if left out. One of "
                + TagOutputOptions.names.joined(separator: ", ") + ".", valueName: "format"))
    var outputFormat: String?
    @Option(name: .long, help: "Unit of the output's times, ps, where the format leaves it open (ptu, spc).")
    var resolutionPs: Double?
    @Option(name: .long, help: "From one sync to the next, ps, for PTU files of T3.")
    var syncPeriodPs: Double?
    @Option(name: .long, help: "Put in order tags that come late by up to this, ps.")
    var sortPs: Int64?
    @Option(name: .long, help: "quTAG file whose header is used, when the input has none.", completion: .file())
    var headerFrom: String?
    @Flag(name: .long, help: "Write over a file that exists.")
    var force = false

    static let names = TagFormat.all.map(\.name) + PTURecordType.allCases.map(\.name)

    func validate() throws {
        if let sortPs, !(0...Picoseconds.perSecond).contains(sortPs) {
            throw ValidationError("--sort-ps must lie between 0 and 1e12")
        }
        if let outputFormat, !Self.names.contains(outputFormat) {
            throw ValidationError(
                "there is no format '\(outputFormat)'; there are \(Self.names.joined(separator: ", "))")
        }
    }

    func options(for path: String) throws -> TagWriteOptions {
        guard force || !FileManager.default.fileExists(atPath: path) else {
            throw QKDError(.invalidInput, "the file exists: name another, or add --force", at: .init(path))
        }
        var options = TagWriteOptions(format: try format(for: path))
        options.resolutionPS = resolutionPs
        options.syncPeriodPS = syncPeriodPs
        options.ptuRecordType = outputFormat.flatMap { PTURecordType(name: $0) }
        if let headerFrom {
            options.quTAGHeader = try TagFileReader(path: headerFrom).metadata.headerBytes
            guard !options.quTAGHeader.isEmpty else {
                throw QKDError(.invalidInput, "not a quTAG file with a header", at: .init(headerFrom))
            }
        }
        return options
    }

    private func format(for path: String) throws -> TagFormat {
        if let outputFormat { return TagFormat(name: outputFormat) ?? .picoQuantPTU }
        switch (path as NSString).pathExtension.lowercased() {
        case "qkdtags": return .chunked
        case "csv": return .csv
        case "ptu": return .picoQuantPTU
        case "a1": return .qcrypto(.a1, .init())
        default: throw ValidationError("--to is needed: the name '\(path)' does not tell the format")
        }
    }
}

/// Runs a transfer with progress, and prints what it did.
enum TagTransferRun {
    private struct Row: Encodable {
        var output: String
        var format: String
        var tagsRead: Int
        var tagsWritten: Int
        var records: Int
        var leftOut: Int
        var reordered: Int
        var late: Int
        var inversions: Int
        var holes: Int
        var holesUnmarked: Int
        var othersLeftOut: Int
    }

    static func run(_ transfer: TagTransfer, to path: String, _ formatOptions: FormatOptions) async throws {
        let outcome = try await Interrupts.guarding {
            let waiting = WaitingLine("writing \(path)")
            defer { waiting.stop() }
            return try transfer.run(to: path) { waiting.share = $0 }
        }
        let written = outcome.written
        let keepsSpecials = transfer.sources.contains { $0.specials == .asChannels }
        let others = outcome.read.reduce(0) { $0 + (keepsSpecials ? 0 : $1.syncs + $1.markers) + $1.illegal }
        let row = Row(
            output: path, format: transfer.options.format.name, tagsRead: outcome.read.reduce(0) { $0 + $1.tags },
            tagsWritten: written.tags, records: written.records, leftOut: outcome.leftOut,
            reordered: outcome.reordered, late: outcome.late, inversions: written.inversions, holes: outcome.holes,
            holesUnmarked: written.unmarkedHoles, othersLeftOut: others)
        try formatOptions.show(row) {
            var line = "\(path): \(row.tagsWritten) of \(row.tagsRead) tags in \(row.records) records, \(row.format)"
            if row.leftOut > 0 { line += "; \(row.leftOut) not selected" }
            if row.reordered > 0 { line += "; \(row.reordered) put in order" }
            if row.inversions > 0 { line += "; \(row.inversions) out of order" }
            if row.holes > 0 { line += "; \(row.holes) holes" }
            return line
        }
        if others > 0 {
            Terminal.err(
                "warning: \(others) syncs, markers and undefined records are no tags and were left out (see --specials)"
            )
        }
        if row.late > 0 {
            Terminal.err("warning: \(row.late) tags came too late for --sort-ps and were left out")
        }
        if row.holesUnmarked > 0 {
            Terminal.err("warning: \(row.holesUnmarked) holes: \(row.format) has no mark for lost tags")
        }
        for damage in outcome.damage.dropFirst() { Terminal.err("error: \(damage)") }
        if let damage = outcome.damage.first { throw damage }
    }
}

/// Which tags: the same words on every command.
struct TagSelectionOptions: ParsableArguments {
    @Option(name: .long, help: "Keep these channels, A,B,…; all if left out.")
    var channels: String?
    @Option(name: .long, help: "Give channels other numbers, OLD=NEW,…; the others keep theirs.")
    var channelMap: String?
    @Option(name: .long, parsing: .unconditional, help: "Add this to every time, ps.")
    var shiftPs: Int64 = 0
    @Flag(name: .long, help: "Let time begin with 0 at the file's first tag.")
    var rezero = false
    @Flag(name: .long, help: "Take PTU syncs as channel 64 and markers as 64 + their mask, so that none is lost.")
    var specials = false

    func source(_ file: TagFileOptions) throws -> TagTransfer.Source {
        var source = TagTransfer.Source(path: file.file, format: try file.format(), selection: try selection())
        source.specials = specials ? .asChannels : .counted
        return source
    }

    func selection() throws -> TagSelection {
        var selection = TagSelection()
        if let channels { selection.channels = Set(try ChannelList.parse(channels, "--channels")) }
        if let channelMap { selection.channelMap = try Self.parse(map: channelMap) }
        selection.shiftPS = shiftPs
        selection.rezeroes = rezero
        return selection
    }
}

extension TagSelectionOptions {
    private static func parse(map text: String) throws -> [UInt8: UInt8] {
        var map: [UInt8: UInt8] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map { UInt8($0) }
            guard sides.count == 2, let old = sides[0], let new = sides[1], map.updateValue(new, forKey: old) == nil
            else {
                throw ValidationError("--channel-map takes channel numbers, each once, such as 0=1,1=2")
            }
        }
        return map
    }
}

/// Channels on the command line.
enum ChannelList {
    static func parse(_ text: String, _ option: String) throws -> [UInt8] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { UInt8($0) }
        let channels = parts.compactMap { $0 }
        guard !channels.isEmpty, channels.count == parts.count else {
            throw ValidationError("\(option) takes channel numbers, 0 to 255, such as 1,2")
        }
        return channels
    }
}

struct TagsConvert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Write a file's tags in another format.",
        discussion: """
            Example: qkdctl tags convert capture.ptu capture.qkdtags
            Example: qkdctl tags convert capture.ptu capture.a1 --channel-map 0=1,1=2 --rezero
            """)

    @OptionGroup var file: TagFileOptions
    @Argument(help: "File to write.", completion: .file()) var output: String
    @OptionGroup var selection: TagSelectionOptions
    @OptionGroup var outputOptions: TagOutputOptions
    @OptionGroup var formatOptions: FormatOptions

    func run() async throws {
        let transfer = TagTransfer(
            sources: [try selection.source(file)],
            options: try outputOptions.options(for: output), sortWindowPS: outputOptions.sortPs)
        try await TagTransferRun.run(transfer, to: output, formatOptions)
    }
}

struct TagsCut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cut", abstract: "Write a stretch of a file's time.",
        discussion: "Example: qkdctl tags cut capture.ptu minute.qkdtags --from-s 60 --to-s 120")

    @OptionGroup var file: TagFileOptions
    @Argument(help: "File to write.", completion: .file()) var output: String
    @Option(name: .long, help: "Begin of the stretch, seconds from the first tag.") var fromS = 0.0
    @Option(name: .long, help: "End of the stretch, seconds from the first tag; not included.") var toS: Double?
    @OptionGroup var selection: TagSelectionOptions
    @OptionGroup var outputOptions: TagOutputOptions
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        for time in [fromS, toS ?? fromS] where !time.isFinite || abs(time) > 9e6 {
            throw ValidationError("--from-s and --to-s must lie within ±9e6")
        }
        if let toS, toS <= fromS { throw ValidationError("--to-s must lie behind --from-s") }
    }

    func run() async throws {
        var source = try selection.source(file)
        // What a file has before its first tag is disorder, and belongs to the beginning.
        source.selection.fromPS = fromS == 0 ? nil : Picoseconds.from(seconds: fromS)
        source.selection.toPS = toS.map(Picoseconds.from(seconds:))
        let transfer = TagTransfer(
            sources: [source],
            options: try outputOptions.options(for: output), sortWindowPS: outputOptions.sortPs)
        try await TagTransferRun.run(transfer, to: output, formatOptions)
    }
}

struct TagsMerge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Merge files of tags in time order.",
        discussion: """
            Tags of one time come in the order of the files. Files that are not in order themselves are sorted \
            within --sort-ps, 1 µs if it is left out.

            Example: qkdctl tags merge alice.a1 bob.a1 --output both.qkdtags --channel-step 4
            """)

    @Argument(help: "Files of time tags.", completion: .file()) var files: [String]
    @Option(name: [.short, .long], help: "File to write.", completion: .file()) var output: String
    @Option(name: .long, help: "Format of the files, where the content does not tell.") var inputFormat: String?
    @Option(name: .long, help: "Added to the channels: once for the second file, twice for the third, …")
    var channelStep: UInt8 = 0
    @OptionGroup var outputOptions: TagOutputOptions
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        guard files.count >= 2 else { throw ValidationError("merging takes two files or more") }
        guard Int(channelStep) * (files.count - 1) <= 255 else {
            throw ValidationError("--channel-step leads beyond 255")
        }
        if let inputFormat, TagFormat(name: inputFormat) == nil {
            throw ValidationError("there is no format '\(inputFormat)'")
        }
    }

    func run() async throws {
        let sources = files.enumerated().map { index, path in
            var selection = TagSelection()
            selection.channelOffset = UInt8(Int(channelStep) * index)
            return TagTransfer.Source(
                path: path, format: inputFormat.flatMap { TagFormat(name: $0) }, selection: selection)
        }
        let transfer = TagTransfer(
            sources: sources, options: try outputOptions.options(for: output), sortWindowPS: outputOptions.sortPs)
        try await TagTransferRun.run(transfer, to: output, formatOptions)
    }
}
