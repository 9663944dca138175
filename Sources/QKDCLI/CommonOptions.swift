import ArgumentParser
import QKDBench
import QKDCore

/// Which bench a command works on: the same words on every command.
struct BenchOptions: ParsableArguments {
    @Option(name: .long, help: "Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.")
    var bench = "bb84-loopback"

    @Option(name: .long, help: "Seed of everything that is random on an emulated bench.")
    var seed: UInt64 = 1

    func load() throws -> BenchDescription { try BenchDescription.load(bench) }

    /// Opens the bench, does the work, and closes it whatever happens; a signal ends the work.
    func withBench<Result: Sendable>(
        _ work: @escaping @Sendable (Bench) async throws -> Result
    ) async throws -> Result {
        let description = try load()
        let seed = self.seed
        return try await Interrupts.guarding {
            let bench = try await Bench.open(description, seed: seed, time: .real)
            do {
                let result = try await work(bench)
                await bench.close()
                return result
            } catch {
                await Task.detached { await bench.close() }.value
                throw error
            }
        }
    }
}

/// How a command prints.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, jsonl
}

/// How a command prints: the same word on every command.
struct FormatOptions: ParsableArguments {
    @Option(name: .long, help: "How to print: table, json or jsonl (one object a line).")
    var format = OutputFormat.table

    /// Prints a value as JSON, or as the table that `text` makes of it.
    func show(_ value: some Encodable, text: () -> String) throws {
        switch format {
        case .table: Terminal.out(text())
        case .json: Terminal.out(try JSONText.pretty(value))
        case .jsonl: Terminal.out(try JSONText.line(value))
        }
    }

    /// Prints rows: a table, one JSON array, or one object a line.
    func show<Row: Encodable>(rows: [Row], text: () -> String) throws {
        switch format {
        case .table: Terminal.out(text())
        case .json: Terminal.out(try JSONText.pretty(rows))
        case .jsonl: for row in rows { Terminal.out(try JSONText.line(row)) }
        }
    }
}

/// A role on the command line, completed from the list of roles.
extension Role: ExpressibleByArgument {
    /// The roles for completion.
    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}
