import QKDCore
import Testing

@testable import QKDTimeTags

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct FileSourceTests {
    /// Every byte comes once and in order, whatever the buffer and the sizes asked for.
    @Test(arguments: [16, 17, 64, 4_096])
    func readsEverythingOnce(_ bufferBytes: Int) throws {
        let scratch = try ScratchFolder()
        var random = TagTestRandom(state: UInt64(bufferBytes))
        let bytes = random.bytes(3_001)
        let source = try FileSource(path: try scratch.file("f", bytes), bufferBytes: bufferBytes)
        #expect(source.sizeBytes == 3_001)
        var got: [UInt8] = []
        while try source.fill(atLeast: 1 + Int(random.next() % 16)) > 0 {
            #expect(source.offset == got.count)
            let part = 1 + Int(random.next() % UInt64(source.loaded.count))
            got += source.loaded.prefix(part)
            source.consume(part)
            // A block may be longer than the buffer.
            if random.next() & 7 == 0, bytes.count - source.offset >= 100 {
                got += try #require(try source.take(100))
            }
        }
        #expect(got == bytes)
        #expect(try source.take(1) == nil)
        #expect(try source.take(0) == [])
    }

    @Test func errorKinds() {
        let kinds: [(CInt, QKDError.Kind)] = [
            (ENOENT, .absent), (ENOTDIR, .absent), (EACCES, .permissionDenied), (EPERM, .permissionDenied),
            (EROFS, .permissionDenied), (EISDIR, .invalidInput), (EBUSY, .busy), (EIO, .io), (ENOSPC, .io),
        ]
        for (code, kind) in kinds {
            let error = SystemFailure.error(code, "cannot read", "file", byteOffset: 7)
            #expect(error.kind == kind && error.code == code)
            #expect(error.place == .init("file", byteOffset: 7))
        }
    }

    /// Tags can come through a pipe, whose size nobody knows and which gives a few bytes at a time.
    @Test func pipe() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        // Open for both directions first, so that neither end waits for the other.
        let end = open(path, O_RDWR | O_NONBLOCK)
        try #require(end >= 0)
        let bytes = PTUFixture(.genericT2, stated: 3, records: [4, 5, 6]).bytes
        #expect(write(end, bytes, bytes.count) == bytes.count)
        let reader = try TagFileReader(path: path, format: .picoQuantPTU, batchRecords: 3)
        #expect(reader.metadata.fileBytes == nil)
        close(end)
        #expect(try reader.nextBatch()?.times == [4, 5, 6])
        #expect(try reader.nextBatch() == nil)
    }

}
