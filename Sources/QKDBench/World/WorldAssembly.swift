import QKDCore
import QKDDrivers
import QKDPhysics
import QKDTransport

extension EmulatedWorld {
    /// Builds the world of a bench from its description and its emulators.
    ///
    /// Throws `outOfRange` for optics that cannot be, and `unsupported` for an emulator that takes no light.
    static func make(
        _ description: BenchDescription, seed: UInt64, emulators: [Role: EmulatedDevice]
    ) throws -> EmulatedWorld {
        let parameters = try description.opticsParameters(seed: seed)
        let ports = Emulators(
            pulser: try port(.aliceModulator, emulators),
            modulator: try port(.aliceAttenuator, emulators),
            detectors: try Role.detectors.map { try port($0, emulators) },
            tagger: try port(.bobTagger, emulators),
            taggerInputs: try description.taggerInputs())
        return EmulatedWorld(
            optics: try BB84OpticsSimulator(parameters), detectorRow: description.detectorModel,
            biasModel: description.biasModel, emulators: ports, bobClock: description.bobClock(seed: seed))
    }

    private static func port<Port>(_ role: Role, _ emulators: [Role: EmulatedDevice]) throws -> Port {
        let emulator: Any? =
            switch emulators[role] {
            case .stream(let emulator): emulator
            case .network(let emulator): emulator
            case .usb(let emulator): emulator
            case .gpio(let emulator): emulator
            case nil: nil
            }
        guard let port = emulator as? Port else {
            throw QKDError(.unsupported, "the emulator of \(role.rawValue) cannot meet emulated light")
        }
        return port
    }
}

extension BenchDescription {
    /// The detector row of the file, as the physics takes it.
    public var detectorModel: DetectorModel {
        DetectorModel(
            efficiency: detector.efficiency, darkCountRateHz: detector.darkCountRateHz,
            deadTimePS: Int64((detector.deadTimeUS * 1e6).rounded()), deadTimeKind: .nonParalysable,
            afterpulseProbability: detector.afterpulseProbability,
            afterpulseTimePS: detector.afterpulseTimeUS * 1e6,
            jitterFWHMPS: detector.jitterFWHMPS, jitterTailFraction: detector.jitterTailFraction,
            jitterTailPS: detector.jitterTailPS)
    }

    /// The synthetic model of bias and temperature, anchored at the file's operating point.
    public var biasModel: SyntheticBiasModel {
        SyntheticBiasModel(
            breakdownVolts: detector.biasVolts - 3, referenceVolts: detector.biasVolts,
            referenceCelsius: detector.temperatureCelsius)
    }

    /// Group delay of the fibre, picoseconds: n L / c.
    public var fibreDelayPS: Int64 {
        Int64((channel.groupIndex * channel.lengthKM * 1e3 / 299_792_458 * 1e12).rounded())
    }

    /// Bob's clock: the file's figures, or draws from the seed.
    public func bobClock(seed: UInt64) -> ClockModel {
        var draw = SeededGenerator(seed: seed, stream: "bob clock")
        let offset = 2 * draw.uniform() - 1
        let skew = (2 * draw.uniform() - 1) * 20
        return ClockModel(
            offsetPS: Picoseconds.from(seconds: clock.offsetS ?? offset),
            skew: (clock.skewPPM ?? skew) * 1e-6, driftPerSecond: clock.driftPerS)
    }

    /// The tagger's input for each state, in the order of `BB84State.index`.
    public func taggerInputs() throws -> [UInt8] {
        try BB84State.all.map { state in
            guard let channel = roles[.bobTagger]?.map[state] else {
                throw QKDError(.invalidInput, "the tagger has no channel for \(state)", at: .init(name))
            }
            return UInt8(channel)
        }
    }

    func opticsParameters(seed: UInt64) throws -> BB84OpticsParameters {
        var lines: [Int: BB84State] = [:]
        for (state, line) in roles[.aliceModulator]?.map ?? [:] { lines[line] = state }
        return BB84OpticsParameters(
            seed: seed, sourcePhotonsPerPulse: source.photonsPerPulse,
            fixedAttenuationDB: source.fixedAttenuationDB,
            lineMap: try LaserLineMap(lines),
            modulator: MachZehnderModulator(
                vPiVolts: modulator.vPiVolts, extinctionRatioDB: modulator.extinctionRatioDB),
            fibre: FibreChannel(lengthKM: channel.lengthKM, attenuationDBPerKM: channel.attenuationDBPerKM),
            receiverLossDB: channel.receiverLossDB,
            receiver: DecoyStateOptics(zProbability: bobZProbability, misalignment: channel.misalignment),
            pulse: PulseShape(fwhmPS: source.opticalFWHMPS), pulseDelayPS: fibreDelayPS,
            detectors: Array(repeating: detectorModel, count: BB84State.all.count))
    }
}
