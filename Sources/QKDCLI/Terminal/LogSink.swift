import Foundation
import QKDCore

/// Where a log goes line by line: a file, or standard error.
final class LogSink: @unchecked Sendable {
    private let descriptor: CInt
    private let lock = NSLock()

    init(path: String?) throws {
        guard let path else {
            descriptor = STDERR_FILENO
            return
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw QKDError(.io, "cannot write the log", code: errno, at: .init(path)) }
    }

    func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        lock.withLock { _ = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } }
    }

    deinit { if descriptor != STDERR_FILENO { close(descriptor) } }
}
