import QKDCore
import QKDPhysics
import QKDTransport

/// From a world time on, the tagger's counter stands off by this.
public struct TaggerStep: Sendable, Equatable {
    /// World time, picoseconds.
    public var fromPS: Int64
    /// Counter minus `EmulatedWorld.taggerReading`, picoseconds.
    public var offsetPS: Int64
}

/// The emulated world of a bench: its time, its light, and the emulators that the light passes through.
///
/// Time stands still until somebody asks for some: then pulses leave the pulser's emulator, photons
/// reach the detectors, and the tagger's emulator says so on its wire. World time is Alice's time.
public actor EmulatedWorld {
    /// The emulators that the light meets.
    public struct Emulators: Sendable {
        var pulser: any PulserEmulation
        var modulator: any ModulatorEmulation
        /// In the order of `BB84State.index`.
        var detectors: [any DetectorEmulation]
        var tagger: any TaggerEmulation
        /// State index → tagger input.
        var taggerInputs: [UInt8]
    }

    /// The bench's time, picoseconds since it was opened.
    public private(set) var nowPS: Int64 = 0
    /// Bob's clock against world time. The tagger's counter runs on it.
    public let bobClock: ClockModel
    private let emulators: Emulators
    private var optics: BB84OpticsSimulator
    private let detectorRow: DetectorModel
    private let biasModel: SyntheticBiasModel
    private var wires: [any WorldWire] = []
    private var taggerWire: (any WorldWire)?
    private var faults = FaultSchedule([])
    /// How far the tagger's counter stands from `taggerReading`, from each world time on: steps and restarts.
    private(set) var taggerSteps = [TaggerStep(fromPS: 0, offsetPS: 0)]
    private var log: EmulatorLog?
    private let turn = WireTurn()

    /// Light is worked out in steps of this length, so that a cancelled run ends soon.
    static let stepPS = 5 * Picoseconds.perMillisecond
    /// The tagger's counter at world time 0 on a perfect clock: far enough from 0 for any offset.
    static let taggerEpochPS = 10 * Picoseconds.perSecond

    init(
        optics: BB84OpticsSimulator, detectorRow: DetectorModel, biasModel: SyntheticBiasModel,
        emulators: Emulators, bobClock: ClockModel
    ) {
        self.optics = optics
        self.detectorRow = detectorRow
        self.biasModel = biasModel
        self.emulators = emulators
        self.bobClock = bobClock
    }

    func add(_ wire: any WorldWire, isTagger: Bool) {
        wires.append(wire)
        if isTagger { taggerWire = wire }
    }

    /// What will go wrong, by bench time from `startFaults` on.
    func setFaults(_ faults: [BenchFault]) { self.faults = FaultSchedule(faults) }

    /// The first frame is about to be played: faults count from now on.
    func startFaults() { faults.start(atPS: nowPS) }

    /// Whether the tagger's wire is plugged in.
    var hasTagger: Bool { taggerWire?.isPluggedIn == true }

    func setLog(_ log: EmulatorLog) { self.log = log }

    /// What Bob's clock shows at a world time, picoseconds.
    public nonisolated func bobReading(atPS timePS: Int64) -> Int64 { bobClock.reading(atPS: timePS) }

    /// The tagger's counter at a world time, picoseconds, before it wraps.
    public nonisolated func taggerReading(atPS timePS: Int64) -> Int64 {
        bobClock.reading(atPS: timePS) + Self.taggerEpochPS
    }

    /// Lets time pass up to `targetPS`; returns at once if it is past already.
    ///
    /// With `settling`, all bytes under way are delivered after time has moved, which makes a run
    /// repeatable. Throws `CancellationError` between steps.
    public func advance(toPS targetPS: Int64, settling: Bool) async throws {
        try await turn.run {
            guard nowPS < targetPS else { return }
            while nowPS < targetPS {
                try Task.checkCancellation()
                let fault = faults.nextPS.map { max($0, nowPS + 1) } ?? .max
                try await step(toPS: min(nowPS + Self.stepPS, targetPS, fault))
                for action in faults.due(atPS: nowPS) { try await suffer(action) }
            }
            if settling { try await settle() }
        }
    }

    private func step(toPS endPS: Int64) async throws {
        let path = await emulators.modulator.lightPath(nowPS: endPS)
        optics.variableAttenuationDB = path.attenuationDB
        optics.biasErrorVolts = path.biasErrorHalfWaves * optics.parameters.modulator.vPiVolts
        for (index, detector) in emulators.detectors.enumerated() {
            let point = await detector.operatingPoint(nowPS: endPS)
            try optics.setDetector(
                index,
                biasModel.detector(detectorRow, biasVolts: point.biasVolts, celsius: point.temperatureCelsius))
        }
        for output in await emulators.pulser.takeOutputs(nowPS: endPS) { optics.apply(output) }
        let clicks = optics.advance(toPS: endPS)
        nowPS = endPS
        await deliver(clicks)
        for wire in wires { try await wire.pump(toPS: endPS) }
        await writeLog()
    }

    private func suffer(_ action: FaultSchedule.Action) async throws {
        let frontierPS = optics.frontierPS
        log?.write(EmulatorEvent(atPS: nowPS, text: "fault: \(action)"), from: Role.bobTagger.rawValue)
        switch action {
        case .tagger(.clockStep(let stepPS)):
            // A whole number of ticks of every tagger that is emulated.
            let whole = stepPS / 2000 * 2000
            await emulators.tagger.inject(.clockStep(whole))
            let last = taggerSteps.last?.offsetPS ?? 0
            taggerSteps.append(TaggerStep(fromPS: frontierPS, offsetPS: last + whole))
        case .tagger(let fault): await emulators.tagger.inject(fault)
        case .unplug:
            // So that a run is repeatable: how full the last packet is depends on when the driver last asked for it,
            // and that on the wall's clock. All that was tagged before arrives.
            await emulators.tagger.inject(.sendRest)
            try await taggerWire?.pump(toPS: nowPS)
            try await taggerWire?.settle()
            await emulators.tagger.inject(.stall)
            await taggerWire?.unplug()
        case .plugIn:
            await emulators.tagger.inject(.powerCycle)
            // A counter that has just been switched on stands at zero.
            let last = taggerSteps.last?.offsetPS ?? 0
            let step = -(taggerReading(atPS: frontierPS) + last) / 2000 * 2000
            await emulators.tagger.inject(.clockStep(step))
            taggerSteps.append(TaggerStep(fromPS: frontierPS, offsetPS: last + step))
            try await taggerWire?.plugIn()
        }
        await writeLog()
    }

    private func deliver(_ clicks: TagBatch) async {
        var perDetector = [[Int64]](repeating: [], count: emulators.detectors.count)
        var times: [Int64] = []
        var channels: [UInt8] = []
        times.reserveCapacity(clicks.count)
        channels.reserveCapacity(clicks.count)
        for index in 0..<clicks.count {
            let detector = Int(clicks.channels[index])
            perDetector[detector].append(clicks.times[index])
            times.append(taggerReading(atPS: clicks.times[index]))
            channels.append(emulators.taggerInputs[detector])
        }
        for (index, detector) in emulators.detectors.enumerated() {
            await detector.record(clickTimesPS: perDetector[index])
        }
        // Jitter may still bring clicks after the optics' frontier, so the tagger's time stops there.
        await emulators.tagger.inject(
            timesPS: times, channels: channels, upToPS: taggerReading(atPS: optics.frontierPS))
    }

    /// Writes what the emulators have to tell.
    func writeLog() async {
        guard let log else { return }
        var journals: [(Role, any EmulatorJournal)] = [
            (.aliceModulator, emulators.pulser), (.aliceAttenuator, emulators.modulator),
            (.bobTagger, emulators.tagger),
        ]
        for (role, detector) in zip(Role.detectors, emulators.detectors) { journals.append((role, detector)) }
        for (role, journal) in journals {
            for event in await journal.takeEvents() { log.write(event, from: role.rawValue) }
        }
    }

    /// Waits until every byte under way has been delivered and answered.
    func settle() async throws {
        for wire in wires { try await wire.settle() }
    }
}
