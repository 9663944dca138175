import Foundation
import QKDCore
import QKDTimeTags

/// Sound files for the fuzzer to start from: without them it would have to guess each format's magic number.
enum Seeds {
    /// Writes files of a format into a folder, each behind `prefix`.
    static func write(_ format: TagFormat, to folder: String, prefix: [UInt8]) throws {
        for (number, gapPS) in [500_000, 40_000_000_000].enumerated() {
            for type in format == .picoQuantPTU ? PTURecordType.allCases : [.genericT2] {
                var options = TagWriteOptions(format: format)
                options.ptuRecordType = type
                if !type.isT2 { options.syncPeriodPS = 12_500 }
                options.resolutionPS = type.isT2 ? 4_000 : 25
                if case .quTAG(let layout) = format { options.quTAGHeader = quTAGHeader(layout) }
                let path = "\(folder)/seed-\(format.name)-\(type)-\(number)"
                guard !FileManager.default.fileExists(atPath: path) else { continue }
                let writer = try TagFileWriter.open(path: path, options)
                try writer.append(batch(gapPS: Int64(gapPS)))
                try writer.finish()
                guard !prefix.isEmpty else { continue }
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                try (Data(prefix) + bytes).write(to: URL(fileURLWithPath: path))
            }
        }
    }

    private static func quTAGHeader(_ layout: QuTAGLayout) -> [UInt8] {
        layout == .raw ? [] : [0x87, 0xB3, 0x91, 0xFA] + [UInt8](repeating: 0, count: layout.headerBytes - 4)
    }

    private static func batch(gapPS: Int64) -> TagBatch {
        var batch = TagBatch()
        for index in 0..<20 { batch.append(timePS: Int64(index) * gapPS, channel: UInt8(index % 3) + 1) }
        batch.holes.append(TagHole(beforeIndex: 7, cause: .deviceOverflow, afterPS: 6 * gapPS))
        return batch
    }
}
