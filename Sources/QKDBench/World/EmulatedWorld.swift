import QKDCore
import QKDPhysics
import QKDTransport

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
    private var wires: [EmulatedWire] = []
    private var log: EmulatorLog?
    private var advancing = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

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

    func add(_ wire: EmulatedWire) { wires.append(wire) }

    /// Tells which end of a wire the driver in this process holds, so that bytes can be waited for.
    func attach(driver: any ByteTransport, toWire path: String) {
        for index in wires.indices where wires[index].path == path { wires[index].driver = driver }
    }

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
        await takeTurn()
        defer { giveTurn() }
        guard nowPS < targetPS else { return }
        while nowPS < targetPS {
            try Task.checkCancellation()
            try await step(toPS: min(nowPS + Self.stepPS, targetPS))
        }
        if settling { try await settle() }
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

    private func takeTurn() async {
        if advancing { await withCheckedContinuation { waiting.append($0) } } else { advancing = true }
    }

    private func giveTurn() {
        if waiting.isEmpty { advancing = false } else { waiting.removeFirst().resume() }
    }
}
