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
        var report = FollowedReport(options, stretchPS: stretchPS)
        var engine: FollowingEngine?
        var failure: QKDError?
        // From here on Alice's tags have brought nothing.
        var lostFrom: Int64?
        var lead = Lead(expectedOffsetPS: options.expectedOffsetPS, rangePS: options.searchRangePS)
        while true {
            progress(.init(step: "reading the next \(Picoseconds.seconds(leadPS)) s", share: a.progress))
            guard try lead.fill(a, b, lengthPS: leadPS), let start = lead.alice.times.first else { break }
            lostFrom = lostFrom ?? start
            progress(.init(step: "finding offset and clocks", share: a.progress))
            report.searches += 1
            let lock: StreamLock
            do {
                lock = try StreamLock(options, alice: lead.alice, bob: lead.bob)
            } catch let error as QKDError where error.kind == .noLock {
                failure = error
                lead.removeAll()
                continue
            }
            a.putBack(lead.alice)
            b.putBack(lead.bob)
            lead.removeAll()
            report.add(lock, atPS: start, lostFromPS: lostFrom)
            let stream = try FollowedStream(
                windowPS: report.windowPS, follower: ClockFollower(lock.clock, atPS: start),
                aliceDelays: lock.clock.aliceDelays, bobDelays: lock.clock.bobDelays, stretchPS: stretchPS)
            if engine == nil {
                let sifter = CoincidenceSifter(map: options.map, correlations: report.correlations)
                engine = FollowingEngine(stream: stream, sifter: sifter)
            } else {
                engine?.goOn(with: stream)
            }
            // In place: a copy would be one of all keys.
            let isOver = try engine?.run(alice: a, bob: b) {
                progress(.init(step: "following the clocks", share: a.progress))
            }
            lostFrom = nil
            if isOver != false { break }
            lostFrom = engine?.stretches.last?.stretchPS.upperBound
        }
        if let lostFrom { report.addGap(fromPS: lostFrom, toPS: a.lastPS) }
        guard let engine else {
            for source in [a, b] where source.facts.mappedTags == 0 { throw source.nothingMapped }
            throw failure ?? QKDError(.noLock, "the captures have no time in common")
        }
        report.add(engine, options)
        let keys = engine.sifter.keys
        return (
            StreamSiftReport(alice: a.facts, bob: b.facts, result: report),
            BitString(words: keys.aliceWords, count: keys.bitCount),
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

/// The next seconds of both captures that can belong together.
private struct Lead {
    private(set) var alice = TagBatch()
    private(set) var bob = TagBatch()
    private let expectedOffsetPS: Int64
    private let rangePS: Int64

    init(expectedOffsetPS: Int64, rangePS: Int64) {
        self.expectedOffsetPS = expectedOffsetPS
        self.rangePS = rangePS
    }

    mutating func removeAll() {
        alice = TagBatch()
        bob = TagBatch()
    }

    /// Reads until there are `lengthPS` of both; `false` when one of them has not enough left to search.
    mutating func fill(_ a: CaptureTags, _ b: CaptureTags, lengthPS: Int64) throws -> Bool {
        while true {
            try Self.fill(&alice, from: a, lengthPS)
            try Self.fill(&bob, from: b, lengthPS)
            guard alice.count >= Self.leastTags, bob.count >= Self.leastTags else { return false }
            // Tags so early that no offset of the search brings them together with the other side's are of no use.
            let early = Self.drop(&alice, before: bob.times[0] - expectedOffsetPS - rangePS)
            let earlyBob = Self.drop(&bob, before: alice.times.first.map { $0 + expectedOffsetPS - rangePS })
            if !early, !earlyBob { return true }
        }
    }

    /// Fewer tell nothing.
    private static let leastTags = 100

    private static func drop(_ tags: inout TagBatch, before time: Int64?) -> Bool {
        guard let time, let first = tags.times.first, first < time else { return false }
        tags.removeFirst(tags.range(fromPS: first, toPS: time).upperBound)
        return true
    }

    private static func fill(_ tags: inout TagBatch, from source: CaptureTags, _ lengthPS: Int64) throws {
        var batch = TagBatch()
        while (tags.times.last ?? 0) - (tags.times.first ?? 0) < lengthPS, try source.next(into: &batch) {
            tags.times.append(contentsOf: batch.times)
            tags.channels.append(contentsOf: batch.channels)
            guard tags.count <= CaptureReader.memoryLimitTags else {
                throw QKDError(
                    .outOfRange,
                    "memory does not hold the \(tags.count) tags that a search needs; a smaller range does "
                        + "with fewer", at: .init(source.metadata.path))
            }
        }
    }
}
