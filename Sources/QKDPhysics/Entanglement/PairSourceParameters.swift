import QKDCore

/// One of the four detectors behind a party's analyser.
public struct PairDetector: Sendable, Equatable {
    /// Full width at half maximum of the Gaussian jitter, ps.
    public var jitterFWHMPS: Double
    /// Fixed delay of the detector and its cable, ps.
    public var delayPS: Double
    /// Dark counts per second.
    public var darkCountRateHz: Double
    /// Further counts per second that no pair explains, such as stray light.
    public var backgroundRateHz: Double
    /// Non-paralysable dead time after a click, ps.
    public var deadTimePS: Int64

    /// States a detector.
    public init(
        jitterFWHMPS: Double = 150, delayPS: Double = 0, darkCountRateHz: Double = 500,
        backgroundRateHz: Double = 0, deadTimePS: Int64 = 0
    ) {
        self.jitterFWHMPS = jitterFWHMPS
        self.delayPS = delayPS
        self.darkCountRateHz = darkCountRateHz
        self.backgroundRateHz = backgroundRateHz
        self.deadTimePS = deadTimePS
    }

    /// Counts per second that no pair explains.
    public var uncorrelatedRateHz: Double { darkCountRateHz + backgroundRateHz }
}

/// A second tag that the electronics makes of some clicks, such as a reflection in a cable.
public struct GhostModel: Sendable, Equatable {
    /// Probability per click, 0…1.
    public var probability: Double
    /// Time from the click to its ghost, ps, positive.
    public var delayPS: Int64

    /// States a ghost.
    public init(probability: Double, delayPS: Int64) {
        self.probability = probability
        self.delayPS = delayPS
    }
}

/// A party that analyses its photon of each pair with a passive choice of basis.
public struct PairParty: Sendable, Equatable {
    /// Probability that the photon of a pair makes a click, the detector's efficiency included.
    public var transmittance: Double
    /// Probability of the first basis.
    public var zProbability: Double
    /// Polariser angle of outcome 0 of the two bases, degrees; outcome 1 is orthogonal to it.
    public var anglesDegrees: [Double]
    /// Four detectors in the order Z0, Z1, X0, X1; they give the channels 1 to 4.
    public var detectors: [PairDetector]
    /// Second tags; `nil` for none.
    public var ghost: GhostModel?
    /// The tagger's unit of time, ps; need not be whole. A tag is the tick that the click fell into, in whole ps.
    public var tickPS: Double

    /// States a party; without arguments it has four ideal-delay detectors at 0, 90, 45 and 135 degrees.
    public init(
        transmittance: Double, zProbability: Double = 0.5, anglesDegrees: [Double] = [0, 45],
        detectors: [PairDetector] = Array(repeating: PairDetector(), count: 4), ghost: GhostModel? = nil,
        tickPS: Double = 1
    ) {
        self.transmittance = transmittance
        self.zProbability = zProbability
        self.anglesDegrees = anglesDegrees
        self.detectors = detectors
        self.ghost = ghost
        self.tickPS = tickPS
    }

    func validate(_ name: String) throws(QKDError) {
        func require(_ condition: Bool, _ field: String) throws(QKDError) {
            guard condition else {
                throw QKDError(.outOfRange, "\(field) is out of range", at: .init(name, field: field))
            }
        }
        try require((0...1).contains(transmittance), "transmittance")
        try require((0...1).contains(zProbability), "zProbability")
        try require(anglesDegrees.count == 2 && anglesDegrees.allSatisfy(\.isFinite), "anglesDegrees")
        try require(detectors.count == 4, "detectors")
        for detector in detectors {
            try require((0...1e6).contains(detector.jitterFWHMPS), "jitterFWHMPS")
            try require((-1e6...1e6).contains(detector.delayPS), "delayPS")
            try require((0...1e9).contains(detector.darkCountRateHz), "darkCountRateHz")
            try require((0...1e9).contains(detector.backgroundRateHz), "backgroundRateHz")
            try require((0...Picoseconds.perSecond).contains(detector.deadTimePS), "deadTimePS")
        }
        if let ghost {
            try require((0...1).contains(ghost.probability), "ghost.probability")
            try require((1...Picoseconds.perMillisecond).contains(ghost.delayPS), "ghost.delayPS")
        }
        try require((1e-3...1e9).contains(tickPS), "tickPS")
    }
}

/// A continuous-wave source of polarisation-entangled pairs and the two parties that share them.
public struct PairSourceParameters: Sendable, Equatable {
    /// Which of two maximally entangled states the source makes.
    public enum PairState: String, Sendable, CaseIterable, Codable {
        /// Φ+: equal outcomes in equal bases; E(a, b) = V cos 2(a − b).
        case same
        /// Ψ−, the singlet: opposite outcomes in equal bases; E(a, b) = −V cos 2(a − b).
        case opposite
    }

    /// Pairs per second, as a Poisson process: CW down-conversion into many modes.
    public var pairRateHz: Double
    /// The state.
    public var state: PairState
    /// Werner visibility by Alice's basis, Z then X, 0…1; in equal bases P(error) = (1 − V)/2.
    public var visibilities: [Double]
    /// The party whose clock is the truth.
    public var alice: PairParty
    /// The party whose clock is `bobClock`.
    public var bob: PairParty
    /// Bob's clock against the true time.
    public var bobClock: ClockModel
    /// Seed of every process.
    public var seed: UInt64

    /// States a source and its parties.
    public init(
        pairRateHz: Double, state: PairState = .same, visibilities: [Double] = [0.97, 0.96], alice: PairParty,
        bob: PairParty, bobClock: ClockModel = ClockModel(), seed: UInt64
    ) {
        self.pairRateHz = pairRateHz
        self.state = state
        self.visibilities = visibilities
        self.alice = alice
        self.bob = bob
        self.bobClock = bobClock
        self.seed = seed
    }

    /// Throws `outOfRange`, naming the field, for a figure outside what it can mean.
    public func validate() throws(QKDError) {
        guard (0...1e10).contains(pairRateHz) else {
            throw QKDError(.outOfRange, "pairRateHz is \(pairRateHz)", at: .init("pair source", field: "pairRateHz"))
        }
        guard visibilities.count == 2, visibilities.allSatisfy({ (0...1).contains($0) }) else {
            throw QKDError(
                .outOfRange, "two visibilities from 0 to 1 are needed", at: .init("pair source", field: "visibilities"))
        }
        guard abs(bobClock.skew) <= 1e-3, abs(bobClock.driftPerSecond) <= 1e-6 else {
            throw QKDError(
                .outOfRange, "Bob's clock is beyond 1000 ppm or 1 ppm/s", at: .init("pair source", field: "bobClock"))
        }
        try alice.validate("alice")
        try bob.validate("bob")
    }
}
