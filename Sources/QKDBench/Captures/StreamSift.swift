import QKDCore
import QKDSifting
import QKDTimeTags

/// Sifts two capture files as their tags come: clocks are found in the first seconds and followed from there on.
///
/// Files of any length cost the memory of those seconds, and of the keys. Where the captures do not correlate, or no
/// more, the next seconds are searched anew.
public struct StreamSift: Sendable {
    /// Alice's capture.
    public var alice: CaptureSift.File
    /// Bob's capture.
    public var bob: CaptureSift.File
    /// How to sift; second tags are not looked for.
    public var options: TwoPartySift
    /// Length of tags that a search for the clocks gets, ps.
    public var leadPS: Int64
    /// The clocks are taken anew after each stretch of this length, ps.
    public var stretchPS: Int64 = 100 * Picoseconds.perMillisecond

    /// Prepares; the search gets what its range of offsets needs, and a second to overlap.
    public init(alice: CaptureSift.File, bob: CaptureSift.File, options: TwoPartySift) {
        self.alice = alice
        self.bob = bob
        self.options = options
        leadPS = Picoseconds.perSecond + 2 * options.searchRangePS + Int64(options.expectedOffsetPS.magnitude)
    }

    /// Reads and sifts; `progress` is told the step and the share of Alice's file that is done.
    ///
    /// Throws what reading throws, `noLock` if no search found that the captures correlate, `unsupported` for BB84's
    /// triggers and for second tags to be removed, `outOfRange` for rates whose first seconds memory does not hold,
    /// and `interrupted`.
    public func run(
        progress: (CaptureSift.Progress) -> Void = { _ in }
    ) throws -> (report: StreamSiftReport, alice: BitString, bob: BitString) {
        guard options.setting == .bbm92, options.dedup == .off else {
            throw QKDError(.unsupported, "only pairs (bbm92) without second tags can be followed as they come")
        }
        try CaptureSift.checkApart(alice, bob, options.map)
        let a = try open(alice, options.map.alice)
        let b = try open(bob, options.map.bob)
        var report = StreamSiftReport(options, stretchPS: stretchPS)
        var engine: FollowingEngine?
        var failure: QKDError?
        while true {
            progress(.init(step: "reading the next \(Picoseconds.seconds(leadPS)) s", share: a.progress))
            let lead = try Lead(a, b, lengthPS: leadPS)
            guard let start = lead.alice.times.first, let end = lead.alice.times.last, !lead.bob.isEmpty else { break }
            progress(.init(step: "finding offset and clocks", share: a.progress))
            report.searches += 1
            let lock: StreamLock
            do {
                lock = try StreamLock(options, alice: lead.alice, bob: lead.bob)
            } catch let error as QKDError where error.kind == .noLock {
                failure = error
                report.gaps.append(.init(startPS: start, endPS: end))
                continue
            }
            a.putBack(lead.alice)
            b.putBack(lead.bob)
            report.add(lock, atPS: start)
            let stream = try FollowedStream(
                windowPS: report.windowPS, follower: ClockFollower(lock.clock, atPS: start),
                aliceDelays: lock.clock.aliceDelays, bobDelays: lock.clock.bobDelays, stretchPS: stretchPS)
            var now =
                engine
                ?? FollowingEngine(
                    stream: stream, sifter: CoincidenceSifter(map: options.map, correlations: report.correlations))
            now.goOn(with: stream)
            let step = "following the clocks"
            let isOver = try now.run(alice: a, bob: b) { _ in progress(.init(step: step, share: a.progress)) }
            engine = now
            if isOver { break }
        }
        guard let engine else {
            for (source, facts) in [(a, a.facts), (b, b.facts)] where facts.mappedTags == 0 {
                throw source.nothingMapped
            }
            throw failure ?? QKDError(.noLock, "the captures have no time in common")
        }
        report.add(engine, alice: a.facts, bob: b.facts, options)
        let keys = engine.sifter.keys
        return (
            report, BitString(words: keys.aliceWords, count: keys.bitCount),
            BitString(words: keys.bobWords, count: keys.bitCount)
        )
    }

    private func open(_ file: CaptureSift.File, _ map: PartyMap) throws -> CaptureTags {
        try CaptureTags(path: file.path, format: file.format, channels: Set(map.detectors.map(\.channel)))
    }

    /// Writes both keys (0600) and, last, the report: a folder with a report is whole.
    public static func write(
        _ report: StreamSiftReport, alice: BitString, bob: BitString, to folder: String
    ) throws {
        try CaptureSift.write(report, alice: alice, bob: bob, to: folder)
    }
}

/// The next seconds of both captures, each by its own clock.
private struct Lead {
    var alice = TagBatch()
    var bob = TagBatch()

    init(_ a: CaptureTags, _ b: CaptureTags, lengthPS: Int64) throws {
        var (hasAlice, hasBob) = (true, true)
        var batch = TagBatch()
        while true {
            let (spanA, spanB) = (Self.span(alice), Self.span(bob))
            let wantsAlice = hasAlice && spanA < lengthPS
            let wantsBob = hasBob && spanB < lengthPS
            if wantsAlice, !wantsBob || spanA <= spanB {
                hasAlice = try a.next(into: &batch)
                if hasAlice { try Self.take(batch, from: a, into: &alice) }
            } else if wantsBob {
                hasBob = try b.next(into: &batch)
                if hasBob { try Self.take(batch, from: b, into: &bob) }
            } else {
                return
            }
        }
    }

    private static func span(_ tags: TagBatch) -> Int64 {
        guard let first = tags.times.first, let last = tags.times.last else { return -1 }
        return last - first
    }

    private static func take(_ batch: TagBatch, from source: CaptureTags, into tags: inout TagBatch) throws {
        tags.times.append(contentsOf: batch.times)
        tags.channels.append(contentsOf: batch.channels)
        guard tags.count <= CaptureReader.memoryLimitTags else {
            throw QKDError(
                .outOfRange, "memory does not hold the \(tags.count) tags of so long a lead",
                at: .init(source.metadata.path))
        }
    }
}
