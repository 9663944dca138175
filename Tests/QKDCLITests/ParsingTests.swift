import ArgumentParser
import QKDBench
import Testing

@testable import QKDCLI

@Suite("The command line")
struct ParsingTests {
    @Test("run has the defaults that the manual promises")
    func runDefaults() throws {
        let command = try #require(try QKDCtl.parseAsRoot(["run"]) as? RunCommand)
        #expect(command.benchOptions.bench == "bb84-loopback")
        #expect(command.benchOptions.seed == 1)
        #expect(command.formatOptions.format == .table)
        #expect(command.out == nil && !command.saveTags && !command.align)
    }

    @Test(
        "Nonsense is a usage error",
        arguments: [
            ["run", "--duration", "nan"], ["run", "--duration", "0"], ["run", "--duration", "1e9"],
            ["run", "--seed", "-1"],
            ["run", "--format", "xml"], ["get"], ["get", "bob"], ["set", "bob-tagger", "x"], ["tags", "info"],
            ["set", "bob-tagger", "gate", "1", "2"], ["tags", "histogram", "f", "--bin-ms", "0"],
            ["tags", "correlate", "f", "--range-ns", "-1"], ["nothing"],
        ])
    func usage(arguments: [String]) {
        #expect(throws: (any Error).self) { try QKDCtl.parseAsRoot(arguments) }
    }

    @Test("Every command's help shows an example")
    func examples() {
        func walk(_ command: any ParsableCommand.Type, _ path: String) {
            let configuration = command.configuration
            if !configuration.abstract.isEmpty {
                #expect(configuration.discussion.contains("Example: qkdctl"), "\(path)")
            }
            for inner in configuration.subcommands { walk(inner, "\(path) \(inner._commandName)") }
        }
        walk(QKDCtl.self, "qkdctl")
    }

    @Test("Roles complete from the list of roles")
    func roles() {
        #expect(Role.allValueStrings.count == 8)
        #expect(Role(argument: "bob-tagger") == .bobTagger)
        #expect(Role(argument: "eve") == nil)
    }
}
