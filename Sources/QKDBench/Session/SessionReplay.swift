import Foundation
import QKDCore
import QKDTimeTags

/// Makes the keys of a saved session again, by the engine that made them first.
public enum SessionReplay {
    /// Reads the session in `folder` and returns its result and keys.
    ///
    /// Throws `absent` or `invalidInput` with the file that is missing or wrong.
    public static func run(folder: String) throws -> (result: SessionResult, outcome: SessionOutcome) {
        func path(_ name: String) -> String { "\(folder)/\(name)" }
        let sessionPath = path(SessionFolder.Name.session)
        let session = try SessionJSON.decode(
            SavedSession.self, SmallFile.bytes(path: sessionPath, limit: 16 << 20), file: sessionPath)
        let bench = try BenchDescription.load(path(SessionFolder.Name.bench))
        let seed = try SmallFile.bytes(path: path(SessionFolder.Name.bobSeed), limit: 1 << 10)
        var engine = try SessionEngine(
            plan: SessionPlan(bench: bench, resolutionPS: session.resolutionPs), bobSeed: seed)
        engine.anchorPS = session.anchorPs
        let framesPath = path(SessionFolder.Name.aliceFrames)
        let frames = try AliceFrameFile.frames(
            in: SmallFile.bytes(path: framesPath, limit: 8 << 30), name: framesPath)
        for frame in frames {
            try Task.checkCancellation()
            engine.add(frame)
        }
        try feed(&engine, tags: path(SessionFolder.Name.bobTags), session: session)
        _ = try engine.process(final: true)
        // What the faults did to the tagger's counter is not saved.
        let trueClock = session.source.faults.isEmpty ? session.source.seed : nil
        let truth = trueClock.map {
            ReportBuilder.TrueClock(bob: bench.bobClock(seed: $0), delayPS: bench.fibreDelayPS)
        }
        let builder = ReportBuilder(description: bench, source: session.source, trueClock: truth)
        return (builder.result(engine), engine.outcome)
    }

    private static func feed(_ engine: inout SessionEngine, tags path: String, session: SavedSession) throws {
        let unit: QCryptoLayout.TimeUnit = session.resolutionPs % 2000 == 0 ? .ns2 : .ns256th
        let reader = try TagFileReader(path: path, format: .qcrypto(.a1, .init(unit: unit)))
        var seen = 0
        var holes = session.holes[...]
        func take(upTo end: Int) -> [TagHole] {
            var found: [TagHole] = []
            while let hole = holes.first, hole.beforeTag <= end {
                found.append(
                    TagHole(
                        beforeIndex: max(0, hole.beforeTag - seen),
                        cause: TagHole.Cause(rawValue: hole.cause) ?? .silence, afterPS: hole.afterPs))
                holes.removeFirst()
            }
            return found
        }
        while var batch = try reader.nextBatch() {
            try Task.checkCancellation()
            batch.holes += take(upTo: seen + batch.count)
            seen += batch.count
            engine.add(batch)
            _ = try engine.process(final: false)
        }
        var rest = TagBatch()
        rest.holes = take(upTo: .max)
        engine.add(rest)
    }
}

extension SessionReplay {
    /// Writes the keys and the result of a replay to a folder.
    public static func write(_ result: SessionResult, _ outcome: SessionOutcome, to folder: String) throws {
        let target = try SessionFolder.create(at: folder, savesTags: false)
        try target.write(outcome: outcome)
        try SmallFile.write(SessionJSON.encode(result), to: "\(folder)/result.json", mode: 0o644)
    }

    /// Throws `dataLoss` unless the keys are bit for bit those in the folder's key files.
    public static func compare(_ outcome: SessionOutcome, withKeysIn folder: String) throws {
        for (name, bits) in [(SessionFolder.Name.aliceKey, outcome.alice), (SessionFolder.Name.bobKey, outcome.bob)] {
            let path = "\(folder)/\(name)"
            let saved = try KeyFile(bytes: SmallFile.bytes(path: path, limit: 1 << 30), name: path)
            guard saved.bits == bits else {
                throw QKDError(
                    .dataLoss,
                    "the key made again differs from the saved one (\(bits.count) and \(saved.bits.count) bits)",
                    at: .init(path))
            }
        }
    }
}
