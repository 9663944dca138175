#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Follows two parties' clock relation while tags come in, stretch by stretch, from a first lock on.
///
/// For each stretch the caller collects the differences t_B − `relation`(t_A) within ± `halfWidthPS(untilPS:)` and
/// hands them to `update`; the relation holds until then. The peak is found in a histogram, placed by the mean of
/// its core, and taken up by a Kalman filter of offset, skew and drift whose drift walks at random. A peak that is
/// missing, or stands where the filter cannot believe it, means `lost`: the window then doubles from stretch to
/// stretch until the peak is met again, and after a time a fresh search is asked for.
///
/// A stretch should be so long that it has some hundred pairs and so short that the drift's own change bends the
/// peak by less than its width: 10 ms to 1 s.
public struct ClockFollower: Sendable {
    /// Whether the peak is followed.
    public enum State: String, Sendable {
        case locked
        case lost
    }

    /// Bob's clock against Alice's as known now; stated at the last stretch's pairs.
    public private(set) var relation: ClockRelation
    /// Whether the last stretch had the peak.
    public private(set) var state = State.locked
    /// Standard deviation of the peak, ps, averaged over some stretches.
    public private(set) var peakSigmaPS: Double
    /// What the drift walks in a second, 1/s: 1e-8 covers a low satellite's pass, a thousandth of it quiet crystals.
    public var driftWalkPerSecond = 1e-8
    /// The window never gets wider than ± this, ps.
    public var mostHalfWidthPS: Int64 = 1_000_000
    /// A search is asked for when the peak was lost for so long, seconds of Alice's clock.
    public var searchAfterSeconds = 5.0

    private var filter: ClockFilter
    /// Half width that was added because the peak was not found, ps.
    private var spreadPS = 0.0
    private var lostSincePS: Int64?
    private var lastPS: Int64
    private var takenUp = 0
    private var finder = StretchPeakFinder()

    /// Deviations beyond which a peak is not believed at once, and how many the window holds to either side.
    private static let believable = 8.0
    private static let margin = 6.0
    /// Stretches after which the peak's width is known well enough to go on with.
    private static let settling = 8
    /// Widths of the peak that a window shows of the background to either side.
    private static let surroundings = 20.0

    /// Starts from a relation and how far it may be off, as standard errors: ps, 1 and 1/s.
    ///
    /// `peakSigmaPS` is the expected standard deviation of the peak; it need be right to a factor of three only.
    public init(
        relation: ClockRelation, offsetErrorPS: Double, skewError: Double, driftErrorPerSecond: Double = 4e-7,
        peakSigmaPS: Double = 300
    ) {
        var smooth = relation
        let x = smooth.wanderPS.isEmpty ? 0 : smooth.wander(0)
        smooth.wanderPS = []
        smooth.add(offsetPS: x, skew: 0, driftPerSecond: 0)
        self.relation = smooth
        self.peakSigmaPS = max(1, peakSigmaPS)
        lastPS = smooth.referencePS
        filter = ClockFilter(offsetPS: offsetErrorPS, skew: skewError * 1e12, drift: driftErrorPerSecond * 1e12)
    }

    /// Starts from a recovered clock at a time of Alice's, by default the end of its captures: away from their middle
    /// the slope is not known as well.
    public init(_ clock: RecoveredClock, atPS start: Int64? = nil) {
        let start = start ?? clock.slices.last { $0.isCorrelated }?.endPS ?? clock.relation.referencePS
        var relation = clock.relation.stated(atPS: start)
        let seconds = Double(start - clock.relation.referencePS) * 1e-12
        if !relation.wanderPS.isEmpty {
            // Towards the middle: beyond the ends the wander is not known.
            let step = seconds < 0 ? 1e-3 : -1e-3
            let slope = (relation.wander(step) - relation.wander(0)) / step
            relation.add(offsetPS: 0, skew: slope * 1e-12, driftPerSecond: 0)
        }
        let wanders = !clock.relation.wanderPS.isEmpty
        self.init(
            relation: relation,
            offsetErrorPS: clock.offsetErrorPS + clock.skewError * 1e12 * abs(seconds) + (wanders ? 1_000 : 0),
            skewError: clock.skewError + clock.driftErrorPerSecond * abs(seconds) + (wanders ? 1e-7 : 0),
            driftErrorPerSecond: wanders ? 4e-7 : clock.driftErrorPerSecond, peakSigmaPS: clock.peakSigmaPS)
    }

    /// Starts from where a search found two captures to belong together.
    public init(_ lock: OffsetLock, peakSigmaPS: Double = 300) {
        self.init(
            relation: lock.relation, offsetErrorPS: lock.offsetUncertaintyPS, skewError: lock.skewUncertainty,
            driftErrorPerSecond: lock.driftUncertainty, peakSigmaPS: peakSigmaPS)
    }

    /// Whether the peak has been lost for so long, or may be so far off, that only a search can find it.
    public var needsSearch: Bool {
        guard let lostSincePS else { return false }
        return Double(lastPS - lostSincePS) * 1e-12 >= searchAfterSeconds
            || halfWidth(predictionErrorPS(atPS: lastPS)) > Double(mostHalfWidthPS)
    }

    /// One standard error of the relation's prediction at a time of Alice's clock, ps; what a loss adds is not in it.
    public func predictionErrorPS(atPS time: Int64) -> Double {
        var moved = filter
        moved.move(seconds: seconds(time), walk: driftWalkPerSecond * 1e12)
        return moved.offsetVariance.squareRoot()
    }

    /// One standard error of the skew, dimensionless.
    public var skewError: Double { filter.skewVariance.squareRoot() * 1e-12 }
    /// One standard error of the drift, per second.
    public var driftErrorPerSecond: Double { filter.driftVariance.squareRoot() * 1e-12 }

    /// How far from the relation differences must be collected in a stretch that ends at `untilPS`, ps.
    public func halfWidthPS(untilPS time: Int64) -> Int64 {
        Int64(min(Double(mostHalfWidthPS), halfWidth(predictionErrorPS(atPS: time)) + spreadPS).rounded(.up))
    }

    private func halfWidth(_ error: Double) -> Double { Self.surroundings * peakSigmaPS + Self.margin * error }

    private func seconds(_ time: Int64) -> Double { Double(time - relation.referencePS) * 1e-12 }

    /// Takes up the differences of a stretch: `residualsPS[i]` is t_B less `relation` at Alice's `timesPS[i]`.
    ///
    /// All differences within ± `halfWidthPS` are there, true and accidental, and none beyond; arrays are of one
    /// length and may be empty. Stretches follow in order of time, with gaps at will.
    public mutating func update(
        stretchPS: Range<Int64>, halfWidthPS: Int64, timesPS: [Int64], residualsPS: [Int64]
    ) -> FollowedStretch {
        precondition(timesPS.count == residualsPS.count, "a difference has a time and a residual")
        let middle = stretchPS.lowerBound + (stretchPS.upperBound - stretchPS.lowerBound) / 2
        lastPS = stretchPS.upperBound
        var moved = filter
        moved.move(seconds: seconds(middle), walk: driftWalkPerSecond * 1e12)
        let found = finder.find(
            timesPS, residualsPS, stretchPS: stretchPS, halfWidthPS: halfWidthPS, sigmaPS: peakSigmaPS,
            slopeErrorPS: moved.skewVariance.squareRoot(), adapts: takenUp < Self.settling)
        let time = found.map { middle + Int64($0.seconds * 1e12) } ?? middle
        moved = filter
        moved.move(seconds: seconds(time), walk: driftWalkPerSecond * 1e12)
        let error = moved.offsetVariance.squareRoot()
        var result = FollowedStretch(
            state: .lost, stretchPS: stretchPS, residualPS: found?.offsetPS ?? .nan,
            residualErrorPS: found?.offsetErrorPS ?? .nan, predictionErrorPS: error, timePS: time,
            pairs: found?.pairs ?? 0, backgroundPerPS: found?.backgroundPerPS ?? finder.backgroundPerPS)
        guard let found else {
            lose(at: stretchPS.lowerBound, spreadPS: max(2 * spreadPS, Double(halfWidthPS)))
            return result
        }
        // After a loss the peak may be anywhere in the window.
        moved.addOffset(variance: square(spreadPS / 2))
        let limit = Self.believable * (moved.offsetVariance + square(found.offsetErrorPS)).squareRoot() + peakSigmaPS
        guard abs(found.offsetPS) <= limit else {
            // It stepped, or this is none: the next stretch will tell.
            lose(at: stretchPS.lowerBound, spreadPS: max(spreadPS, 2 * abs(found.offsetPS)))
            return result
        }
        relation = relation.stated(atPS: time)
        let correction = moved.take(
            offsetPS: found.offsetPS, error: found.offsetErrorPS, slopePS: found.slopePS,
            slopeError: found.slopeErrorPS)
        relation.add(
            offsetPS: correction.offsetPS, skew: correction.skew * 1e-12, driftPerSecond: correction.drift * 1e-12)
        filter = moved
        peakSigmaPS = max(1, peakSigmaPS + 0.25 * (found.sigmaPS - peakSigmaPS))
        takenUp += 1
        state = .locked
        spreadPS = 0
        lostSincePS = nil
        result.state = .locked
        return result
    }

    private mutating func lose(at time: Int64, spreadPS spread: Double) {
        state = .lost
        if lostSincePS == nil { lostSincePS = time }
        spreadPS = min(spread, Double(mostHalfWidthPS))
    }
}
