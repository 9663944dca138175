import ArgumentParser
import QKDBench
import QKDCore

struct InfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show a device: who it is, how it is, and what its self-test says.",
        discussion: "Example: qkdctl info bob-tagger")

    @Argument(help: "Role on the bench; all roles if none is named.")
    var role: Role?

    @OptionGroup var benchOptions: BenchOptions
    @OptionGroup var formatOptions: FormatOptions

    private struct Row: Encodable, Sendable {
        var role: String
        var driver: String
        var identity: String
        var emulated: Bool
        var health: String
        var findings: [String]
        var checks: [String]
    }

    func run() async throws {
        let role = role
        let rows = try await benchOptions.withBench { bench in
            var rows: [Row] = []
            for (name, device) in bench.devices.sorted(by: { $0.key.rawValue < $1.key.rawValue })
            where role == nil || role == name {
                let health = try await device.health()
                let test = try await device.selfTest()
                rows.append(
                    Row(
                        role: name.rawValue, driver: device.descriptor.id, identity: bench.identities[name]?.text ?? "",
                        emulated: bench.identities[name]?.isEmulated ?? false, health: health.verdict.rawValue,
                        findings: health.findings,
                        checks: test.checks.map { "\($0.passed ? "passed" : "FAILED") \($0.name)" }))
            }
            return rows
        }
        try formatOptions.show(rows: rows) {
            rows.map { row in
                ([
                    "\(row.role)\(row.emulated ? " (EMULATED)" : "")", "  driver    \(row.driver)",
                    "  identity  \(row.identity)", "  health    \(row.health)",
                ]
                    + row.findings.map { "            \($0)" } + row.checks.map { "  check     \($0)" })
                    .joined(separator: "\n")
            }
            .joined(separator: "\n")
        }
        if rows.contains(where: { $0.health == DeviceHealth.Verdict.failed.rawValue }) {
            throw QKDError(.unhealthy, "a device is not healthy")
        }
    }
}

/// A parameter with its value, as printed.
private struct ParameterRow: Encodable, Sendable {
    var role: String
    var parameter: String
    var value: String?
    var unit: String
    var allowed: String
    var access: String
    var emulated: Bool
    var summary: String

    init(_ bench: Bench, _ role: Role, _ parameter: Parameter, _ value: ParameterValue?) {
        self.role = role.rawValue
        self.parameter = parameter.name
        self.value = value?.description
        unit = parameter.unit
        allowed = parameter.allowed
        access = parameter.access.rawValue
        emulated = bench.identities[role]?.isEmulated ?? false
        summary = parameter.summary
    }

    var reading: String {
        "\(value ?? "-")\(unit.isEmpty ? "" : " \(unit)")\(emulated ? " (EMULATED)" : "")"
    }
}

private func device(_ role: Role, of bench: Bench) throws -> any Device {
    guard let device = bench.devices[role] else {
        throw QKDError(.absent, "the bench has no \(role.rawValue)")
    }
    return device
}

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Read a device's parameter, or all of them.",
        discussion: "Example: qkdctl get alice-attenuator attenuation")

    @Argument(help: "Role on the bench.") var role: Role
    @Argument(help: "Name of the parameter; all that can be read if none is named.") var parameter: String?
    @OptionGroup var benchOptions: BenchOptions
    @OptionGroup var formatOptions: FormatOptions

    func run() async throws {
        let (role, name) = (role, parameter)
        let rows = try await benchOptions.withBench { bench in
            let device = try device(role, of: bench)
            let wanted = try name.map { [try device.parameter($0)] } ?? device.parameters
            var rows: [ParameterRow] = []
            for parameter in wanted where name != nil || parameter.access != .writeOnly {
                rows.append(ParameterRow(bench, role, parameter, try await device.value(of: parameter.name)))
            }
            return rows
        }
        try formatOptions.show(rows: rows) {
            if name != nil, let row = rows.first { return row.reading }
            var table = TextTable(["parameter", "value"])
            for row in rows { table.row([row.parameter, row.reading]) }
            return table.text
        }
    }
}

struct SetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set a device's parameter and read it back.",
        discussion: "Example: qkdctl set alice-attenuator attenuation 12.5 --bench live.toml")

    @Argument(help: "Role on the bench.") var role: Role
    @Argument(help: "Name of the parameter.") var parameter: String
    // A negative number looks like an option, so whatever the parser does not know is the value.
    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Value; 'qkdctl query ROLE' shows what is allowed.", valueName: "value"))
    var values: [String]
    @OptionGroup var benchOptions: BenchOptions
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        guard values.count == 1 else {
            throw ValidationError("one value is needed, not \(values.count): \(values.joined(separator: " "))")
        }
    }

    func run() async throws {
        let (role, name, text) = (role, parameter, values.first ?? "")
        let row = try await benchOptions.withBench { bench in
            let device = try device(role, of: bench)
            let parameter = try device.parameter(name)
            guard parameter.access != .readOnly else {
                throw QKDError(.unsupported, "\(name) can only be read")
            }
            try await device.set(name, to: parameter.parse(text))
            let value = parameter.access == .writeOnly ? nil : try await device.value(of: name)
            return ParameterRow(bench, role, parameter, value)
        }
        try formatOptions.show(row) { row.value == nil ? "set" : row.reading }
    }
}

struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Show what a device can be asked and told: parameters, ranges, units.",
        discussion: "Example: qkdctl query bob-detector-z0")

    @Argument(help: "Role on the bench.") var role: Role
    @Argument(help: "Name of a parameter; all if none is named.") var parameter: String?
    @OptionGroup var benchOptions: BenchOptions
    @OptionGroup var formatOptions: FormatOptions

    func run() async throws {
        let (role, name) = (role, parameter)
        let rows = try await benchOptions.withBench { bench in
            let device = try device(role, of: bench)
            let wanted = try name.map { [try device.parameter($0)] } ?? device.parameters
            return wanted.map { ParameterRow(bench, role, $0, nil) }
        }
        try formatOptions.show(rows: rows) {
            var table = TextTable(["parameter", "allowed", "access", "meaning"])
            for row in rows { table.row([row.parameter, row.allowed, row.access, row.summary]) }
            return table.text
        }
    }
}

struct SafeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "safe",
        abstract: "Bring every device of a bench to its safe state: no light, no bias.",
        discussion: "Example: qkdctl safe --bench live.toml")

    @OptionGroup var benchOptions: BenchOptions

    func run() async throws {
        let bench = try benchOptions.load()
        let seed = benchOptions.seed
        // Once begun it runs to its end, Ctrl-C or not.
        let (confirmed, findings) = try await Interrupts.guarding {
            try await Task.detached { try await Bench.makeEachSafe(bench, seed: seed) }.value
        }
        for finding in findings { Terminal.err("UNSAFE: \(finding)") }
        guard findings.isEmpty else {
            throw QKDError(.unhealthy, "\(confirmed) of \(bench.roles.count) devices are confirmed safe")
        }
        Terminal.out("\(confirmed) devices are safe\(bench.isEmulated ? " (EMULATED)" : "")")
    }
}
