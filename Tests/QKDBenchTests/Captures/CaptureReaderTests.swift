import Foundation
import QKDBench
import QKDCore
import QKDTimeTags
import Testing

@Suite("Captures read into memory")
struct CaptureReaderTests {
    /// A folder that goes with the test.
    private final class Folder {
        let path = NSTemporaryDirectory() + "qkdctl-captures-\(UUID().uuidString)"
        init() throws { try OutputFolder.make(at: path, overwrites: false) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ batches: [TagBatch], _ format: TagFormat = .chunked) throws -> String {
            let file = "\(path)/tags"
            let writer = try TagFileWriter.open(path: file, TagWriteOptions(format: format))
            for batch in batches { try writer.append(batch) }
            try writer.finish()
            return file
        }
    }

    private static let tags = TagBatch(
        times: (0..<1_000).map { Int64($0) * 4_000 }, channels: (0..<1_000).map { UInt8($0 % 5 + 1) })

    @Test("Tags of the map's inputs are kept, in order, and all are counted")
    func filtered() throws {
        let folder = try Folder()
        var reader = CaptureReader(channels: [1, 3])
        let capture = try reader.read(path: folder.write([Self.tags], .csv), format: .csv)
        #expect(capture.tags.count == 400 && Set(capture.tags.channels) == [1, 3])
        #expect(capture.tags.times == capture.tags.times.sorted())
        #expect(capture.facts.tags == 1_000 && capture.facts.mappedTags == 400)
        #expect(capture.facts.channels.map(\.channel) == [1, 2, 3, 4, 5])
        #expect(capture.facts.channels.allSatisfy { $0.tags == 200 })
        #expect(abs(capture.facts.spanSeconds - 997 * 4e-9) < 1e-15)
        #expect(capture.facts.format == "csv" && !capture.facts.formatGuessed && capture.facts.holeCount == 0)
        reader.channels = [9]
        let error = #expect(throws: QKDError.self) { try reader.read(path: folder.path + "/tags") }
        #expect(error?.kind == .invalidInput && error?.message.contains("inputs 1, 2, 3, 4, 5") == true)
    }

    @Test("Disorder within a microsecond is mended, beyond it is counted; more memory than there is is refused")
    func disorder() throws {
        let folder = try Folder()
        // More lines than a batch: what was let go cannot be mended.
        let count = TagFileReader.defaultBatchRecords + 4_000
        let sorted = (0..<count).map { Int64($0) * 4_000 }
        var tags = TagBatch(times: sorted, channels: [UInt8](repeating: 1, count: count))
        tags.times.swapAt(500, 501)
        tags.append(timePS: 5_000, channel: 1)
        let file = try folder.write([tags], .csv)
        var steps: [Double] = []
        var reader = CaptureReader(channels: [1, 2, 3, 4, 5])
        let capture = try reader.read(path: file) { steps.append($0) }
        #expect(capture.facts.reordered == 1)
        #expect(capture.facts.late == 1)
        let isSorted = capture.tags.times == sorted
        #expect(isSorted)
        #expect(steps.last == 1 && steps == steps.sorted())
        reader.maximumTags = 99
        let error = #expect(throws: QKDError.self) { try reader.read(path: file) }
        #expect(error?.kind == .outOfRange && error?.message.contains("holds 99 of each") == true)
        #expect(CaptureReader.memoryLimitTags > 1_000_000)
    }

    @Test("Holes come through with their place, also where the tags around them are not kept")
    func holes() throws {
        let folder = try Folder()
        var tags = Self.tags
        tags.holes = [TagHole(beforeIndex: 502, cause: .deviceOverflow, afterPS: 501 * 4_000)]
        let capture = try CaptureReader(channels: [1]).read(path: folder.write([tags]))
        #expect(capture.facts.holes.map(\.cause) == ["deviceOverflow"] && capture.facts.holeCount == 1)
        // Input 1 fires at 500 and 505; the hole begins after 501.
        #expect(capture.tags.holes.map(\.beforeIndex) == [101])
        #expect(capture.tags.holeStretchesPS == [501 * 4_000..<505 * 4_000])
    }

    @Test("A damaged file is refused with the place, never used up to there")
    func damage() throws {
        let folder = try Folder()
        let file = try folder.write([Self.tags])
        let bytes = try SmallFile.bytes(path: file, limit: 1 << 20)
        try SmallFile.write(Array(bytes.dropLast(bytes.count / 2)), to: file, mode: 0o600)
        let error = #expect(throws: QKDError.self) { try CaptureReader(channels: [1]).read(path: file) }
        #expect(error?.kind == .dataLoss && error?.place?.byteOffset != nil)
        #expect(throws: QKDError.self) { try CaptureReader(channels: [1]).read(path: folder.path + "/none") }
    }

    @Test("A cancelled task ends the reading")
    func cancelled() async throws {
        let folder = try Folder()
        let file = try folder.write([Self.tags])
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try CaptureReader(channels: [1]).read(path: file)
        }
        task.cancel()
        let result = await task.result
        #expect { _ = try result.get() } throws: { ($0 as? QKDError)?.kind == .interrupted }
    }

    @Test("A folder that holds something is written into only on request")
    func folders() throws {
        let folder = try Folder()
        #expect(throws: Never.self) { try OutputFolder.check(folder.path, overwrites: false) }
        _ = try folder.write([Self.tags])
        #expect(throws: QKDError.self) { try OutputFolder.make(at: folder.path, overwrites: false) }
        #expect(throws: Never.self) { try OutputFolder.make(at: folder.path, overwrites: true) }
        #expect(throws: QKDError.self) { try OutputFolder.make(at: folder.path + "/tags", overwrites: true) }
    }
}
