import Foundation
import QKDCore
import QKDSifting

/// What both stations agree on before a session, and what Bob needs to find Alice's frames.
public struct SessionPlan: Sendable {
    /// Slot period on Alice's clock, picoseconds.
    public var slotPeriodPS: Int64
    /// Full width of the window around a pulse's arrival, picoseconds.
    public var windowPS: Double
    /// The tagger's unit of time, picoseconds.
    public var resolutionPS: Int64
    /// Tagger input → state.
    public var detectors: [UInt8: BB84State]
    /// Mean photon numbers of signal, decoy, vacuum.
    public var means: [Double]
    /// What becomes of a slot in which several detectors clicked.
    public var doubleClicks: DoubleClickRule
    /// The error rate that clock recovery reckons with; a rough figure is enough.
    public var expectedErrorRate: Double
    /// Dead time of each detector, picoseconds; decides which slots count as live.
    public var deadTimePS: Double
    /// How far off the first frame's start may be, picoseconds.
    public var firstUncertaintyPS: Int64
    /// How far off a later frame's start may be once one was found, picoseconds.
    public var laterUncertaintyPS: Int64
    /// Largest skew looked for.
    public var skewLimit: Double
    /// Dark time between frames, picoseconds.
    public var gapPS: Int64

    /// Beyond the clocks' own offset: the tagger's first record may come this late after it was armed.
    static let armingSlackPS = 250 * Picoseconds.perMillisecond
    /// On top of the detectors' dead time: jitter, quantisation and skew within it.
    static let deadTimeGuardPS = 10_000.0

    /// Takes the plan from a bench whose tagger has this resolution.
    public init(bench: BenchDescription, resolutionPS: Int64) throws {
        slotPeriodPS = bench.slotPeriodPS
        windowPS = bench.detection.windowNS * 1e3
        self.resolutionPS = resolutionPS
        let inputs = try bench.taggerInputs()
        detectors = Dictionary(uniqueKeysWithValues: zip(inputs, BB84State.all))
        means = Intensity.allCases.map { bench.intensities[$0]?.mean ?? 0 }
        doubleClicks = bench.detection.doubleClicks
        // Besides misalignment, afterpulses and darks make errors.
        expectedErrorRate = min(0.45, bench.channel.misalignment + 0.015)
        deadTimePS = bench.detector.deadTimeUS * 1e6
        firstUncertaintyPS = Picoseconds.from(seconds: bench.clock.searchOffsetS) + Self.armingSlackPS
        laterUncertaintyPS = Int64(bench.clock.startUncertaintyMS * 1e9)
        skewLimit = bench.clock.searchSkewPPM * 1e-6
        gapPS = Int64(bench.frames.gapMS * 1e9)
    }
}
