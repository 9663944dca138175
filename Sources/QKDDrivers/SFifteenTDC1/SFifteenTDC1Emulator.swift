import QKDCore
import QKDTransport

/// The TDC1's side of the wire: text commands in, text and time stamp words out.
///
/// Two times pass here. The world's (`nowPS`, `toPS`) ends gates; the tagger's own, which the bench
/// makes with its clock model, comes with the events and makes the time stamps and the dummies. With
/// `Settings.followsWorld` the tagger's clock is the world's.
public actor SFifteenTDC1Emulator: StreamEmulator {
    /// How the emulated device is made.
    public struct Settings: Sendable {
        /// Distinguishes several of one kind.
        public var unit = 1
        /// Whether a packet of less than 64 bytes waits for `INPKT`, an answer or the packet's rest, as on the device.
        public var holdsPartialPackets = true
        /// Whether the tagger's own time follows the world's, so that dummies come without anybody injecting.
        public var followsWorld = false
        /// Bytes that may wait for the host before time stamps are lost and the status says so.
        public var bufferByteCount = 64 << 20

        /// The usual values.
        public init(unit: Int = 1) { self.unit = unit }
    }

    let settings: Settings
    var text = TDC1CommandReader()
    var queue = TDC1PacketQueue()
    var stamper = TDC1Stamper()
    var mode = Mode.singles
    var gateMS = 1000
    var gate: Gate?
    var thresholdVolts = -0.5
    var referenceChoice = 0
    var hasOverflowed = false
    var worldPS: Int64 = 0
    private var isStalled = false
    private var events: [EmulatorEvent] = []

    enum Mode: Int {
        case singles = 0
        case pairs = 1
        case timestamp = 3
    }

    /// A gate that is open: when it ends in the world's time, and what was counted.
    struct Gate {
        var mode: Mode
        var endPS: Int64?
        var counter = TDC1GateCounter()
    }

    /// Makes a device in its power-up state.
    public init(settings: Settings = Settings()) { self.settings = settings }

    public func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        guard !isStalled else { return [] }
        pass(toPS: nowPS)
        for command in text.take(bytes) { obey(command) }
        return queue.release(holdingPartialPackets: settings.holdsPartialPackets)
    }

    public func advance(toPS nowPS: Int64) -> [UInt8] {
        guard !isStalled else { return [] }
        pass(toPS: nowPS)
        return queue.release(holdingPartialPackets: settings.holdsPartialPackets)
    }

    /// Fires inputs at times of the tagger's own clock, and lets that clock go to `upToPS`.
    ///
    /// `timesPS` is in order and before `upToPS`, and after all earlier ones; `channels` are 1 to 4, others
    /// have no socket and are passed over. Edges of one 2 ns tick make one word. Without an open gate
    /// the edges are seen by nobody.
    public func inject(timesPS: [Int64], channels: [UInt8], upToPS: Int64) {
        precondition(timesPS.count == channels.count, "an event is a time and a channel")
        guard var gate, !isStalled else {
            stamper.skip(toPS: upToPS)
            return
        }
        if gate.mode == .timestamp {
            stamp(timesPS, channels, upToPS)
            return
        }
        self.gate = nil
        gate.counter.count(timesPS, channels)
        self.gate = gate
        stamper.skip(toPS: upToPS)
    }

    /// Lets the tagger's own clock go to `toPS` without an event.
    public func advanceTagger(toPS: Int64) { inject(timesPS: [], channels: [], upToPS: toPS) }

    /// Makes something go wrong. The real device loses two bytes at high rates.
    public func inject(_ fault: TaggerFault) {
        switch fault {
        case .loseBytes(let count): queue.lose(bytes: count)
        case .sendRest: queue.flush()
        case .overflow(let words):
            stamper.lose(words: words)
            hasOverflowed = true
            note("buffer overflow")
        case .stall: isStalled = true
        case .recover:
            isStalled = false
            stamper.restart()
        case .powerCycle: restart()
        case .clockStep(let stepPS): stamper.step(byPS: stepPS)
        }
    }

    /// Back to the power-up state; the stamper goes on, because its time is the world's.
    private func restart() {
        text = TDC1CommandReader()
        queue = TDC1PacketQueue()
        mode = .singles
        gateMS = 1000
        gate = nil
        thresholdVolts = -0.5
        referenceChoice = 0
        hasOverflowed = false
        isStalled = false
        stamper.restart()
    }

    /// What happened since the last call: starts and ends of counting.
    public func takeEvents() -> [EmulatorEvent] {
        defer { events = [] }
        return events
    }

    func note(_ text: String) { events.append(EmulatorEvent(atPS: worldPS, text: text)) }

    private func pass(toPS nowPS: Int64) {
        worldPS = max(worldPS, nowPS)
        if let endPS = gate?.endPS, endPS <= worldPS { endGate(atPS: endPS) }
        if settings.followsWorld { advanceTagger(toPS: worldPS) }
    }

    private func endGate(atPS: Int64) {
        guard let gate else { return }
        self.gate = nil
        events.append(EmulatorEvent(atPS: atPS, text: "gate ended"))
        switch gate.mode {
        case .singles: queue.say(gate.counter.singlesText)
        case .pairs: queue.say(gate.counter.pairsText)
        case .timestamp: break
        }
    }

    private func stamp(_ timesPS: [Int64], _ channels: [UInt8], _ upToPS: Int64) {
        let words = stamper.words(timesPS, channels, upToPS: upToPS)
        guard queue.byteCount + words.count * 4 <= settings.bufferByteCount else {
            if !hasOverflowed { note("buffer overflow") }
            hasOverflowed = true
            return
        }
        queue.append(words)
    }
}
