import Foundation
import QKDCore

/// Where a benchmark keeps its files: a folder that was asked for, or one that goes away with it.
public final class WorkloadFolder: Sendable {
    /// The folder.
    public let path: String
    private let isTemporary: Bool

    /// Makes `path` if it is not there, or a folder of its own if there is none; throws what the system says.
    public init(_ path: String?) throws {
        let files = FileManager.default
        self.path = path ?? files.temporaryDirectory.appendingPathComponent("qkdctl-\(UUID().uuidString)").path
        isTemporary = path == nil
        do {
            try files.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        } catch {
            throw QKDError(.io, "cannot make the folder: \(error.localizedDescription)", at: .init(self.path))
        }
    }

    deinit {
        // What a temporary folder leaves behind is the system's to clear.
        if isTemporary { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The path of a file in it.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Writes the memory of an array as it is: little-endian on every machine that this runs on.
    func write<Value: BitwiseCopyable>(_ values: [Value], _ name: String) throws {
        guard !isTemporary else { return }
        let data = values.withUnsafeBytes { Data($0) }
        do {
            try data.write(to: URL(fileURLWithPath: file(name)))
        } catch {
            throw QKDError(.io, "cannot write: \(error.localizedDescription)", at: .init(file(name)))
        }
    }

    /// Writes times (int64, ps) and channels (a byte each) beside each other.
    func write(_ tags: TagBatch, _ name: String) throws {
        try write(tags.times, name + ".times")
        try write(tags.channels, name + ".channels")
    }
}
