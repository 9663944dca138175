import QKDCore
import QKDSifting
import QKDTimeTags

/// All figures of a sift of two captures. Holds no key bits.
public struct TwoPartyReport: Codable, Sendable, Equatable {
    /// A figure with its standard error, in the unit that the field's name states.
    public struct Measured: Codable, Sendable, Equatable {
        /// The figure.
        public var value: Double
        /// One standard error.
        public var standardError: Double
    }

    /// A detector's delay.
    public struct Delay: Codable, Sendable, Equatable {
        /// The tagger's input.
        public var channel: Int
        /// Against the mean of the side, ps.
        public var delayPS: Double
        /// One standard error, ps.
        public var standardErrorPS: Double
    }

    /// One basis.
    public struct BasisFigures: Codable, Sendable, Equatable {
        /// Z or X.
        public var basis: String
        /// Coincidences by Alice's bit and Bob's bit.
        public var outcomes: [[Int]]
        /// Sifted bits, and wrong ones.
        public var sifted: Int
        /// Wrong ones.
        public var errors: Int
        /// Errors over sifted; `nil` without bits.
        public var qber: Double?
        /// Clopper–Pearson bounds of the QBER.
        public var qberInterval: [Double]
        /// 1 − 2 QBER; `nil` without bits.
        public var visibility: Double?
        /// The bounds that belong to the QBER's.
        public var visibilityInterval: [Double]
        /// What accidental coincidences taken off would leave; says what the source does, not what the key has.
        public var accidentalFreeQBER: Double?
        /// `correlated` or `anticorrelated`.
        public var correlation: OutcomeCorrelation
        /// Whether that was read off the counts.
        public var correlationIsDetected: Bool
        /// Standard deviations between equal and opposite outcomes.
        public var contrast: Double
    }

    /// The CHSH quantity.
    public struct CHSHFigures: Codable, Sendable, Equatable {
        /// S and its standard error.
        public var s: Measured
        /// Settings and coefficients: Alice's degrees, Bob's degrees, E, its standard error, coincidences.
        public var correlations: [[Double]]
    }

    /// A stretch in which the captures do not correlate.
    public struct Gap: Codable, Sendable, Equatable {
        /// Start on Alice's clock, ps.
        public var startPS: Int64
        /// End on Alice's clock, ps.
        public var endPS: Int64
    }

    /// What the two parties did.
    public var setting: TwoPartySift.Setting
    /// The detector map, as text.
    public var map: String
    /// Tags in the files.
    public var aliceTags = 0
    /// Tags in Bob's file.
    public var bobTags = 0
    /// Second tags removed from Alice's.
    public var aliceGhosts = 0
    /// Second tags removed from Bob's.
    public var bobGhosts = 0
    /// The instant of Alice's clock at which offset and skew are stated: the middle of what correlates, ps.
    public var referencePS: Int64
    /// Bob's reading less Alice's, s.
    public var offsetSeconds: Measured
    /// Bob's rate over Alice's less 1, in 1e-6.
    public var skewPPM: Measured
    /// Change of the skew, 1/s.
    public var driftPerSecond: Measured
    /// χ² a degree of freedom of the slices about the fit.
    public var reducedChiSquare: Double
    /// Whether the clocks wander so much that a polygon was needed on top.
    public var hasWander: Bool
    /// Alice's detectors.
    public var aliceDelays: [Delay]
    /// Bob's detectors.
    public var bobDelays: [Delay]
    /// Full width at half maximum of the corrected peak, ps.
    public var peakWidthPS: Double
    /// Natural logarithm of the probability that chance made the first lock.
    public var logFalseAlarm: Double
    /// Full width of the coincidence window, ps.
    public var windowPS: Int64
    /// Time in which the captures correlate, without holes, s.
    public var correlatedSeconds: Double
    /// Time of it that holes of either capture took away, s.
    public var holeSeconds: Double
    /// Places at which Alice's and Bob's source lost tags.
    public var holes = [0, 0]
    /// Alice's and Bob's tags in that time.
    public var correlatedTags: [Int]
    /// Coincidences.
    public var coincidences: Int
    /// Accidental ones, by windows shifted far from the peak.
    public var accidentalsByShifts: Measured
    /// Accidental ones, by S_A S_B τ T.
    public var accidentalsByRates: Double
    /// Accidental ones really among the coincidences: one-to-one matching prefers true partners.
    public var accidentalsInCoincidences = 0.0
    /// (coincidences − accidentals)/accidentals by shifts; `nil` without accidentals.
    public var coincidenceToAccidentalRatio: Double?
    /// Coincidences by Alice's detector (row) and Bob's (column), in the map's order.
    public var matrix: [[Int]]
    /// Z and X.
    public var bases: [BasisFigures]
    /// Confidence of all intervals.
    public var confidence: Double
    /// S, where the map's angles allow it.
    public var chsh: CHSHFigures?
    /// Sifted key, bits.
    public var keyBits: Int
    /// Slices without correlation, neighbours joined.
    public var gaps: [Gap]

    init(
        _ options: TwoPartySift, clock: RecoveredClock, aligned: AlignedTags, coincidences: Int,
        accidentals: AccidentalEstimate, windowPS: Int64, sift: EntangledSift
    ) {
        setting = options.setting
        map = options.map.description
        confidence = options.confidence
        referencePS = clock.relation.referencePS
        offsetSeconds = Measured(
            value: clock.relation.offsetSeconds, standardError: clock.offsetErrorPS * 1e-12)
        skewPPM = Measured(value: clock.relation.skew * 1e6, standardError: clock.skewError * 1e6)
        driftPerSecond = Measured(
            value: clock.relation.driftPerSecond, standardError: clock.driftErrorPerSecond)
        reducedChiSquare = clock.reducedChiSquare
        hasWander = !clock.relation.wanderPS.isEmpty
        aliceDelays = clock.aliceDelays.map(Self.delay)
        bobDelays = clock.bobDelays.map(Self.delay)
        peakWidthPS = clock.peakFWHMPS
        logFalseAlarm = clock.lock.logFalseAlarm
        self.windowPS = windowPS
        correlatedSeconds = aligned.seconds
        holeSeconds = aligned.holeSeconds
        correlatedTags = [aligned.aliceTimesPS.count, aligned.bobTimesPS.count]
        self.coincidences = coincidences
        accidentalsByShifts = Measured(value: accidentals.byShifts, standardError: accidentals.byShiftsError)
        accidentalsByRates = accidentals.byRates
        coincidenceToAccidentalRatio =
            accidentals.byShifts > 0
            ? (Double(coincidences) - accidentals.byShifts) / accidentals.byShifts : nil
        matrix = sift.matrix
        bases = Basis.allCases.map { Self.figures($0, sift[$0], options.confidence) }
        chsh = sift.chsh.map(Self.figures)
        keyBits = sift.alice.count
        gaps = Self.gaps(clock.slices)
    }

    private static func delay(_ delay: ChannelDelay) -> Delay {
        Delay(channel: Int(delay.channel), delayPS: delay.delayPS, standardErrorPS: delay.errorPS)
    }

    static func figures(_ basis: Basis, _ counts: BasisCounts, _ confidence: Double) -> BasisFigures {
        let interval = counts.qber.interval(confidence: confidence)
        let visibility = counts.visibilityInterval(confidence: confidence)
        let isEmpty = counts.total == 0
        return BasisFigures(
            basis: basis.description, outcomes: counts.outcomes, sifted: counts.total, errors: counts.errors,
            qber: isEmpty ? nil : counts.qber.rate, qberInterval: [interval.lowerBound, interval.upperBound],
            visibility: isEmpty ? nil : counts.visibility,
            visibilityInterval: [visibility.lowerBound, visibility.upperBound],
            accidentalFreeQBER: counts.accidentalFreeQBER, correlation: counts.correlation,
            correlationIsDetected: counts.isDetected, contrast: counts.contrast)
    }

    private static func figures(_ chsh: CHSHEstimate) -> CHSHFigures {
        CHSHFigures(
            s: Measured(value: chsh.s, standardError: chsh.standardError),
            correlations: chsh.correlations.map {
                [$0.aliceDegrees, $0.bobDegrees, $0.value, $0.standardError, Double($0.total)]
            })
    }

    private static func gaps(_ slices: [ClockSlice]) -> [Gap] {
        Gap.joined(slices.filter { !$0.isCorrelated }.map { Gap(startPS: $0.startPS, endPS: $0.endPS) })
    }
}

extension TwoPartyReport.Gap {
    /// Gaps by their starts, those joined that touch.
    static func joined(_ gaps: [Self]) -> [Self] {
        var result: [Self] = []
        for gap in gaps.sorted(by: { $0.startPS < $1.startPS }) {
            if let last = result.last, gap.startPS <= last.endPS {
                result[result.count - 1].endPS = max(last.endPS, gap.endPS)
            } else {
                result.append(gap)
            }
        }
        return result
    }
}

extension TwoPartyReport.BasisFigures {
    /// What to say where a correlation was read off too little; `contrast` is that of what it was read off.
    func guess(contrast: Double) -> String? {
        guard correlationIsDetected, sifted > 0, contrast < 5 else { return nil }
        return "basis \(basis): whether outcomes are the same or opposite is a guess; state it"
    }
}
