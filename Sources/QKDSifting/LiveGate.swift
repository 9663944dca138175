import QKDCore

/// Counts of slots in which every detector was ready.
public struct LiveCounts: Sendable, Equatable {
    /// Live slots sent, disclosed ones left out.
    public var sent = PerIntensity()
    /// Live slots among them with at least one click in the window.
    public var detected = PerIntensity()
    /// Slots of any kind that some detector's dead time covered.
    public var deadSlots = 0

    /// Starts at zero.
    public init() {}

    /// Adds another frame's counts.
    public static func += (left: inout LiveCounts, right: LiveCounts) {
        left.sent += right.sent
        left.detected += right.detected
        left.deadSlots += right.deadSlots
    }

    /// The gain of a live slot, which 1 - (1 - Y0) e^(-ημ) describes without a dead-time correction.
    public func gain(_ intensity: Intensity) -> BinomialEstimate {
        BinomialEstimate(detected[intensity], of: sent[intensity])
    }
}

/// Picks the slots before which no detector had clicked for the dead time.
///
/// A slot is live when no tag, of any detector and in any place of its slot, lies in the dead time before the
/// slot's window opens. The rule looks at the past alone, so it does not depend on what the slot itself brings,
/// and gains over live slots stay unbiased.
public struct LiveGate: Sendable {
    /// Geometry of the frame.
    public var assigner: SlotAssigner
    /// Dead time and a guard on top, picoseconds.
    public var blindPS: Double

    /// Sets the dead time and guard (ps) for a frame's geometry; throws `outOfRange` if negative.
    public init(_ assigner: SlotAssigner, deadTimePS: Double, guardPS: Double) throws {
        guard deadTimePS >= 0, guardPS >= 0, (deadTimePS + guardPS).isFinite else {
            throw QKDError(.outOfRange, "dead time and guard must not be negative")
        }
        self.assigner = assigner
        blindPS = deadTimePS + guardPS
    }

    /// Counts live slots; `tags` are in time order and should begin a dead time before the frame.
    ///
    /// `planes` and `detections` belong to the same frame; the latter rise by slot. Throws `invalidInput` for tags
    /// out of order or a frame of another length.
    public func counts(
        tags: TagBatch, planes: IntensityPlanes, detections: [SlotDetection]
    ) throws -> LiveCounts {
        try counts(times: tags.times[...], channels: tags.channels[...], planes: planes, detections: detections)
    }

    /// As `counts(tags:planes:detections:)`, of slices of times (ps) and channels.
    public func counts(
        times: ArraySlice<Int64>, channels: ArraySlice<UInt8>, planes: IntensityPlanes, detections: [SlotDetection]
    ) throws -> LiveCounts {
        guard planes.slots == assigner.slots, times.count == channels.count else {
            throw QKDError(.invalidInput, "\(planes.slots) slots were sent in a frame of \(assigner.slots)")
        }
        var counts = LiveCounts()
        var live = planes.total
        var next = 0
        func take(live until: Int) {
            while next < detections.count, detections[next].slot < until {
                if let intensity = planes.intensity(ofSlot: Int(detections[next].slot)) {
                    counts.detected[intensity] += 1
                }
                next += 1
            }
        }
        func skip(dead range: Range<Int>) {
            guard !range.isEmpty else { return }
            take(live: range.lowerBound)
            let dead = planes.counts(in: range)
            for index in 0..<3 { live.values[index] -= dead.values[index] }
            counts.deadSlots += range.count
            while next < detections.count, detections[next].slot < range.upperBound { next += 1 }
        }
        try assigner.forEachBlindRange(times: times, channels: channels, blindPS: blindPS, skip)
        take(live: planes.slots)
        counts.sent = live
        return counts
    }
}

extension SlotAssigner {
    /// Visits the runs of slots whose window opens within `blindPS` after a tag, rising and without overlap.
    func forEachBlindRange(
        times: ArraySlice<Int64>, channels: ArraySlice<UInt8>, blindPS: Double, _ visit: (Range<Int>) -> Void
    ) throws {
        let opening = originFractionPS - 0.5 * windowPS
        var open = 0
        var end = 0
        var previous = Int64.min
        for (time, channel) in zip(times, channels) {
            guard time >= previous else { throw QKDError(.invalidInput, "tags out of order at \(time) ps") }
            previous = time
            guard isDetector(channel) else { continue }
            let click = Double(time &- originPS) + 0.5 * Double(resolutionPS) - opening
            // Windows that open after the click and not later than the blind time after it.
            let first = Int(firstOpening(after: click))
            let beyond = Int(firstOpening(after: click + blindPS))
            if first > end {
                visit(open..<end)
                open = first
            }
            end = max(end, beyond)
        }
        visit(open..<end)
    }

    /// The first slot, up to `slots`, whose window opens later than `time`, picoseconds after slot 0's window opens.
    private func firstOpening(after time: Double) -> Double {
        // Also keeps times far from the frame out of the arithmetic below, where doubles lose whole slots.
        if time < 0 { return 0 }
        if time >= Double(slots) * slotPeriodPS { return Double(slots) }
        var slot = (time / slotPeriodPS).rounded(.down) + 1
        // Division rounds; the product decides.
        while slot * slotPeriodPS <= time { slot += 1 }
        while (slot - 1) * slotPeriodPS > time { slot -= 1 }
        return slot
    }
}
