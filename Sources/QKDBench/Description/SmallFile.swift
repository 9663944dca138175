import Foundation
import QKDCore

/// Reads and writes files that fit in memory, with our errors.
public enum SmallFile {
    /// Reads a text file of at most `limit` bytes.
    ///
    /// Throws `absent`, `permissionDenied` or `invalidInput` with the path.
    public static func text(path: String, limit: Int) throws -> String {
        let bytes = try bytes(path: path, limit: limit)
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw QKDError(.invalidInput, "this is not UTF-8 text", at: .init(path))
        }
        return text
    }

    /// Reads a file of at most `limit` bytes.
    public static func bytes(path: String, limit: Int) throws -> [UInt8] {
        let place = QKDError.Place(path)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            switch code {
            case ENOENT: throw QKDError(.absent, "there is no such file", code: code, at: place)
            case EACCES: throw QKDError(.permissionDenied, "this user may not read the file", code: code, at: place)
            default: throw QKDError(.io, "cannot open the file", code: code, at: place)
            }
        }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count >= 0 else {
                let code = errno
                if code == EISDIR { throw QKDError(.invalidInput, "this is a directory", code: code, at: place) }
                throw QKDError(.io, "cannot read the file", code: code, at: place)
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw QKDError(.invalidInput, "the file is longer than \(limit) bytes", at: place)
            }
        }
    }

    /// Writes a file whole or not at all: under another name in the same folder, synced, then renamed.
    ///
    /// `mode` is the permission; files that hold keys or seeds get 0600.
    public static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
        let temporary = path + ".part"
        let place = QKDError.Place(path)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw QKDError(.io, "cannot write the file", code: errno, at: place) }
        do {
            defer { _ = close(descriptor) }
            guard fchmod(descriptor, mode) == 0 else {
                throw QKDError(.io, "cannot set the file's permission", code: errno, at: place)
            }
            try writeAll(bytes, to: descriptor, path: path)
            guard fsync(descriptor) == 0 else { throw QKDError(.io, "cannot sync the file", code: errno, at: place) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw QKDError(.io, "cannot name the file", code: code, at: place)
        }
    }

    /// Writes all bytes to an open descriptor.
    static func writeAll(_ bytes: [UInt8], to descriptor: CInt, path: String) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard count >= 0 else {
                    if errno == EINTR { continue }
                    throw QKDError(.io, "cannot write the file", code: errno, at: .init(path))
                }
                rest = rest.dropFirst(count)
            }
        }
    }
}
