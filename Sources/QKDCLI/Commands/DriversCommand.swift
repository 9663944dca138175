import ArgumentParser
import QKDCore
import QKDDrivers

struct DriversCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drivers",
        abstract: "List the drivers: what they drive, how well founded they are, what is unverified.",
        discussion: """
            Support: 'hardware' was seen on the instrument; 'transcript' is held to byte exchanges of a public \
            source; 'description' is written from a description alone.

            Example: qkdctl drivers --unverified
            """)

    @Flag(name: .long, help: "List what no public source states.")
    var unverified = false

    @Flag(name: .long, help: ArgumentHelp("Print the udev rules made from the drivers' facts.", visibility: .hidden))
    var udevRules = false

    @Flag(name: .long, help: ArgumentHelp("Print README's table of devices.", visibility: .hidden))
    var markdown = false

    @OptionGroup var formatOptions: FormatOptions

    private struct Row: Encodable {
        var id: String
        var device: String
        var classes: [String]
        var transports: [String]
        var support: String
        var page: String
        var summary: String
        var unverified: [String]
    }

    func run() async throws {
        if udevRules { return Terminal.out(GeneratedText.udevRules(Catalog.entries.map(\.descriptor))) }
        if markdown { return Terminal.out(GeneratedText.deviceTable(Catalog.entries.map(\.descriptor))) }
        let rows = Catalog.entries.map(\.descriptor).map { facts in
            Row(
                id: facts.id, device: "\(facts.vendor) \(facts.model)", classes: facts.classes.map(\.rawValue),
                transports: facts.transports.map(\.rawValue), support: facts.support.rawValue,
                page: facts.protocolPage, summary: facts.summary, unverified: facts.unverified)
        }
        try formatOptions.show(rows: rows) {
            var table = TextTable(["driver", "device", "class", "transport", "support", "unverified facts"])
            for row in rows {
                table.row([
                    row.id, row.device, row.classes.joined(separator: ", "), row.transports.joined(separator: ", "),
                    row.support, "\(row.unverified.count)",
                ])
            }
            guard unverified else { return table.text }
            return rows.map { row in
                "\(row.id) (\(row.page))\n" + row.unverified.map { "  - \($0)" }.joined(separator: "\n")
            }
            .joined(separator: "\n")
        }
    }
}
