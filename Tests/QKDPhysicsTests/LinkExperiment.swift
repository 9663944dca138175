import QKDCore
import QKDPhysics

/// A seeded run of the optics simulator with random codes, sifted slot by slot, beside what was sent.
///
/// It is a second, plain reading of the definitions that `BB84Expectation` states: nothing of its
/// formulas is used here.
struct LinkExperiment {
    var fibreKM = 25.0
    var rule = DoubleClickRule.random
    var seed: UInt64 = 1
    var detector = DetectorModel(
        efficiency: 0.1, darkCountRateHz: 600, deadTimePS: 5_050_000, afterpulseProbability: 0.02,
        afterpulseTimePS: 2_000_000, jitterFWHMPS: 200, jitterTailFraction: 0.05, jitterTailPS: 200)
    var pulse = PulseShape(fwhmPS: 50)
    var windowPS: Int64 = 4_000
    var receiverLossDB = 2.0
    /// Slots in a frame; each frame has codes of its own.
    var frameSlots = 20_000

    static let slotPS: Int64 = 100_000
    static let tickPS: Int64 = 10_000
    static let delayPS: Int64 = 122_417_000
    static let unitVolts = 0.001
    static let modulator = MachZehnderModulator(vPiVolts: 5, extinctionRatioDB: 30)
    static let receiver = DecoyStateOptics(zProbability: 0.9, misalignment: 0.015)
    /// Analog levels of signal, decoy and vacuum: T = 1, near 0.2, and the modulator's floor.
    static let levels: [Int16] = [5_000, 1_474, 0]
    static let probabilities = [0.7, 0.2, 0.1]
    static let sourcePhotons = 0.5

    /// What was counted, by basis (Z, X) and intensity (signal, decoy, vacuum).
    struct Counts {
        var sent = [Int](repeating: 0, count: 3)
        var clicked = [Int](repeating: 0, count: 3)
        var sentLive = [Int](repeating: 0, count: 3)
        var clickedLive = [Int](repeating: 0, count: 3)
        var sifted = [[Int]](repeating: [0, 0, 0], count: 2)
        var errors = [[Int]](repeating: [0, 0, 0], count: 2)
        var doubles = 0
        var slots: Int { sent.reduce(0, +) }
    }

    var parameters: BB84OpticsParameters {
        BB84OpticsParameters(
            seed: seed, sourcePhotonsPerPulse: Self.sourcePhotons * 100, fixedAttenuationDB: 12,
            variableAttenuationDB: 8, modulator: Self.modulator,
            fibre: FibreChannel(lengthKM: fibreKM, attenuationDBPerKM: 0.2), receiverLossDB: receiverLossDB,
            receiver: Self.receiver, pulse: pulse, pulseDelayPS: Self.delayPS,
            detectors: Array(repeating: detector, count: 4))
    }

    var link: BB84LinkModel {
        BB84LinkModel(
            settings: zip(Self.levels, Self.probabilities).map { level, probability in
                let t = Self.modulator.transmittance(driveVolts: Double(level) * Self.unitVolts)
                return .init(meanPhotons: Self.sourcePhotons * t, probability: probability)
            },
            aliceZProbability: 0.9, receiver: Self.receiver,
            channelTransmittance: parameters.channelTransmittance,
            detectors: Array(repeating: detector, count: 4), pulse: pulse, slotPS: Double(Self.slotPS),
            windowPS: Double(windowPS), taggerResolutionPS: 1, doubleClickRule: rule)
    }

    /// Codes of one frame: Z with 0.9, fair bits, intensities 0.7/0.2/0.1.
    static func codes(_ count: Int, _ generator: inout SeededGenerator) -> [PulseCode] {
        (0..<count).map { _ in
            let basis: Basis = generator.uniform() <= 0.9 ? .z : .x
            let share = generator.uniform()
            let intensity: Intensity = share <= 0.7 ? .signal : (share <= 0.9 ? .decoy : .vacuum)
            return PulseCode(BB84State(basis, UInt8(generator.next() >> 63)), intensity)
        }
    }

    /// One step with the state's line high for a tick, one with all lines low for the rest of the slot.
    static func waveform(_ codes: [PulseCode]) -> DriveWaveform {
        var ticks = [UInt32](repeating: 1, count: 2 * codes.count)
        var lines = [UInt8](repeating: 0, count: 2 * codes.count)
        var analog = [Int16](repeating: 0, count: 2 * codes.count)
        for (slot, code) in codes.enumerated() {
            ticks[2 * slot + 1] = UInt32(slotPS / tickPS) - 1
            lines[2 * slot] = 1 << UInt8(code.state.index)
            analog[2 * slot] = levels[Int(code.intensity.rawValue)]
            analog[2 * slot + 1] = analog[2 * slot]
        }
        return DriveWaveform(ticks: ticks, lines: lines, analog: analog, tickPS: tickPS, analogUnitVolts: unitVolts)
    }

    /// Plays frames one after another and counts their slots.
    func run(frames: Int) throws -> Counts {
        var optics = try BB84OpticsSimulator(parameters)
        var codeGenerator = SeededGenerator(seed: seed, stream: "alice")
        var counter = SlotCounter(self)
        let framePS = Int64(frameSlots) * Self.slotPS
        for frame in 0..<frames {
            let codes = Self.codes(frameSlots, &codeGenerator)
            let start = Int64(frame) * framePS
            optics.apply(.play(Self.waveform(codes), runs: 1, final: .zero, atPS: start))
            counter.sent(codes)
            counter.count(optics.advance(toPS: start + framePS))
        }
        counter.count(optics.advance(toPS: Int64(frames) * framePS + 2 * Self.delayPS))
        counter.finish()
        return counter.counts
    }
}

/// Sorts clicks into slots as they come, and slots into sent and sifted.
struct SlotCounter {
    private let experiment: LinkExperiment
    private(set) var counts = LinkExperiment.Counts()
    private var codes: [PulseCode] = []
    private var slot = 0
    private var fired = 0
    private var chooser: SeededGenerator
    /// When the last of the four detectors is live again.
    private var allLiveFromPS = Int64.min

    init(_ experiment: LinkExperiment) {
        self.experiment = experiment
        chooser = SeededGenerator(seed: experiment.seed, stream: "double clicks")
    }

    mutating func sent(_ more: [PulseCode]) { codes += more }

    mutating func count(_ clicks: TagBatch) {
        let half = LinkExperiment.slotPS / 2
        for (time, channel) in zip(clicks.times, clicks.channels) {
            let position = time - LinkExperiment.delayPS + half
            let index = Int((Double(position) / Double(LinkExperiment.slotPS)).rounded(.down))
            while slot < index, slot < codes.count { close() }
            // Half open, so that a window of w holds w whole picoseconds, as the tagger's resolution has it.
            let offset = position - half - Int64(index) * LinkExperiment.slotPS + experiment.windowPS / 2
            if index == slot, offset >= 0, offset < experiment.windowPS {
                fired |= 1 << Int(channel)
            }
            pendingLive.append(time + experiment.detector.deadTimePS)
        }
    }

    mutating func finish() {
        while slot < codes.count { close() }
    }

    private var pendingLive: [Int64] = []

    /// Ends the current slot. Liveness is judged before this slot's own clicks, just ahead of its window.
    private mutating func close() {
        let code = codes[slot]
        let k = Int(code.intensity.rawValue)
        let opensPS = Int64(slot) * LinkExperiment.slotPS + LinkExperiment.delayPS - experiment.windowPS / 2
        var late: [Int64] = []
        for liveFrom in pendingLive {
            if liveFrom - experiment.detector.deadTimePS < opensPS {
                allLiveFromPS = max(allLiveFromPS, liveFrom)
            } else {
                late.append(liveFrom)
            }
        }
        pendingLive = late
        let live = allLiveFromPS <= opensPS
        counts.sent[k] += 1
        if live { counts.sentLive[k] += 1 }
        if fired != 0 {
            counts.clicked[k] += 1
            if live { counts.clickedLive[k] += 1 }
            sift(code)
        }
        fired = 0
        slot += 1
    }

    private mutating func sift(_ code: PulseCode) {
        var detectors = (0..<4).filter { fired >> $0 & 1 == 1 }
        if detectors.count > 1 {
            counts.doubles += 1
            guard experiment.rule == .random else { return }
            let choice = Int((chooser.uniform() * Double(detectors.count)).rounded(.up)) - 1
            detectors = [detectors[choice]]
        }
        let outcome = BB84State(index: detectors[0])
        guard outcome.basis == code.basis else { return }
        counts.sifted[Int(code.basis.rawValue)][Int(code.intensity.rawValue)] += 1
        if outcome.bit != code.bit {
            counts.errors[Int(code.basis.rawValue)][Int(code.intensity.rawValue)] += 1
        }
    }
}
