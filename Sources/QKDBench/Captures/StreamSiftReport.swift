import QKDCore
import QKDSifting
import QKDTimeTags

/// The report of a sift of two files whose clocks were followed: what the files were, and all figures.
public struct StreamSiftReport: Codable, Sendable, Equatable {
    /// What the keys are worth.
    public var keyContent = "sifted, not secret: as public as the two files"
    /// Alice's file.
    public var alice: CaptureFacts
    /// Bob's file.
    public var bob: CaptureFacts
    /// The figures.
    public var result: FollowedReport

    /// What a user should know before believing the figures.
    public var warnings: [String] { alice.warnings + bob.warnings + result.warnings }
}

/// All figures of a sift whose clocks were followed. Holds no key bits.
public struct FollowedReport: Codable, Sendable, Equatable {
    /// Bob's clock against Alice's at an instant.
    public struct Clock: Codable, Sendable, Equatable {
        /// The instant, ps of Alice's clock.
        public var atPS: Int64
        /// Bob's reading less Alice's, s.
        public var offsetSeconds: Double
        /// Bob's rate over Alice's less 1, in 1e-6.
        public var skewPPM: Double
        /// Change of the skew, 1/s.
        public var driftPerSecond: Double
        /// Full width at half maximum of the coincidence peak, ps.
        public var peakWidthPS: Double
    }

    /// The detector map, as text.
    public var map: String
    /// Full width of the coincidence window, ps.
    public var windowPS: Int64 = 0
    /// The clocks were taken anew after each stretch of this length, s.
    public var stretchSeconds: Double
    /// Searches for the clocks, and what those that succeeded found.
    public var searches = 0
    /// What they found.
    public var found: [Clock] = []
    /// The clocks when the captures ended.
    public var end: Clock?
    /// Stretches whose peak stood where it was expected, and those without.
    public var lockedStretches = 0
    /// Stretches without.
    public var lostStretches = 0
    /// Root mean square of the peak's departure from the prediction, ps; `nil` without a locked stretch.
    public var residualRmsPS: Double?
    /// The same in standard deviations of measurement and prediction.
    public var pullRms: Double?
    /// Stretches of Alice's clock from which no key bits came, neighbours joined.
    public var gaps: [TwoPartyReport.Gap] = []
    /// Coincidences that were sifted.
    public var coincidences = 0
    /// Coincidences in stretches without a lock, which were left out.
    public var lostCoincidences = 0
    /// Coincidences by Alice's detector (row) and Bob's (column), in the map's order.
    public var matrix: [[Int]] = []
    /// Z and X.
    public var bases: [TwoPartyReport.BasisFigures] = []
    /// Confidence of all intervals.
    public var confidence: Double
    /// Sifted key, bits.
    public var keyBits = 0
    /// Wrong ones.
    public var errors = 0

    /// What the first lock said of each basis, where it was not given.
    private var detected: [Basis: BasisCounts] = [:]

    private enum CodingKeys: String, CodingKey {
        case map, windowPS, stretchSeconds, searches, found, end, lockedStretches
        case lostStretches, residualRmsPS, pullRms, gaps, coincidences, lostCoincidences, matrix, bases, confidence
        case keyBits, errors
    }

    init(_ options: TwoPartySift, stretchPS: Int64) {
        map = options.map.description
        stretchSeconds = Double(stretchPS) / 1e12
        confidence = options.confidence
    }

    /// How outcomes go together: as given, or as the first lock showed.
    var correlations: [Basis: OutcomeCorrelation] { detected.mapValues(\.correlation) }

    /// Takes what a search found; window and correlations are the first one's.
    mutating func add(_ lock: StreamLock, atPS start: Int64, lostFromPS: Int64?) {
        if let lostFromPS { addGap(fromPS: lostFromPS, toPS: start) }
        if found.isEmpty {
            windowPS = lock.windowPS
            detected = lock.counts
        }
        found.append(Clock(lock.clock.relation.stated(atPS: start), peakWidthPS: lock.clock.peakFWHMPS))
    }

    /// Notes a stretch of Alice's clock from which no key bits came; one that is empty is none.
    mutating func addGap(fromPS start: Int64, toPS end: Int64) {
        if start < end { gaps.append(.init(startPS: start, endPS: end)) }
    }

    /// Takes what the engine came to.
    mutating func add(_ engine: FollowingEngine, _ options: TwoPartySift) {
        let follower = engine.stream.follower
        end = Clock(follower.relation, peakWidthPS: follower.peakSigmaPS * 2.354_820_045)
        let locked = engine.stretches.filter { $0.state == .locked }
        lockedStretches = locked.count
        lostStretches = engine.stretches.count - locked.count
        if !locked.isEmpty {
            let number = Double(locked.count)
            residualRmsPS = (locked.reduce(0) { $0 + $1.residualPS * $1.residualPS } / number).squareRoot()
            pullRms = (locked.reduce(0) { $0 + $1.pull * $1.pull } / number).squareRoot()
        }
        gaps += engine.stretches.filter { $0.state == .lost }.map {
            TwoPartyReport.Gap(startPS: $0.stretchPS.lowerBound, endPS: $0.stretchPS.upperBound)
        }
        gaps = TwoPartyReport.Gap.joined(gaps)
        coincidences = engine.coincidences
        lostCoincidences = engine.lostCoincidences
        let sifter = engine.sifter
        matrix = options.map.alice.detectors.map { row in
            options.map.bob.detectors.map { sifter.matrix[Int(row.channel) << 8 | Int($0.channel)] }
        }
        bases = Basis.allCases.map { basis in
            var counts = sifter.counts(of: basis)
            counts.isDetected = options.correlations[basis] == nil
            return TwoPartyReport.figures(basis, counts, confidence)
        }
        keyBits = sifter.keys.bitCount
        errors = sifter.keys.errorCount
    }

    fileprivate var warnings: [String] {
        var warnings: [String] = []
        let seconds = gaps.reduce(0) { $0 + Picoseconds.seconds($1.endPS - $1.startPS) }
        if seconds > 0 {
            warnings.append(
                "no keys from \(gaps.count) stretches, \(seconds) s together: the captures do not correlate there")
        }
        for basis in bases {
            let first = detected.first { $0.key.description == basis.basis }
            if let first, let guess = basis.guess(contrast: first.value.contrast) { warnings.append(guess) }
        }
        return warnings
    }
}

extension FollowedReport.Clock {
    fileprivate init(_ relation: ClockRelation, peakWidthPS: Double) {
        self.init(
            atPS: relation.referencePS, offsetSeconds: relation.offsetSeconds, skewPPM: relation.skew * 1e6,
            driftPerSecond: relation.driftPerSecond, peakWidthPS: peakWidthPS)
    }
}
