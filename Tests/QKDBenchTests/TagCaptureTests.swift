import Foundation
import QKDCore
import QKDTimeTags
import Testing

@testable import QKDBench

@Suite("Captures of tags into files")
struct TagCaptureTests {
    /// A folder of its own, removed afterwards.
    final class Folder {
        let path = NSTemporaryDirectory() + "/qkd-capture-\(UUID().uuidString)"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        func file(_ name: String) -> String { path + "/" + name }
    }

    /// Hundred tags a nanosecond apart in batches of ten.
    private let batches = (0..<10).map { batch in
        TagBatch(
            times: (0..<10).map { Int64(5_000 + (batch * 10 + $0) * 1_000) },
            channels: (0..<10).map { UInt8($0 % 4 + 1) })
    }

    private func read(_ path: String) throws -> TagBatch {
        let reader = try TagFileReader(path: path)
        var all = TagBatch()
        while let batch = try reader.nextBatch() { all.append(batch) }
        return all
    }

    private func options(_ path: String, _ format: TagFormat = .chunked) -> CaptureOptions {
        CaptureOptions(path: path, output: TagWriteOptions(format: format))
    }

    @Test("A number of tags, or a length of tag time, is kept exactly")
    func limits() async throws {
        let folder = try Folder()
        var byCount = options(folder.file("a"))
        byCount.tags = 37
        let tagger = ScriptedTagger(batches)
        let outcome = try await TagCapture(tagger, byCount).run()
        #expect(outcome.tags == 37 && outcome.end == .tags && outcome.failure == nil)
        #expect(try read(folder.file("a")).count == 37)
        #expect(await tagger.stops == 1)
        #expect(outcome.channels.values.reduce(0, +) == 37 && outcome.spanS == 36e-9)

        var byTime = options(folder.file("b"))
        byTime.durationPS = 20_000
        let timed = try await TagCapture(ScriptedTagger(batches), byTime).run()
        #expect(timed.tags == 20 && timed.end == .duration)
        #expect(try read(folder.file("b")).times.last == 24_000)
    }

    @Test("Without tags the wall's clock ends it: by idling, or by the duration")
    func silence() async throws {
        let folder = try Folder()
        var idle = options(folder.file("a"))
        idle.idleTimeout = .milliseconds(60)
        let outcome = try await TagCapture(ScriptedTagger([batches[0]]), idle).run()
        #expect(outcome.end == .idle && outcome.tags == 10)
        var timed = options(folder.file("b"))
        timed.durationPS = 1_000_000
        let empty = try await TagCapture(ScriptedTagger([]), timed).run()
        #expect(empty.end == .duration && empty.tags == 0)
        #expect(try read(folder.file("b")).isEmpty)
    }

    @Test("Files follow one another at a number of tags or a length of time, and together hold everything")
    func rotation() async throws {
        let folder = try Folder()
        for byTime in [false, true] {
            var options = options(folder.file(byTime ? "t.csv" : "n.csv"), .csv)
            if byTime { options.rotatePS = 23_000 } else { options.rotateTags = 23 }
            options.tags = 100
            let outcome = try await TagCapture(ScriptedTagger(batches), options).run()
            #expect(
                outcome.files.map { ($0 as NSString).lastPathComponent }
                    == (1...5).map { "\(byTime ? "t" : "n")-000\($0).csv" })
            let parts = try outcome.files.map { try read($0) }
            #expect(parts.map(\.count) == [23, 23, 23, 23, 8])
            #expect(parts.flatMap(\.times) == batches.flatMap(\.times))
        }
    }

    @Test("What the device had queued when somebody stopped it is in the file")
    func cancellation() async throws {
        let folder = try Folder()
        let tagger = ScriptedTagger([batches[0]], queued: batches[1])
        let options = options(folder.file("a"))
        let task = Task { try await TagCapture(tagger, options).run() }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        let outcome = try await task.value
        #expect(outcome.end == .interrupted && outcome.tags == 20 && outcome.failure == nil)
        #expect(try read(folder.file("a")).times == batches[0].times + batches[1].times)
    }

    @Test("A device that is lost leaves a whole file and its error")
    func lostDevice() async throws {
        let folder = try Folder()
        let lost = QKDError(.disconnected, "unplugged")
        let outcome = try await TagCapture(
            ScriptedTagger(batches, error: lost, stopError: lost), options(folder.file("a"))
        ).run()
        #expect(outcome.end == .failed && outcome.failure?.contains("unplugged") == true && outcome.tags == 100)
        #expect(try read(folder.file("a")).count == 100)
    }

    @Test("Holes are counted by their cause and stand in the file")
    func holes() async throws {
        let folder = try Folder()
        var holed = batches
        holed[3].holes = [TagHole(beforeIndex: 4, cause: .deviceOverflow, afterPS: 1)]
        holed[9].holes = [TagHole(beforeIndex: 10, cause: .silence, afterPS: 2)]
        var wanted = options(folder.file("a"))
        wanted.tags = 100
        let outcome = try await TagCapture(ScriptedTagger(holed), wanted).run()
        #expect(outcome.holes == ["deviceOverflow": 1, "silence": 1])
        #expect(try read(folder.file("a")).holes.map(\.beforeIndex) == [34, 100])
    }

    @Test("A file that exists is never written over")
    func existing() async throws {
        let folder = try Folder()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.file("a")))
        await #expect(throws: QKDError.self) {
            try await TagCapture(ScriptedTagger([]), options(folder.file("a"))).run()
        }
        #expect(try String(contentsOfFile: folder.file("a"), encoding: .utf8) == "mine")
    }

    @Test(
        "Numbers go before the ending",
        arguments: [
            ("a.csv", "a-0007.csv"), ("/x.y/a", "/x.y/a-0007"), ("/x/.a", "/x/.a-0007"), ("b.tar.gz", "b.tar-0007.gz"),
        ])
    func names(path: String, expected: String) {
        #expect(CaptureFiles.numbered(path, 7) == expected)
    }
}
