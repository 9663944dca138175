import Foundation
import QKDCore
import QKDPhysics
import QKDSifting

/// What a report says of where a session came from.
public struct SessionSource: Sendable, Codable {
    /// Whether any device said that it is an emulator.
    public var emulated: Bool
    /// The emulation's seed; `nil` on a real bench.
    public var seed: UInt64?
    /// The generator behind Alice's choices and what seeded it.
    public var randomness: RandomnessFacts
    /// Whether one frame was played again and again, for alignment.
    public var repeatsPattern: Bool
    /// How often the tagger's driver had to find the record boundary again.
    public var resyncs: Int
    /// Batches of tags that were dropped because the session did not take them in time.
    public var droppedBatches: Int
    /// What was made to go wrong on an emulated bench, as it was asked for.
    public var faults: [String] = []
}

/// Turns a session's outcome into its report.
struct ReportBuilder {
    let description: BenchDescription
    let source: SessionSource
    /// The emulation's own clock, against which the recovered one is held.
    let trueClock: TrueClock?

    /// When Alice's frames really arrived at Bob, by the emulation.
    struct TrueClock: Sendable {
        var bob: ClockModel
        var delayPS: Int64
        /// Steps of the tagger's counter, by world time, and of the session's time line, by its time.
        var taggerSteps: [TaggerStep] = []
        var shifts: [TagTimeline.Shift] = []

        /// How far a frame was found from where the pulse of its first slot arrived, picoseconds.
        func deviationPS(_ found: SessionOutcome.FoundFrame) -> Double {
            let arrivalPS = found.alicePS + delayPS
            let counterPS = bob.reading(atPS: arrivalPS) + EmulatedWorld.taggerEpochPS
            let stepPS = taggerSteps.last { $0.fromPS <= arrivalPS }?.offsetPS ?? 0
            let shiftPS = shifts.last { $0.fromPS <= found.lock.startPS }?.byPS ?? 0
            return Double(found.lock.startPS - shiftPS - counterPS - stepPS) + found.lock.startFractionPS
        }
    }

    func result(_ engine: SessionEngine?) -> SessionResult {
        let outcome = engine?.outcome ?? SessionOutcome()
        let unfit = unfitReason(outcome)
        return SessionResult(
            bench: description.name, protocol: "bb84-decoy", emulated: source.emulated,
            keyContent: "sifted, not secret", fitForKeys: unfit == nil, unfitReason: unfit, seed: source.seed,
            randomness: source.randomness, frames: outcome.frames, tags: tags(outcome),
            clock: clock(engine, outcome),
            gains: byName(Intensity.allCases) { gain($0, outcome) },
            bases: byName(Basis.allCases) { basis($0, outcome) },
            siftedBits: outcome.alice.count, errors: outcome.counts.errors.total,
            expected: source.emulated ? expected(engine) : nil, holes: outcome.holes, faults: source.faults)
    }

    private func unfitReason(_ outcome: SessionOutcome) -> String? {
        if source.repeatsPattern { return "the pattern was repeated: this is an alignment" }
        if source.emulated { return "the devices are emulated" }
        if outcome.alice.count == 0 { return "there are no sifted bits" }
        return nil
    }

    private func tags(_ outcome: SessionOutcome) -> TagCounts {
        var tags = TagCounts()
        tags.singles = byName(BB84State.all) { outcome.singles[$0.index] }
        tags.outsideWindow = outcome.outsideWindow
        tags.insideWindow = outcome.singles.reduce(0, +) - outcome.outsideWindow
        tags.detections = outcome.detections
        tags.received = outcome.receivedTags
        tags.disclosedDetections = outcome.counts.disclosedDetections
        tags.sameBasisDoubles = outcome.counts.sameBasisDoubleClicks
        tags.crossBasisDoubles = outcome.counts.crossBasisDoubleClicks
        tags.resyncs = source.resyncs
        tags.droppedBatches = source.droppedBatches
        return tags
    }

    private func gain(_ intensity: Intensity, _ outcome: SessionOutcome) -> GainFacts {
        let all = outcome.counts.gain(intensity)
        let live = outcome.live.gain(intensity)
        return GainFacts(
            sent: all.trials, detected: all.successes, gain: finite(all.rate), standardError: finite(all.standardError),
            liveSent: live.trials, liveDetected: live.successes, liveGain: finite(live.rate),
            liveStandardError: finite(live.standardError))
    }

    private func basis(_ basis: Basis, _ outcome: SessionOutcome) -> BasisFacts {
        let estimate = outcome.counts.qber(basis)
        let interval = estimate.trials > 0 ? estimate.interval(confidence: 0.95) : 0...1
        return BasisFacts(
            sifted: estimate.trials, errors: estimate.successes, qber: finite(estimate.rate),
            qberLow: interval.lowerBound, qberHigh: interval.upperBound,
            siftedByIntensity: byName(Intensity.allCases) { outcome.counts.sifted[basis][$0] },
            errorsByIntensity: byName(Intensity.allCases) { outcome.counts.errors[basis][$0] })
    }

    private func clock(_ engine: SessionEngine?, _ outcome: SessionOutcome) -> ClockFacts? {
        guard let engine, let first = outcome.locks.first, let offsetPS = engine.offsetPS(of: first),
            let skew = outcome.meanSkew
        else { return nil }
        let residuals = outcome.locks.map(\.lock.residualRMSPS)
        return ClockFacts(
            offsetS: offsetPS * 1e-12, skew: skew.value, skewError: skew.standardError,
            residualRmsNs: residuals.reduce(0, +) / Double(residuals.count) * 1e-3,
            worstResidualRmsNs: (residuals.max() ?? 0) * 1e-3,
            truth: trueClock.map { truth($0, outcome, foundSkew: skew.value) })
    }

    private func truth(_ clock: TrueClock, _ outcome: SessionOutcome, foundSkew: Double) -> ClockTruth {
        // The tagger's counter wraps, and the driver unwraps it from the first record on: whole wraps are no error.
        let wrap = Double(TaggerWrap.periodPS)
        let deviations = outcome.locks.map { found in
            let distance = clock.deviationPS(found)
            return distance - (distance / wrap).rounded() * wrap
        }
        let middle = outcome.locks.isEmpty ? 0 : outcome.locks[outcome.locks.count / 2].alicePS
        return ClockTruth(
            skew: clock.bob.skew, offsetS: Double(clock.bob.offsetPS) * 1e-12,
            skewDeviation: foundSkew - clock.bob.skew(atPS: middle),
            worstStartDeviationNs: (deviations.map(abs).max() ?? 0) * 1e-3,
            framesOffSlot: deviations.filter { abs($0) > 0.5 * Double(description.slotPeriodPS) }.count)
    }

    private func expected(_ engine: SessionEngine?) -> ExpectedFacts? {
        // A bench whose figures have no closed form (no light at all, say) simply has no expectation.
        guard let engine,
            let expectation = try? BB84Expectation(description.linkModel(resolutionPS: engine.plan.resolutionPS))
        else { return nil }
        return ExpectedFacts(
            gains: byName(Intensity.allCases) { expectation.gain($0) },
            liveGains: byName(Intensity.allCases) { expectation.gainLive($0) },
            qber: byName(Basis.allCases) { expectation.qber($0) })
    }

    private func byName<Key: CustomStringConvertible, Value>(_ keys: [Key], _ value: (Key) -> Value) -> [String: Value]
    {
        Dictionary(uniqueKeysWithValues: keys.map { ($0.description, value($0)) })
    }

    private func finite(_ value: Double) -> Double { value.isFinite ? value : 0 }
}

/// The counter of the TDC1: 2²⁷ ticks of 2 ns.
enum TaggerWrap {
    static let periodPS: Int64 = (1 << 28) * 1000
}

extension BenchDescription {
    /// The link as the closed forms take it, read with a tagger of this resolution.
    public func linkModel(resolutionPS: Int64) -> BB84LinkModel {
        BB84LinkModel(
            settings: Intensity.allCases.map {
                .init(meanPhotons: intensities[$0]?.mean ?? 0, probability: intensities[$0]?.probability ?? 0)
            },
            aliceZProbability: aliceZProbability,
            receiver: DecoyStateOptics(zProbability: bobZProbability, misalignment: channel.misalignment),
            channelTransmittance: FibreChannel(
                lengthKM: channel.lengthKM, attenuationDBPerKM: channel.attenuationDBPerKM
            ).transmittance * Decibel.transmittance(lossDB: channel.receiverLossDB),
            detectors: Array(repeating: detectorModel, count: BB84State.all.count),
            pulse: PulseShape(fwhmPS: source.opticalFWHMPS), slotPS: Double(slotPeriodPS),
            windowPS: detection.windowNS * 1e3,
            // Clock recovery centres the window on the tags' mean, which the jitter's tail moves.
            windowCentrePS: detector.jitterTailFraction * detector.jitterTailPS,
            taggerResolutionPS: Double(resolutionPS),
            doubleClickRule: detection.doubleClicks)
    }
}
