import Foundation
import QKDCore

extension Stopwatch {
    /// Times a program from its start to its end by its own CPU time; its output is thrown away.
    ///
    /// Its memory is not told: the system lets a child's largest size begin with its parent's.
    func timeProcess(
        _ name: String, items: Int, _ unit: String, _ executable: String, _ arguments: [String]
    ) throws -> BenchmarkCase {
        var (cpu, wall): ([Double], [Double]) = ([], [])
        for _ in 0..<runs + 1 {
            try Task.checkCancellation()
            let start = Machine.wallSeconds
            cpu.append(try Self.run(executable, arguments))
            wall.append(Machine.wallSeconds - start)
        }
        // The first run has brought the file into memory.
        return Self.result(
            name, items, unit, nil, Array(cpu.dropFirst()), Array(wall.dropFirst()), [:],
            memoryReadPerSecond)
    }

    /// Returns its CPU time, seconds.
    private static func run(_ executable: String, _ arguments: [String]) throws -> Double {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var process = pid_t()
        let code = posix_spawn(&process, executable, &actions, nil, words, environ)
        guard code == 0 else { throw QKDError(.io, "cannot start \(executable): error \(code)", code: code) }
        var status: CInt = 0
        var usage = rusage()
        while wait4(process, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw QKDError(.io, "cannot wait for \(executable)", code: errno) }
        }
        guard status == 0 else {
            throw QKDError(.io, "\(executable) \(arguments.joined(separator: " ")) ended with status \(status)")
        }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
