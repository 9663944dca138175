import ArgumentParser
import QKDCore
import QKDTimeTags

struct TagsCoincidences: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coincidences", abstract: "Count coincidences of channels, and what chance would make of them.",
        discussion: """
            A tag of the first channel counts once if each other channel has an unused tag within half the window \
            of it. Accidentals are N₁ N₂ w / T for two channels, and so on.

            Example: qkdctl tags coincidences capture.ptu --window-ps 1000
            Example: qkdctl tags coincidences capture.a1 --group 1,3 --group 1,2,3 --delay 3=250
            """)

    @OptionGroup var file: TagFileOptions
    @OptionGroup var formatOptions: FormatOptions
    @Option(name: .long, help: "Full width of the window, ps.") var windowPs: Int64 = 1_000
    @Option(name: .long, help: "Channels that have to fire together, A,B,…; may be repeated. All pairs if left out.")
    var group: [String] = []
    @Option(
        name: .long, help: ArgumentHelp("Taken off a channel's times, ps; may be repeated.", valueName: "channel=ps"))
    var delay: [String] = []

    private struct Row: Encodable {
        var channels: [UInt8]
        var coincidences: Int
        var ratePerS: Double?
        var accidentals: Double
    }

    func run() async throws {
        let groups = try group.map { try ChannelList.parse($0, "--group") }
        let delays = try parsedDelays()
        let window = windowPs
        let analysis = try await file.analyse { path, format in
            let summary = try TagFile.summary(path: path, format: format).value
            let wanted =
                groups.isEmpty ? TagFile.allPairs(summary.channels.map(\.channel)).map { [$0.0, $0.1] } : groups
            let counters = try wanted.map { try CoincidenceCounter(channels: $0, windowPS: window, delaysPS: delays) }
            return try TagFile.coincidences(path: path, format: format, counters: counters)
                .map { (counters: $0, durationPS: summary.durationPS) }
        }
        let duration = analysis.value.durationPS
        let rows = analysis.value.counters.map { counter in
            Row(
                channels: counter.channels, coincidences: counter.coincidences,
                ratePerS: duration > 0 ? Double(counter.coincidences) / Picoseconds.seconds(duration) : nil,
                accidentals: counter.accidentals(durationPS: duration))
        }
        try formatOptions.show(rows: rows) {
            var table = TextTable(["channels", "coincidences", "rate/s", "accidentals"])
            for row in rows {
                table.row([
                    row.channels.map(String.init).joined(separator: ","), "\(row.coincidences)",
                    row.ratePerS.map { Figure.fixed($0, 2) } ?? "", Figure.fixed(row.accidentals, 2),
                ])
            }
            return table.text
        }
        try file.finish(analysis)
    }

    private func parsedDelays() throws -> [UInt8: Int64] {
        var delays: [UInt8: Int64] = [:]
        for text in delay {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let channel = UInt8(parts[0]), let picoseconds = Int64(parts[1]) else {
                throw ValidationError("--delay takes a channel and picoseconds, such as 3=250")
            }
            delays[channel] = picoseconds
        }
        return delays
    }
}
