#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// The optics of a decoy-state BB84 link, from a pulser's outputs to four detectors' clicks.
///
/// A mapped line that rises at a step's start makes one optical pulse there, of mean photon number
/// N₀ · T(analog) · 10^(−dB/10). The means of all detections are summed from pulse to pulse and held
/// against a unit-rate Poisson process: a pulse of mean m fires with 1 − e^(−m), and pulses or lasers that
/// coincide add their means first (thinning and superposition: Kingman, "Poisson processes", 1993,
/// chs. 2 and 5). Each photon picks its detector by weight × efficiency and its time by pulse shape and jitter.
///
/// Times are picoseconds on the bench's clock. The clicks do not depend on how time is cut into
/// `advance(toPS:)` calls. A value of one owner; not shared.
public struct BB84OpticsSimulator: Sendable {
    /// What was stated at the start; the figures that may change since have their own properties.
    public let parameters: BB84OpticsParameters
    /// Variable attenuation at Alice, dB, not negative (∞ blocks the light); it holds for pulses from
    /// `nowPS` on. What is not a number ≥ 0 leaves it as it was.
    public var variableAttenuationDB: Double {
        didSet {
            if !(variableAttenuationDB >= 0) { variableAttenuationDB = oldValue }
            meansAreStale = true
        }
    }
    /// Error of the modulator's bias, volts from the null; it holds for pulses from `nowPS` on. What is
    /// not finite leaves it as it was.
    public var biasErrorVolts: Double {
        didSet {
            if !biasErrorVolts.isFinite { biasErrorVolts = oldValue }
            levelsAreStale = true
        }
    }
    /// The light has been made for every edge before this time, ps.
    public private(set) var nowPS: Int64
    /// Every click before this time has been returned, ps: `nowPS` less what jitter may still overtake.
    public private(set) var frontierPS: Int64
    /// The truth since the start.
    public private(set) var counters = OpticsCounters()
    /// The truth of the last `advance(toPS:)` alone.
    public private(set) var lastAdvance = OpticsCounters()

    private var detectors: [SinglePhotonDetectorSimulator]
    private var playback = PulserPlayback()
    private var queue: [PulserOutput] = []
    private var means = DetectedMeanTable()
    private var meansAreStale = true
    /// Modulator transmittance by analog value (as unsigned bits); only `firingLevels` are filled in.
    private var transmittance = [Double](repeating: 0, count: 65_536)
    private var levelsAreStale = true
    /// Mean detections still to pass before the next photon.
    private var untilPhoton: Double
    private var photonGenerator: SeededGenerator
    private var routeGenerator: SeededGenerator
    private var merger = ClickMerger()
    private var advanceStartPS: Int64

    /// Light is made in pieces of this length, so that a long advance needs no long memory.
    private static let piecePS: Int64 = 2_000_000_000

    /// Makes a dark link at `startPS`; throws as `BB84OpticsParameters.validate`.
    public init(_ parameters: BB84OpticsParameters, startPS: Int64 = 0) throws(QKDError) {
        try parameters.validate()
        self.parameters = parameters
        variableAttenuationDB = parameters.variableAttenuationDB
        biasErrorVolts = parameters.biasErrorVolts
        nowPS = startPS
        frontierPS = startPS
        advanceStartPS = startPS
        detectors = parameters.detectors.enumerated().map { index, model in
            SinglePhotonDetectorSimulator(
                model: model, seed: parameters.seed, name: "detector \(index)", startPS: startPS)
        }
        photonGenerator = SeededGenerator(seed: parameters.seed, stream: "photon number")
        routeGenerator = SeededGenerator(seed: parameters.seed, stream: "photon route")
        untilPhoton = photonGenerator.exponential()
    }

    /// The detectors' figures in force, Z0, Z1, X0, X1.
    public var detectorModels: [DetectorModel] { detectors.map(\.model) }

    /// What each detector has seen, Z0, Z1, X0, X1.
    public var detectorCounters: [DetectorCounters] { detectors.map(\.counters) }

    /// Changes a detector's figures: efficiency for pulses from `nowPS` on, the rest from `frontierPS` on.
    ///
    /// Throws `outOfRange` for an index outside 0…3 or a figure outside what it can mean.
    public mutating func setDetector(_ index: Int, _ model: DetectorModel) throws(QKDError) {
        guard detectors.indices.contains(index) else {
            throw QKDError(.outOfRange, "the detectors are 0…3, not \(index)")
        }
        guard model != detectors[index].model else { return }
        try model.validate("detectors[\(index)]")
        detectors[index].setModel(model)
        meansAreStale = true
    }

    /// Whether no laser fires: the outputs hold, or what is played raises no mapped line.
    public var isDark: Bool { !playback.isLit || parameters.sourcePhotonsPerPulse == 0 }

    /// Mean photons a pulse at Alice's output over the last advance; 0 if there was none.
    public var outputPhotonsPerPulse: Double {
        lastAdvance.pulses > 0 ? lastAdvance.photonsEmitted / Double(lastAdvance.pulses) : 0
    }

    /// Mean photons a second at Alice's output over the last advance.
    public var outputPhotonsPerSecond: Double {
        let seconds = Picoseconds.seconds(nowPS - advanceStartPS)
        return seconds > 0 ? lastAdvance.photonsEmitted / seconds : 0
    }

    /// Takes a change at the pulser's outputs.
    ///
    /// It waits for its time; changes act in the order of their times, equal ones in the order of the calls.
    /// One whose time lies before `nowPS` keeps its phase: the pulses that should have been are counted as
    /// missed, and a hold acts at `nowPS`. A waveform of no length or no runs is its final levels.
    public mutating func apply(_ output: PulserOutput) {
        var index = queue.count
        while index > 0, queue[index - 1].timePS > output.timePS { index -= 1 }
        queue.insert(output, at: index)
    }

    /// Lets time pass to `endPS` and returns the clicks from the old `frontierPS` to the new one.
    ///
    /// Channels are detector indices 0…3 (Z0, Z1, X0, X1), times are in order, ps on the bench's clock.
    public mutating func advance(toPS endPS: Int64) -> TagBatch {
        guard endPS > nowPS else { return TagBatch() }
        let before = counters
        advanceStartPS = nowPS
        refreshMeans()
        var batch = TagBatch()
        while nowPS < endPS {
            let isBusy = playback.isLit || !queue.isEmpty
            let pieceEnd = isBusy ? min(endPS, nowPS + Self.piecePS) : endPS
            makeLight(untilPS: pieceEnd)
            nowPS = pieceEnd
            frontierPS = max(frontierPS, nowPS + min(0, earliestArrivalPS))
            merger.collect(from: &detectors, untilPS: frontierPS, into: &batch)
        }
        lastAdvance = counters - before
        return batch
    }
}

extension BB84OpticsSimulator {
    /// How soon after its edge a pulse's first photon can come: the generator's Gaussians are bounded.
    private var earliestArrivalPS: Int64 {
        let jitter = detectors.reduce(0) { max($0, $1.model.jitter.sigmaPS) }
        let spread = SeededGenerator.largestGaussian * (parameters.pulse.sigmaPS + jitter)
        return parameters.pulseDelayPS - Int64(spread.rounded(.up)) - 1
    }

    private mutating func refreshMeans() {
        guard meansAreStale else { return }
        meansAreStale = false
        means = DetectedMeanTable(
            parameters, efficiencies: detectors.map(\.model.efficiency),
            variableAttenuationDB: variableAttenuationDB)
    }

    private mutating func refreshLevels(unitVolts: Double) {
        guard levelsAreStale else { return }
        levelsAreStale = false
        for level in playback.firingLevels {
            transmittance[Int(UInt16(bitPattern: level))] = parameters.modulator.transmittance(
                driveVolts: Double(level) * unitVolts, biasErrorVolts: biasErrorVolts)
        }
    }

    private mutating func makeLight(untilPS endPS: Int64) {
        while true {
            let next = queue.first
            playWaveform(untilPS: min(endPS, max(nowPS, next?.timePS ?? endPS)))
            guard let next, next.timePS < endPS else { return }
            queue.removeFirst()
            start(next)
        }
    }

    private mutating func start(_ output: PulserOutput) {
        switch output {
        case .hold(let levels, let atPS):
            hold(levels, atPS: max(atPS, nowPS))
        case .play(let waveform, let runs, let final, let atPS):
            let mask = parameters.lineMap.mask
            guard playback.play(waveform, runs: runs, final: final, atPS: atPS, mask: mask) else {
                hold(final, atPS: max(atPS, nowPS))
                return
            }
            levelsAreStale = true
            if atPS < nowPS {
                playback.skipRuns(before: nowPS)
                counters.pulsesMissed += playback.skipSteps(before: nowPS, mask: mask)
            }
        }
    }

    /// Holds levels; a line that rises with them fires its laser once.
    private mutating func hold(_ levels: PulserLevels, atPS: Int64) {
        let rising = playback.hold(levels) & parameters.lineMap.mask
        guard rising != 0 else { return }
        let level = parameters.modulator.transmittance(
            driveVolts: levels.analogVolts, biasErrorVolts: biasErrorVolts)
        counters.pulses += 1
        counters.photonsEmitted += means.emitted[Int(rising)] * level
        untilPhoton -= means.detected[Int(rising)] * level
        emitPhotons(rising: Int(rising), atPS: atPS)
    }

    /// Plays from the cursor to `endPS`: makes the pulse of every edge before it.
    private mutating func playWaveform(untilPS endPS: Int64) {
        while let waveform = playback.waveform, playback.stepStartPS < endPS {
            refreshLevels(unitVolts: waveform.analogUnitVolts)
            if !playback.isLit { playback.skipRuns(before: endPS) }
            playSteps(of: waveform, untilPS: endPS)
            guard playback.step == waveform.lines.count, playback.stepStartPS < endPS else { return }
            if !playback.startNextRun() { hold(playback.final, atPS: playback.stepStartPS) }
        }
    }

    /// The inner loop: one pass over the rest of a run, with its state in registers.
    private mutating func playSteps(of waveform: DriveWaveform, untilPS endPS: Int64) {
        let mask = parameters.lineMap.mask
        let count = waveform.lines.count
        let tickPS = waveform.tickPS
        let table = means
        let levels = transmittance
        waveform.ticks.withUnsafeBufferPointer { ticks in
            waveform.lines.withUnsafeBufferPointer { lines in
                waveform.analog.withUnsafeBufferPointer { analog in
                    table.detected.withUnsafeBufferPointer { detected in
                        table.emitted.withUnsafeBufferPointer { emitted in
                            levels.withUnsafeBufferPointer { levels in
                                var step = playback.step
                                var time = playback.stepStartPS
                                var previous = playback.lines
                                var remaining = untilPhoton
                                var pulses = 0
                                var photons = 0.0
                                while step < count, time < endPS {
                                    let line = lines[step]
                                    let rising = Int(line & ~previous & mask)
                                    previous = line
                                    if rising != 0 {
                                        let level = levels[Int(UInt16(bitPattern: analog[step]))]
                                        pulses += 1
                                        photons += emitted[rising] * level
                                        remaining -= detected[rising] * level
                                        if remaining <= 0 {
                                            untilPhoton = remaining
                                            emitPhotons(rising: rising, atPS: time)
                                            remaining = untilPhoton
                                        }
                                    }
                                    time += Int64(ticks[step]) * tickPS
                                    step += 1
                                }
                                playback.step = step
                                playback.stepStartPS = time
                                playback.lines = previous
                                untilPhoton = remaining
                                counters.pulses += pulses
                                counters.photonsEmitted += photons
                            }
                        }
                    }
                }
            }
        }
    }

    /// Sends the photons that the summed mean has brought to their detectors.
    private mutating func emitPhotons(rising: Int, atPS: Int64) {
        let sigma = parameters.pulse.sigmaPS
        while untilPhoton <= 0 {
            let index = means.detector(rising: rising, uniform: routeGenerator.uniform())
            var offset = sigma > 0 ? sigma * routeGenerator.gaussian() : 0
            offset += detectors[index].model.jitter.draw(&routeGenerator)
            detectors[index].addPhoton(timePS: atPS + parameters.pulseDelayPS + Int64(offset.rounded()))
            counters.photonCandidates += 1
            untilPhoton += photonGenerator.exponential()
        }
    }
}

extension PulserOutput {
    /// When the change happens, ps on the bench's clock.
    fileprivate var timePS: Int64 {
        switch self {
        case .play(_, _, _, let atPS): atPS
        case .hold(_, let atPS): atPS
        }
    }
}
