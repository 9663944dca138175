import Foundation
import QKDCore
import QKDTimeTags

/// The files of a session. Keys, seeds and states are 0600; each file appears whole or not at all.
public struct SessionFolder: Sendable {
    /// The folder's path, as it was given.
    public let path: String
    private let tagFiles: TagFiles?
    private let record: GrowingFile

    /// Names of the files.
    public enum Name {
        /// Alice's sifted key, a `KeyFile`; secret.
        public static let aliceKey = "alice.key"
        /// Bob's sifted key, a `KeyFile`; secret.
        public static let bobKey = "bob.key"
        public static let record = "sifting.bin"
        /// The `SessionReport` as JSON; written last, so that its presence marks a whole session.
        public static let report = "report.json"
        /// A copy of the bench file.
        public static let bench = "bench.toml"
        /// The `SavedSession` as JSON; only if tags are kept.
        public static let session = "session.json"
        /// Bob's tags in qcrypto's `a1` format; only if tags are kept.
        public static let bobTags = "bob.a1"
        /// Alice's codes and disclosed slots frame by frame; secret, only if tags are kept.
        public static let aliceFrames = "alice.frames"
        /// Seed of Bob's choices among double clicks; secret, only if tags are kept.
        public static let bobSeed = "bob.seed"
    }

    /// Makes the folder, with its parents; refuses one that holds a session already.
    static func create(at path: String, savesTags: Bool) throws -> SessionFolder {
        let place = QKDError.Place(path)
        let report = "\(path)/\(Name.report)"
        guard access(report, F_OK) != 0 else {
            throw QKDError(.invalidInput, "a session is there already; choose another folder", at: place)
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch let error as CocoaError where error.code == .fileWriteNoPermission {
            throw QKDError(.permissionDenied, "this user may not make the session's folder", at: place)
        } catch {
            throw QKDError(.invalidInput, "a session's folder cannot be made here", at: place)
        }
        return SessionFolder(
            path: path, tagFiles: savesTags ? TagFiles(path: path) : nil,
            record: GrowingFile(path: "\(path)/\(Name.record)"))
    }

    func begin(bobSeed: [UInt8], resolutionPS: Int64) throws {
        try tagFiles?.begin(bobSeed: bobSeed, resolutionPS: resolutionPS)
    }

    func save(anchorPS: Int64) throws { tagFiles?.anchorPS = anchorPS }

    func save(_ frame: AliceFrame) throws { try tagFiles?.save(frame) }

    /// Adds to the public record, so that a long session does not keep it in memory.
    func save(_ record: SiftingRecord) throws { try self.record.append(record.bytes) }

    func save(_ batch: TagBatch) throws { try tagFiles?.save(batch) }

    /// Writes what is left to write when both keys are there.
    func finish(report: SessionReport, bench: BenchDescription, source: SessionSource) throws {
        try write(Array(bench.text.utf8), Name.bench, mode: 0o644)
        try tagFiles?.finish(source)
        // Last: a folder with a report is a whole session.
        try write(SessionJSON.encode(report), Name.report, mode: 0o644)
    }

    /// Writes both keys and the rest of the public record of their bits.
    func write(outcome: SessionOutcome) throws {
        try write(KeyFile(party: "alice", bits: outcome.alice).bytes, Name.aliceKey, mode: 0o600)
        try write(KeyFile(party: "bob", bits: outcome.bob).bytes, Name.bobKey, mode: 0o600)
        try record.append(outcome.record.bytes)
        try record.finish()
    }

    private func write(_ bytes: [UInt8], _ name: String, mode: mode_t) throws {
        try SmallFile.write(bytes, to: "\(path)/\(name)", mode: mode)
    }
}

/// A file that is there from its first byte on, under another name until it is finished.
private final class GrowingFile: @unchecked Sendable {
    // One owner: the session's state actor.
    private let path: String
    private var file: AppendingFile?

    init(path: String) { self.path = path }

    func append(_ bytes: [UInt8]) throws {
        let file = try file ?? AppendingFile(path: path, mode: 0o644)
        self.file = file
        try file.append(bytes)
    }

    func finish() throws {
        try file?.finish()
        file = nil
    }
}

/// JSON as our files hold it: sorted keys in snake case, so that equal values are equal bytes.
public enum SessionJSON {
    /// Encodes a value, with a newline at the end.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try Array(encoder.encode(value)) + [UInt8(ascii: "\n")]
    }

    /// Decodes a value; throws `invalidInput` naming `file`.
    public static func decode<Value: Decodable>(_: Value.Type, _ bytes: [UInt8], file: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(Value.self, from: Data(bytes))
        } catch {
            throw QKDError(.invalidInput, "this is not the JSON that was expected: \(error)", at: .init(file))
        }
    }
}
