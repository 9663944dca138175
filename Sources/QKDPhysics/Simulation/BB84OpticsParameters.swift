import QKDCore

/// What stands between a pulser's outputs and four detectors' clicks.
public struct BB84OpticsParameters: Sendable {
    /// Seed of every process.
    public var seed: UInt64
    /// Mean photons of one laser's pulse before modulator and attenuators, N₀.
    public var sourcePhotonsPerPulse: Double
    /// Fixed attenuation at Alice, dB, insertion loss of the modulator included.
    public var fixedAttenuationDB: Double
    /// Variable attenuation at Alice at the start, dB.
    public var variableAttenuationDB: Double
    /// Error of the modulator's bias at the start, volts from the null.
    public var biasErrorVolts: Double
    /// Which line fires which state.
    public var lineMap: LaserLineMap
    /// Alice's intensity modulator.
    public var modulator: MachZehnderModulator
    /// The fibre; its delay is not added to the pulses: `pulseDelayPS` is the whole delay.
    public var fibre: FibreChannel
    /// Bob's loss before the detectors, dB.
    public var receiverLossDB: Double
    /// Bob's basis splitter and analysers.
    public var receiver: DecoyStateOptics
    /// Spread of the laser's pulses.
    public var pulse: PulseShape
    /// From a rising edge to the centre of the pulse at the detectors, ps, not negative.
    public var pulseDelayPS: Int64
    /// The detectors Z0, Z1, X0, X1.
    public var detectors: [DetectorModel]

    /// States a link; `detectors` holds four.
    public init(
        seed: UInt64, sourcePhotonsPerPulse: Double, fixedAttenuationDB: Double = 0,
        variableAttenuationDB: Double = 0, biasErrorVolts: Double = 0, lineMap: LaserLineMap = .inOrder,
        modulator: MachZehnderModulator, fibre: FibreChannel, receiverLossDB: Double,
        receiver: DecoyStateOptics, pulse: PulseShape = PulseShape(fwhmPS: 0), pulseDelayPS: Int64 = 0,
        detectors: [DetectorModel]
    ) {
        self.seed = seed
        self.sourcePhotonsPerPulse = sourcePhotonsPerPulse
        self.fixedAttenuationDB = fixedAttenuationDB
        self.variableAttenuationDB = variableAttenuationDB
        self.biasErrorVolts = biasErrorVolts
        self.lineMap = lineMap
        self.modulator = modulator
        self.fibre = fibre
        self.receiverLossDB = receiverLossDB
        self.receiver = receiver
        self.pulse = pulse
        self.pulseDelayPS = pulseDelayPS
        self.detectors = detectors
    }

    /// Transmittance from Alice's output to the detectors' faces.
    public var channelTransmittance: Double {
        fibre.transmittance * Decibel.transmittance(lossDB: receiverLossDB)
    }

    /// Throws `outOfRange` or `invalidInput`, naming the field, if a figure is outside what it can mean.
    public func validate(_ source: String = "optics") throws(QKDError) {
        let positive = [
            ("modulator.vPiVolts", modulator.vPiVolts),
            ("modulator.extinctionRatioDB", modulator.extinctionRatioDB),
        ]
        for (field, value) in positive where !(value > 0 && value.isFinite) {
            throw QKDError(.outOfRange, "\(field) is \(value)", at: .init(source, field: field))
        }
        let notNegative = [
            ("sourcePhotonsPerPulse", sourcePhotonsPerPulse), ("fixedAttenuationDB", fixedAttenuationDB),
            ("variableAttenuationDB", variableAttenuationDB), ("fibre.lengthKM", fibre.lengthKM),
            ("fibre.attenuationDBPerKM", fibre.attenuationDBPerKM), ("receiverLossDB", receiverLossDB),
            ("pulse.fwhmPS", pulse.fwhmPS), ("pulseDelayPS", Double(pulseDelayPS)),
        ]
        for (field, value) in notNegative where !(value >= 0 && value.isFinite) {
            throw QKDError(.outOfRange, "\(field) is \(value)", at: .init(source, field: field))
        }
        guard biasErrorVolts.isFinite else {
            throw QKDError(.outOfRange, "no bias error", at: .init(source, field: "biasErrorVolts"))
        }
        try receiver.validate("\(source).receiver")
        guard detectors.count == BB84State.all.count else {
            throw QKDError(
                .invalidInput, "four detectors are needed, not \(detectors.count)",
                at: .init(source, field: "detectors"))
        }
        for (index, detector) in detectors.enumerated() {
            try detector.validate("\(source).detectors[\(index)]")
        }
    }
}
