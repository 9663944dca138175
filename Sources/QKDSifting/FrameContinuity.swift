import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Tells whether a frame's tags are of one piece, by what both parties know in public.
///
/// Three tests, each at `thresholdNats`. A sum of log likelihood ratios that is kept from falling below zero (Page,
/// Biometrika 41, 100, 1954) looks for a stretch of tags (1) that keep no step with the pulses any more, and (2) whose
/// slots have intensities as if drawn at random, because the numbering is off: few clicks, if any, belong to
/// vacuum. (3) The longest time without a tag must be no wonder at the frame's rate.
///
/// Errors in the bits are not looked at: to leave out what has many would hide an eavesdropper. Not seen: a step of
/// less than half a window, which moves nothing into another slot, and without decoys one of whole slots.
public struct FrameContinuity: Sendable {
    /// Where and why a frame is broken.
    public struct Break: Sendable, Equatable {
        /// `silence` or `clockStep`.
        public var cause: TagHole.Cause
        /// The last time that belongs to what came before, picoseconds.
        public var afterPS: Int64

        /// States a break.
        public init(cause: TagHole.Cause, afterPS: Int64) {
            self.cause = cause
            self.afterPS = afterPS
        }
    }

    /// The frame's geometry on Bob's clock.
    public var assigner: SlotAssigner
    /// Mean photon numbers of signal, decoy, vacuum, in any common unit.
    public var means: [Double]
    /// Share of the detections that no pulse caused.
    public var backgroundShare: Double
    /// How sure a break must be, nats: a frame of one piece is taken for broken once in e³⁰.
    public var thresholdNats = 30.0

    /// Prepares the tests of a frame.
    public init(assigner: SlotAssigner, means: [Double], backgroundShare: Double) {
        self.assigner = assigner
        self.means = means
        self.backgroundShare = backgroundShare
    }

    /// The first break; `nil` for a frame of one piece.
    ///
    /// Times (ps, rising) and channels have the same length and may reach beyond the frame; `codes` has a raw
    /// `PulseCode` a slot, `detections` rise by slot.
    public func firstBreak(
        times: ArraySlice<Int64>, channels: ArraySlice<UInt8>, codes: [UInt8], detections: [SlotDetection]
    ) -> Break? {
        let tags = residuals(times, channels)
        if let afterPS = lostRhythm(tags) { return Break(cause: .clockStep, afterPS: afterPS) }
        if let afterPS = lostNumbering(codes, detections) { return Break(cause: .clockStep, afterPS: afterPS) }
        return silence(tags).map { Break(cause: .silence, afterPS: $0) }
    }

    /// The detectors' tags in the frame, and whether each lies in its slot's window.
    private func residuals(_ times: ArraySlice<Int64>, _ channels: ArraySlice<UInt8>) -> [(timePS: Int64, isIn: Bool)] {
        let half = 0.5 * assigner.windowPS
        return zip(times, channels).compactMap { time, channel in
            guard assigner.isDetector(channel) else { return nil }
            let since =
                Double(time &- assigner.originPS) + 0.5 * Double(assigner.resolutionPS) - assigner.originFractionPS
            let slot = (since / assigner.slotPeriodPS).rounded()
            guard slot >= 0, slot < Double(assigner.slots) else { return nil }
            return (time, abs(since - slot * assigner.slotPeriodPS) <= half)
        }
    }

    private func lostRhythm(_ tags: [(timePS: Int64, isIn: Bool)]) -> Int64? {
        let anywhere = 1 - assigner.windowPS / assigner.slotPeriodPS
        let outside = max(0.01, Double(tags.count { !$0.isIn }) / Double(max(1, tags.count)))
        guard outside < 0.9 * anywhere, anywhere < 1 else { return nil }
        var sum = RunningSum(thresholdNats)
        let (gain, loss) = (log(anywhere / outside), log((1 - anywhere) / (1 - outside)))
        for tag in tags where sum.add(tag.isIn ? loss : gain, at: tag.timePS) { return sum.sincePS }
        return nil
    }

    private func lostNumbering(_ codes: [UInt8], _ detections: [SlotDetection]) -> Int64? {
        var shares = [Double](repeating: 0, count: means.count)
        for code in codes { shares[Int(PulseCode(rawValue: code).intensity.rawValue)] += 1 / Double(codes.count) }
        let mean = zip(shares, means).reduce(0) { $0 + $1.0 * $1.1 }
        guard mean > 0 else { return nil }
        let background = min(0.9, max(1e-4, backgroundShare))
        let ratios = means.map { -log((1 - background) * $0 / mean + background) }
        var sum = RunningSum(thresholdNats)
        for detection in detections {
            let intensity = Int(PulseCode(rawValue: codes[Int(detection.slot)]).intensity.rawValue)
            let timePS = assigner.originPS + Int64(Double(detection.slot) * assigner.slotPeriodPS)
            if sum.add(ratios[intensity], at: timePS) { return sum.sincePS }
        }
        return nil
    }

    private func silence(_ tags: [(timePS: Int64, isIn: Bool)]) -> Int64? {
        let endPS = assigner.originPS + Int64(Double(assigner.slots) * assigner.slotPeriodPS)
        var longest: (lengthPS: Int64, afterPS: Int64) = (0, assigner.originPS)
        var last = assigner.originPS
        for time in tags.map(\.timePS) + [endPS] {
            if time - last > longest.lengthPS { longest = (time - last, last) }
            last = time
        }
        // The rate of the rest, so that a long silence does not excuse itself.
        let rest = endPS - assigner.originPS - longest.lengthPS
        guard rest > 0 else { return nil }
        let expected = Double(tags.count) / Double(rest) * Double(longest.lengthPS)
        return expected > thresholdNats + log(Double(tags.count + 1)) ? longest.afterPS : nil
    }
}

/// Page's sum: how much a stretch that ends here speaks for a change.
private struct RunningSum {
    private let threshold: Double
    private var sum = 0.0
    /// Where the stretch began.
    private(set) var sincePS: Int64 = 0

    init(_ threshold: Double) { self.threshold = threshold }

    /// Adds a log likelihood ratio; whether the sum has passed the threshold.
    mutating func add(_ ratio: Double, at timePS: Int64) -> Bool {
        if sum <= 0 {
            sum = 0
            sincePS = timePS
        }
        sum += ratio
        return sum > threshold
    }
}
