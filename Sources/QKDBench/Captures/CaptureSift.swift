import Foundation
import QKDCore
import QKDSifting
import QKDTimeTags

/// The report of a sift of two files: what the files were, and all figures.
public struct CaptureSiftReport: Codable, Sendable, Equatable {
    /// What the keys are worth.
    public var keyContent = "sifted, not secret: as public as the two files"
    /// Alice's file.
    public var alice: CaptureFacts
    /// Bob's file.
    public var bob: CaptureFacts
    /// The figures.
    public var result: TwoPartyReport

    /// What a user should know of the files before believing the figures.
    public var warnings: [String] {
        var warnings = alice.warnings + bob.warnings
        let seconds = result.gaps.reduce(0) { $0 + Picoseconds.seconds($1.endPS - $1.startPS) }
        if seconds > 0 {
            warnings.append("the captures do not correlate in \(result.gaps.count) stretches, \(seconds) s together")
        }
        warnings += result.bases.compactMap { $0.guess(contrast: $0.contrast) }
        return warnings
    }
}

/// Sifts two capture files: reads both, recovers the clocks, makes keys and figures.
public struct CaptureSift: Sendable {
    /// What is going on.
    public struct Progress: Sendable {
        /// In words.
        public var step: String
        /// The share of the step that is done, 0 to 1; `nil` where that is not known.
        public var share: Double?
    }

    /// A capture's file.
    public struct File: Sendable {
        /// The path.
        public var path: String
        /// The format; `nil` to tell it by the content.
        public var format: TagFormat?

        /// Names a file.
        public init(path: String, format: TagFormat? = nil) {
            self.path = path
            self.format = format
        }
    }

    /// Alice's capture.
    public var alice: File
    /// Bob's capture.
    public var bob: File
    /// How to sift; its resolution is set from the files.
    public var options: TwoPartySift
    /// Second tags this many units of the coarser file's resolution after another one, or fewer, are removed;
    /// replaces the options' own choice.
    public var dedupBins: Int?

    /// Prepares a sift.
    public init(alice: File, bob: File, options: TwoPartySift) {
        self.alice = alice
        self.bob = bob
        self.options = options
    }

    /// Reads and sifts. Throws what reading and sifting throw; `noLock` if the captures do not correlate.
    public func run(progress: (Progress) -> Void = { _ in }) throws -> (report: CaptureSiftReport, sift: EntangledSift)
    {
        try Self.checkApart(alice, bob, options.map)
        let a = try read(alice, options.map.alice, progress)
        let b = try read(bob, options.map.bob, progress)
        var options = options
        options.resolutionPS = max(a.facts.resolutionPS, b.facts.resolutionPS)
        if let dedupBins {
            // Half a unit more: times are rounded to whole picoseconds.
            options.dedup = .withinPS(Int64(((Double(dedupBins) + 0.5) * options.resolutionPS).rounded(.up)))
        }
        let (result, sift) = try options.run(alice: a.tags, bob: b.tags) { progress(Progress(step: $0)) }
        return (CaptureSiftReport(alice: a.facts, bob: b.facts, result: result), sift)
    }

    /// One file may hold both parties' tags, on different inputs; tags that are compared with themselves agree too well.
    static func checkApart(_ alice: File, _ bob: File, _ map: DetectorMap) throws {
        let paths = [alice, bob].map { URL(fileURLWithPath: $0.path).resolvingSymlinksInPath() }
        let shared = Set(map.alice.detectors.map(\.channel)).intersection(map.bob.detectors.map(\.channel))
        guard paths[0] != paths[1] || shared.isEmpty else {
            let names = shared.sorted().map(String.init).joined(separator: ", ")
            throw QKDError(
                .invalidInput, "both parties have the same file and the same inputs (\(names))", at: .init(bob.path))
        }
    }

    private func read(_ file: File, _ map: PartyMap, _ progress: (Progress) -> Void) throws -> LoadedCapture {
        let reader = CaptureReader(channels: Set(map.detectors.map(\.channel)))
        return try reader.read(path: file.path, format: file.format) {
            progress(Progress(step: "reading \(file.path)", share: $0))
        }
    }

    /// Writes both keys (0600) and, last, the report: a folder with a report is whole.
    public static func write(_ report: CaptureSiftReport, _ sift: EntangledSift, to folder: String) throws {
        try write(report, alice: sift.alice, bob: sift.bob, to: folder)
    }

    static func write(_ report: some Encodable, alice: BitString, bob: BitString, to folder: String) throws {
        let path = "\(folder)/\(SessionFolder.Name.report)"
        guard unlink(path) == 0 || errno == ENOENT else {
            throw QKDError(.io, "cannot remove the old report", code: errno, at: .init(path))
        }
        for (party, bits, name) in [
            ("alice", alice, SessionFolder.Name.aliceKey), ("bob", bob, SessionFolder.Name.bobKey),
        ] {
            try SmallFile.write(KeyFile(party: party, bits: bits).bytes, to: "\(folder)/\(name)", mode: 0o600)
        }
        try SmallFile.write(SessionJSON.encode(report), to: path, mode: 0o644)
    }
}
