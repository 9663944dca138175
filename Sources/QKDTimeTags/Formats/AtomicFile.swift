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
final class AtomicFile {
    let path: String
    private let temporaryPath: String
    private var descriptor: CInt

    /// Creates the temporary file with the permissions `mode`; throws `absent`, `permissionDenied` or `io`.
    init(path: String, mode: UInt32) throws {
        self.path = path
        var attempt = 0
        while true {
            let candidate = "\(path).\(getpid()).\(attempt).part"
            let opened = candidate.withCString {
                open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
            }
            if opened >= 0 {
                temporaryPath = candidate
                descriptor = opened
                break
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

    /// Writes all bytes.
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
                throw SystemFailure.error(errno, "cannot write", temporaryPath)
            }
        }
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
        guard closed == 0, rename(temporaryPath, path) == 0 else {
            let failure = closed == 0 ? errno : code
            _ = unlink(temporaryPath)
            throw SystemFailure.error(failure, "cannot finish", path)
        }
    }

    /// Removes what was written so far; does nothing after `commit`.
    func abandon() {
        guard descriptor >= 0 else { return }
        _ = Self.shut(descriptor)
        descriptor = -1
        _ = unlink(temporaryPath)
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
