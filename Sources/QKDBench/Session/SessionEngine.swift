import Foundation
import QKDCore
import QKDSifting
import QKDTimeTags

/// From Alice's frames and Bob's tags to sifted keys: the same for live devices and saved tags.
///
/// Frames and tags are added as they come; `process` takes each frame as soon as Bob's tags have passed
/// its end. The outcome does not depend on how the tags were cut into batches.
public struct SessionEngine: Sendable {
    /// What became of a frame.
    public enum Fate: Sendable {
        case synchronised(FrameLock, detections: Int)
        case lost(reason: String)
        case hole(TagHole.Cause)
    }

    /// The slots, windows and searches that the session goes by.
    public let plan: SessionPlan
    /// Tag time minus Alice's clock, as the two hosts believe it; `nil` until the tagger's first tag.
    public var anchorPS: Int64?
    /// Keys and counts of the frames processed so far, and the record of those bits that nobody has taken.
    public private(set) var outcome = SessionOutcome()

    private var pending: [AliceFrame] = []
    private var tags = TagBatch()
    private var tagsEnd = Int64.min
    /// Frames missed since the last one that was found.
    private var misses = 0
    /// The last time after which Bob's clock may have stepped by any amount: what follows is looked for as widely
    /// as the first frame.
    private var jumpPS = Int64.min
    private var last: (alicePS: Int64, aliceErrorPS: Int64, bobPS: Int64, skew: SkewPrior)?
    private let doubles: KeyedGenerator

    /// Starts a session; `bobSeed` makes the choices among double clicks.
    public init(plan: SessionPlan, bobSeed: [UInt8]) throws {
        self.plan = plan
        doubles = try KeyedGenerator(seed: bobSeed, label: "bob double clicks")
    }

    /// Hands over the public record of the bits since the last call; the keys stay.
    public mutating func takeRecord() -> SiftingRecord {
        defer { outcome.record = SiftingRecord() }
        return outcome.record
    }

    /// Frames that wait for their tags.
    public var pendingFrames: Int { pending.count }

    /// Adds a frame that Alice has played, in the order of play.
    public mutating func add(_ frame: AliceFrame) {
        outcome.frames.played += 1
        outcome.frames.slotsSent += frame.codes.count
        pending.append(frame)
    }

    /// Adds Bob's next tags.
    public mutating func add(_ batch: TagBatch) {
        for hole in batch.holes {
            if hole.cause == .deviceLost || hole.cause == .silence { jumpPS = max(jumpPS, hole.afterPS ?? jumpPS) }
            outcome.holes.append(
                HoleFacts(cause: hole.cause.rawValue, afterS: hole.afterPS.map { Double($0) * 1e-12 }))
        }
        outcome.receivedTags += batch.count
        tags.append(batch)
        tagsEnd = max(tagsEnd, batch.times.last ?? tagsEnd)
    }

    /// The tag time at which the next frame can be taken, or `nil` while that is unknown.
    public func neededTagTime() -> Int64? {
        guard let frame = pending.first, let (centre, uncertainty) = expected(frame) else { return nil }
        return searchEnd(frame, centre, uncertainty)
    }

    /// Takes every frame whose tags are complete; with `final`, all that wait.
    public mutating func process(final: Bool) throws -> [Fate] {
        var fates: [Fate] = []
        while let frame = pending.first, let (centre, uncertainty) = expected(frame) {
            let end = searchEnd(frame, centre, uncertainty)
            guard final || tagsEnd >= end else { break }
            pending.removeFirst()
            let fate = try take(frame, centre: centre, uncertainty: uncertainty, end: end)
            switch fate {
            case .synchronised: outcome.frames.synchronised += 1
            case .hole: outcome.frames.withHoles += 1
            case .lost(let reason):
                outcome.frames.lost += 1
                if outcome.frames.lossReasons.count < 5 {
                    outcome.frames.lossReasons.append("frame \(frame.index): \(reason)")
                }
            }
            fates.append(fate)
            dropOldTags()
        }
        return fates
    }

    private func expected(_ frame: AliceFrame) -> (centre: Int64, uncertainty: Int64)? {
        if let last {
            let distance = Double(frame.startPS - last.alicePS) * (1 + last.skew.skew)
            // A tagger that lost tags may have lost time as well: look further each time that a frame is missed.
            let wider = startsVary(frame, last.aliceErrorPS) << Int64(2 * min(misses, 8))
            let uncertainty = last.bobPS < jumpPS ? plan.firstUncertaintyPS : min(wider, plan.firstUncertaintyPS)
            return (last.bobPS + Int64(distance.rounded()), uncertainty)
        }
        guard let anchorPS else { return nil }
        return (frame.startPS + anchorPS, plan.firstUncertaintyPS)
    }

    /// How far a frame's start may be from where the last one's says, picoseconds, while no clock steps.
    private func startsVary(_ frame: AliceFrame, _ lastErrorPS: Int64) -> Int64 {
        plan.laterUncertaintyPS + frame.startErrorPS + lastErrorPS
    }

    private func length(_ frame: AliceFrame) -> Int64 { Int64(frame.codes.count) * plan.slotPeriodPS }

    private func searchEnd(_ frame: AliceFrame, _ centre: Int64, _ uncertainty: Int64) -> Int64 {
        centre + uncertainty + length(frame) + length(frame) / 10_000 + 2 * plan.gapPS
    }

    private mutating func take(
        _ frame: AliceFrame, centre: Int64, uncertainty: Int64, end: Int64
    ) throws -> Fate {
        let lower = tags.firstIndex(atOrAfter: centre - uncertainty - 2 * plan.gapPS)
        let upper = tags.firstIndex(atOrAfter: end)
        var search = FrameSearch(
            nominalStartPS: centre, uncertaintyPS: uncertainty, slots: frame.codes.count,
            slotPeriodPS: Double(plan.slotPeriodPS), skewRange: -plan.skewLimit...plan.skewLimit,
            skewPrior: last?.skew,
            disclosed: frame.disclosedSlots.map {
                DisclosedSlot(slot: $0, code: PulseCode(rawValue: frame.codes[Int($0)]))
            },
            detectors: plan.detectors, resolutionPS: plan.resolutionPS)
        search.relativeMeans = plan.means
        search.expectedErrorRate = plan.expectedErrorRate
        search.gapPS = plan.gapPS
        let lock: FrameLock
        do {
            lock = try FrameSynchroniser(search).lock(
                times: tags.times[lower..<upper], channels: tags.channels[lower..<upper])
        } catch let error as QKDError where error.kind == .noLock {
            misses += 1
            if let hole = tags.holes.first(where: { (lower...upper).contains($0.beforeIndex) }) {
                return .hole(hole.cause)
            }
            return .lost(reason: error.message)
        }
        let span = Int64((Double(frame.codes.count) * lock.slotPeriodPS).rounded())
        let from = tags.firstIndex(atOrAfter: lock.startPS - Int64(plan.deadTimePS) - plan.slotPeriodPS)
        let to = tags.firstIndex(atOrAfter: lock.startPS + span + plan.slotPeriodPS)
        if let hole = tags.holes.first(where: { (from...to).contains($0.beforeIndex) }) { return .hole(hole.cause) }
        let assigned = try assigner(frame, lock).assign(
            times: tags.times[from..<to], channels: tags.channels[from..<to])
        if let gap = try broken(frame, lock, assigned, from..<to) { return .hole(gap) }
        noteStep(frame, lock, expected: centre)
        try sift(frame, lock, assigned, from..<to)
        outcome.add(lock, frame: frame)
        misses = 0
        last = (
            frame.startPS, frame.startErrorPS, lock.startPS,
            // The crystal may wander between frames by more than the fit's own error.
            SkewPrior(skew: lock.skew, standardError: max(lock.skewStandardError, 2e-7))
        )
        return .synchronised(lock, detections: assigned.detections.count)
    }

    private func assigner(_ frame: AliceFrame, _ lock: FrameLock) throws -> SlotAssigner {
        try SlotAssigner(
            originPS: lock.startPS, originFractionPS: lock.startFractionPS, slotPeriodPS: lock.slotPeriodPS,
            slots: frame.codes.count, windowPS: plan.windowPS, resolutionPS: plan.resolutionPS,
            detectors: plan.detectors)
    }

    /// Whether the frame's tags are of one piece; if not, notes the hole and says why.
    private mutating func broken(
        _ frame: AliceFrame, _ lock: FrameLock, _ assigned: AssignedFrame, _ range: Range<Int>
    ) throws -> TagHole.Cause? {
        let continuity = FrameContinuity(
            assigner: try assigner(frame, lock), means: plan.means,
            backgroundShare: lock.backgroundPerPS * plan.windowPS / Double(max(1, assigned.detections.count)))
        guard
            let found = continuity.firstBreak(
                times: tags.times[range], channels: tags.channels[range], codes: frame.codes,
                detections: assigned.detections)
        else { return nil }
        outcome.holes.append(HoleFacts(cause: found.cause.rawValue, afterS: Double(found.afterPS) * 1e-12))
        jumpPS = max(jumpPS, found.afterPS)
        return found.cause
    }

    /// A frame that is found further from where it was due than starts vary means that Bob's clock stepped in
    /// between, unless the tagger lost time there anyway.
    private mutating func noteStep(_ frame: AliceFrame, _ lock: FrameLock, expected: Int64) {
        guard let last, abs(lock.startPS - expected) > startsVary(frame, last.aliceErrorPS) else { return }
        guard !outcome.holes.contains(where: { ($0.afterS ?? 0) * 1e12 >= Double(last.bobPS) }) else { return }
        outcome.holes.append(
            HoleFacts(cause: TagHole.Cause.clockStep.rawValue, afterS: Double(last.bobPS) * 1e-12))
    }

    private mutating func sift(
        _ frame: AliceFrame, _ lock: FrameLock, _ assigned: AssignedFrame, _ range: Range<Int>
    ) throws {
        let assigner = try assigner(frame, lock)
        // Two bytes a double click are enough but for one in 2^128 sessions; four leave no doubt.
        let doubles = assigned.detections.reduce(0) { $0 + ($1.detectors.nonzeroBitCount > 1 ? 1 : 0) }
        var random = RandomBytes([UInt8](try self.doubles.bytes(block: UInt64(frame.index), count: 64 + 4 * doubles)))
        let sifted = try BB84Sifter(doubleClicks: plan.doubleClicks).sift(
            codes: frame.codes, detections: assigned.detections, disclosed: frame.disclosedSlots, random: &random)
        let planes = try IntensityPlanes(codes: frame.codes, disclosed: frame.disclosedSlots)
        let live = try LiveGate(assigner, deadTimePS: plan.deadTimePS, guardPS: SessionPlan.deadTimeGuardPS).counts(
            times: tags.times[range], channels: tags.channels[range], planes: planes,
            detections: assigned.detections)
        outcome.add(sifted, assigned: assigned, live: live, frame: frame)
    }

    /// Forgets tags that no later frame can need.
    private mutating func dropOldTags() {
        guard let last else { return }
        let keep = pending.first.flatMap { expected($0) }.map { $0.centre - $0.uncertainty } ?? last.bobPS
        let old = tags.firstIndex(atOrAfter: min(keep, tagsEnd) - 2 * plan.gapPS - 100 * Picoseconds.perMillisecond)
        if old > 1 << 16 || old > tags.count / 2 { tags.removeFirst(old) }
    }
}

extension TagBatch {
    /// The index of the first tag at or after `timePS`, by bisection; the times are in order.
    func firstIndex(atOrAfter timePS: Int64) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < timePS { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
