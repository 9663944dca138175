import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that appears under its name only when it is complete.
///
/// Bytes go to a new file beside it, which takes the name by `rename` in `commit`; without a commit
/// it is removed and whatever had the name before stays.
///
/// With `keepsPartial` it has its name from the start instead, and stays whatever happens: for recordings,
/// of which a part is worth more than nothing.
final class AtomicFile {
    let path: String
    private let temporaryPath: String
    private let keepsPartial: Bool
    private var descriptor: CInt
    /// Bytes written so far.
    private(set) var size = 0

    /// Creates the file with the permissions `mode`; throws `absent`, `permissionDenied`, `io`, or
    /// `invalidInput` if a file that is to keep its parts exists already.
    init(path: String, mode: UInt32, keepsPartial: Bool = false) throws {
        self.path = path
        self.keepsPartial = keepsPartial
        var attempt = 0
        while true {
            let candidate = keepsPartial ? path : "\(path).\(getpid()).\(attempt).part"
            let opened = candidate.withCString {
                open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
            }
            if opened >= 0 {
                temporaryPath = candidate
                descriptor = opened
                break
            }
            if keepsPartial, errno == EEXIST {
                throw QKDError(.invalidInput, "the file exists already, and is not written over", at: .init(path))
            }
            guard errno == EEXIST, attempt < 1_000 else { throw SystemFailure.error(errno, "cannot create", candidate) }
            attempt += 1
        }
        // The mask of the process may have taken bits away; a mode that was asked for is meant.
        guard fchmod(descriptor, mode_t(mode)) == 0 else {
            let code = errno
            abandon()
            throw SystemFailure.error(code, "cannot set the permissions of", temporaryPath)
        }
    }

    deinit { abandon() }

    /// Writes all bytes, or none that stay: after a failure the file ends where it ended before.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard descriptor >= 0 else {
            throw QKDError(.io, "the file is closed already", at: .init(path))
        }
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let written = Self.systemWrite(descriptor, base + done, bytes.count - done)
            if written >= 0 {
                done += written
            } else if errno != EINTR {
                let code = errno
                if done > 0 { takeBack() }
                throw SystemFailure.error(code, "cannot write", temporaryPath)
            }
        }
        size += bytes.count
    }

    /// Cuts off what a failed write left.
    private func takeBack() {
        // If this fails too, the reader finds a cut record or chunk, and says so.
        _ = ftruncate(descriptor, off_t(size))
        _ = lseek(descriptor, 0, SEEK_END)
    }

    /// Writes all bytes over what stands at `offset` already; later writes go on at the end all the same.
    func overwrite(at offset: Int, _ bytes: UnsafeRawBufferPointer) throws {
        guard descriptor >= 0 else {
            throw QKDError(.io, "the file is closed already", at: .init(path))
        }
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let written = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
            if written >= 0 {
                done += written
            } else if errno != EINTR {
                throw SystemFailure.error(errno, "cannot write", temporaryPath)
            }
        }
    }

    /// Makes the bytes lasting and gives the file its name.
    func commit() throws {
        guard descriptor >= 0 else { throw QKDError(.io, "the file is closed already", at: .init(path)) }
        guard fsync(descriptor) == 0 else {
            let code = errno
            abandon()
            throw SystemFailure.error(code, "cannot write", temporaryPath)
        }
        let closed = Self.shut(descriptor)
        let code = errno
        descriptor = -1
        guard closed == 0, keepsPartial || rename(temporaryPath, path) == 0 else {
            let failure = closed == 0 ? errno : code
            if !keepsPartial { _ = unlink(temporaryPath) }
            throw SystemFailure.error(failure, "cannot finish", path)
        }
    }

    /// Removes what was written so far, unless parts are kept; does nothing after `commit`.
    func abandon() {
        guard descriptor >= 0 else { return }
        _ = Self.shut(descriptor)
        descriptor = -1
        if !keepsPartial { _ = unlink(temporaryPath) }
    }

    private static func shut(_ descriptor: CInt) -> CInt { close(descriptor) }

    private static func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #else
            Darwin.write(descriptor, bytes, count)
        #endif
    }
}
