import ArgumentParser
import Foundation
import QKDBench
import QKDCore
import QKDKernels

/// The root of the command line.
public struct QKDCtl: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "qkdctl",
        abstract: "From bytes on a wire to keys that two parties share.",
        discussion: """
            With no bench file, every command works on the built-in emulated bench.

            Example: qkdctl run --duration 2 --seed 1

            Exit codes: 0 ok, 1 failure, 2 not healthy, 64 usage, 69 device absent, 75 busy, \
            77 no permission, 130 interrupted.
            """,
        version: QKDVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Keys:",
                subcommands: [
                    RunCommand.self, ReplayCommand.self, SiftCommand.self, DistillCommand.self, KeyRateCommand.self,
                ]),
            CommandGroup(
                name: "The bench at hand:",
                subcommands: [
                    ListCommand.self, InfoCommand.self, DriversCommand.self, GetCommand.self, SetCommand.self,
                    QueryCommand.self, EmulateCommand.self, SafeCommand.self, DoctorCommand.self,
                ]),
            CommandGroup(name: "Time tags:", subcommands: [CaptureCommand.self, TagsCommand.self]),
            CommandGroup(name: "The machine:", subcommands: [BenchmarkCommand.self]),
        ])

    /// Used by the argument parser; the process begins at `start()`.
    public init() {}

    /// Parses the process's arguments, runs the command, and exits.
    public static func start() async -> Never {
        do {
            do {
                _ = try KernelLevel.forced(by: ProcessInfo.processInfo.environment[KernelLevel.variable])
            } catch {
                throw ValidationError(error.message)
            }
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Foundation.exit(0)
        } catch let error as AdvisedError {
            fail(error.error, remedy: error.remedy)
        } catch let error as QKDError {
            fail(error, remedy: Advice.remedy(error))
        } catch is CancellationError {
            Terminal.endLive()
            Terminal.err("error: interrupted")
            Foundation.exit(130)
        } catch {
            Terminal.endLive()
            exit(withError: error)
        }
    }

    private static func fail(_ error: QKDError, remedy: String?) -> Never {
        Terminal.endLive()
        Terminal.err("error: \(error)")
        if let remedy { Terminal.err("try: \(remedy)") }
        Foundation.exit(Advice.exitCode(error.kind))
    }
}
