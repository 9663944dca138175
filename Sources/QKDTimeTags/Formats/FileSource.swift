import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is read once from front to end through one buffer of fixed size.
///
/// Any size of file costs the same memory. A pipe or a character device works too; then the size is
/// unknown. One owner: not `Sendable`.
final class FileSource {
    let path: String
    /// Size in bytes when the file was opened; `nil` for what is not a regular file.
    let sizeBytes: Int?
    /// Position in the file of the first byte that has not been consumed.
    private(set) var offset = 0

    private let descriptor: CInt
    private let buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var atEnd = false

    /// Opens `path`; throws `absent`, `permissionDenied`, `invalidInput` (a directory) or `io`.
    init(path: String, bufferBytes: Int) throws {
        let descriptor = path.withCString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw SystemFailure.error(errno, "cannot open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            _ = Self.shut(descriptor)
            throw SystemFailure.error(code, "cannot examine", path)
        }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else {
            _ = Self.shut(descriptor)
            throw SystemFailure.error(EISDIR, "cannot read tags from", path)
        }
        self.path = path
        self.descriptor = descriptor
        sizeBytes = kind == S_IFREG ? Int(status.st_size) : nil
        buffer = .allocate(byteCount: bufferBytes, alignment: 64)
    }

    deinit {
        _ = Self.shut(descriptor)
        buffer.deallocate()
    }

    private static func shut(_ descriptor: CInt) -> CInt { close(descriptor) }

    /// The bytes that are loaded and not consumed.
    var loaded: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[start..<end]) }

    /// Reads until at least `count` bytes are loaded or the file ends, and returns how many are loaded.
    ///
    /// `count` must not exceed the size of the buffer.
    func fill(atLeast count: Int) throws -> Int {
        precondition(count <= buffer.count, "more than the buffer holds")
        if end - start >= count { return end - start }
        if start > 0, let base = buffer.baseAddress {
            memmove(base, base + start, end - start)
            end -= start
            start = 0
        }
        while end < count, !atEnd {
            guard let base = buffer.baseAddress else { break }
            let got = read(descriptor, base + end, buffer.count - end)
            if got > 0 {
                end += got
            } else if got == 0 {
                atEnd = true
            } else if errno != EINTR {
                throw SystemFailure.error(errno, "cannot read", path, byteOffset: offset + end)
            }
        }
        return end
    }

    /// Marks `count` loaded bytes as used.
    func consume(_ count: Int) {
        precondition(count >= 0 && count <= end - start, "more than is loaded")
        start += count
        offset += count
    }

    /// Copies the next `count` bytes out; `nil` if the file ends before.
    func take(_ count: Int) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let part = min(count - bytes.count, buffer.count)
            guard try fill(atLeast: part) >= part else { return nil }
            bytes.append(contentsOf: loaded.prefix(part))
            consume(part)
        }
        return bytes
    }
}

/// Turns an `errno` into the toolkit's error.
enum SystemFailure {
    static func kind(_ code: CInt) -> QKDError.Kind {
        switch code {
        case ENOENT, ENOTDIR, ENXIO, ENODEV: .absent
        case EACCES, EPERM, EROFS: .permissionDenied
        case EISDIR, ENAMETOOLONG, ELOOP: .invalidInput
        case EBUSY, ETXTBSY: .busy
        default: .io
        }
    }

    static func error(_ code: CInt, _ action: String, _ path: String, byteOffset: Int? = nil) -> QKDError {
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return QKDError(
            kind(code), "\(action) the file: \(reason)", code: code, at: .init(path, byteOffset: byteOffset))
    }
}
