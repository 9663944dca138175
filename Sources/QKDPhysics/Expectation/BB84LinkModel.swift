import QKDCore

/// A decoy-state BB84 link as its closed forms need it: what is sent, what stands between, how Bob reads it.
public struct BB84LinkModel: Sendable {
    /// One of Alice's intensities.
    public struct Setting: Sendable, Equatable {
        /// Mean photon number at Alice's output.
        public var meanPhotons: Double
        /// How often it is sent.
        public var probability: Double

        /// States an intensity.
        public init(meanPhotons: Double, probability: Double) {
            self.meanPhotons = meanPhotons
            self.probability = probability
        }
    }

    /// Signal, decoy, vacuum, in the order of `Intensity`.
    public var settings: [Setting]
    /// How often Alice sends in Z; both bits are as likely.
    public var aliceZProbability: Double
    /// Bob's splitter and analysers.
    public var receiver: DecoyStateOptics
    /// Transmittance from Alice's output to the detectors' faces.
    public var channelTransmittance: Double
    /// The detectors Z0, Z1, X0, X1.
    public var detectors: [DetectorModel]
    /// The laser's pulse.
    public var pulse: PulseShape
    /// From pulse to pulse, ps.
    public var slotPS: Double
    /// Width of the detection window, ps, at most the slot.
    public var windowPS: Double
    /// Centre of the window from the pulse's centre, ps.
    public var windowCentrePS: Double
    /// Resolution of the tagger, ps.
    public var taggerResolutionPS: Double
    /// What happens to double clicks.
    public var doubleClickRule: DoubleClickRule

    /// States a link.
    public init(
        settings: [Setting], aliceZProbability: Double, receiver: DecoyStateOptics, channelTransmittance: Double,
        detectors: [DetectorModel], pulse: PulseShape = PulseShape(fwhmPS: 0), slotPS: Double, windowPS: Double,
        windowCentrePS: Double = 0, taggerResolutionPS: Double = 0, doubleClickRule: DoubleClickRule = .random
    ) {
        self.settings = settings
        self.aliceZProbability = aliceZProbability
        self.receiver = receiver
        self.channelTransmittance = channelTransmittance
        self.detectors = detectors
        self.pulse = pulse
        self.slotPS = slotPS
        self.windowPS = windowPS
        self.windowCentrePS = windowCentrePS
        self.taggerResolutionPS = taggerResolutionPS
        self.doubleClickRule = doubleClickRule
    }

    /// Throws `outOfRange` or `invalidInput`, naming the field, if a figure is outside what it can mean.
    public func validate(_ source: String = "link") throws(QKDError) {
        func check(_ holds: Bool, _ field: String, _ value: Double) throws(QKDError) {
            guard holds else { throw QKDError(.outOfRange, "\(field) is \(value)", at: .init(source, field: field)) }
        }
        guard settings.count == Intensity.allCases.count, detectors.count == BB84State.all.count else {
            throw QKDError(
                .invalidInput,
                "three intensities and four detectors are needed, not \(settings.count) and"
                    + " \(detectors.count)", at: .init(source, field: "settings"))
        }
        for setting in settings {
            try check(setting.meanPhotons >= 0 && setting.meanPhotons.isFinite, "meanPhotons", setting.meanPhotons)
            try check((0...1).contains(setting.probability), "probability", setting.probability)
        }
        let total = settings.reduce(0) { $0 + $1.probability }
        try check(abs(total - 1) < 1e-9, "probability", total)
        try check((0...1).contains(aliceZProbability), "aliceZProbability", aliceZProbability)
        try check((0...1).contains(channelTransmittance), "channelTransmittance", channelTransmittance)
        try check(slotPS > 0 && slotPS.isFinite, "slotPS", slotPS)
        try check(windowPS > 0 && windowPS <= slotPS, "windowPS", windowPS)
        try check(abs(windowCentrePS) <= slotPS / 2, "windowCentrePS", windowCentrePS)
        try check(taggerResolutionPS >= 0 && taggerResolutionPS <= slotPS, "taggerResolutionPS", taggerResolutionPS)
        try check(pulse.fwhmPS >= 0 && pulse.fwhmPS.isFinite, "fwhmPS", pulse.fwhmPS)
        try receiver.validate(source)
        for (index, detector) in detectors.enumerated() {
            try detector.validate("\(source).detectors[\(index)]")
        }
    }

    /// Probability that a slot carries a state at an intensity.
    public func probability(of state: BB84State, _ intensity: Intensity) -> Double {
        let basis = state.basis == .z ? aliceZProbability : 1 - aliceZProbability
        return settings[Int(intensity.rawValue)].probability * basis / 2
    }

    /// Mean photo-detections at each detector, were it live, in a slot of this state and intensity.
    public func detectedMeans(_ state: BB84State, _ intensity: Intensity) -> SIMD4<Double> {
        let arriving = settings[Int(intensity.rawValue)].meanPhotons * channelTransmittance
        var means = receiver.weights(state) * arriving
        for index in 0..<4 { means[index] *= detectors[index].efficiency }
        return means
    }
}
