import QKDCore
import QKDTransport

/// The card's side of the bus: commands in, events and status bytes out.
///
/// As in the firmware, events beyond the FIFO's watermark are left out until it has been read down, and the overflow
/// flag is up for just as long.
public actor NUSTimestampEmulator: USBEmulator {
    /// How the emulated card is made.
    public struct Settings: Sendable {
        /// Distinguishes several of one kind.
        public var unit = 1
        /// Events that wait in the card before it takes no more: the firmware's watermark.
        public var watermark = 3072
        /// What the bridge carries, events a second (tp8.c).
        public var eventsPerSecond: Int64 = 2_200_000
        /// Whether a reset sets the counter to zero, as it does on the card. On an emulated bench it does not: the bench
        /// compares what was recovered with a counter that goes on.
        public var resetsCounter = true
        /// Whether the card's time goes with the world's and its inputs get a test pattern, at this rate; 0 for none.
        public var testRateHz: Int64 = 0

        /// The usual values.
        public init(unit: Int = 1) { self.unit = unit }
    }

    public nonisolated let description: USBDescription
    private let settings: Settings
    private var isInhibited = true
    private var isRunning = false
    private var flushTicks = 0
    private var statusQueue: [UInt8] = []
    private var queue: [UInt8] = []
    private var queueStart = 0
    private var lastEventPS: Int64 = 0
    private var lastFlushPS: Int64 = 0
    private var mustFlush = false
    private var isFull = false
    private var isStalled = false
    private var hostWaits = false
    private var worldPS: Int64 = 0
    private var cardEpochPS: Int64 = 0
    private var stepPS: Int64 = 0
    private var lastCardPS: Int64 = 0
    private var eventsToLose = 0
    private var bytesToLose = 0
    private var events: [EmulatorEvent] = []
    private var testPS: Int64?
    /// Events that the card left out because its FIFO was full.
    public private(set) var lostEvents = 0

    /// Makes a card in its power-up state.
    public init(settings: Settings = Settings()) {
        self.settings = settings
        let endpoints = [USBEndpoint(0x01), USBEndpoint(0x81), USBEndpoint(0x82)]
        description = USBDescription(
            vendorID: 0x04B4, productID: 0x1234, release: 0x0201, classCodes: [0xFF, 0xFF, 0xFF],
            manufacturer: "Centre for Quantum Technologies", product: "Timestamp Card Rev  2 / 4k FIFO (3.3V)",
            serialNumber: "\(DeviceIdentity.emulatedMark)-\(settings.unit)", attributes: 0xC0, currentMA: 0,
            interfaces: [
                USBInterface(number: 0, endpoints: []), USBInterface(number: 0, alternate: 1, endpoints: endpoints),
            ])
    }

    public func control(_ setup: USBSetup, data: [UInt8], nowPS: Int64) -> USBAnswer { .stall }

    public func receive(_ bytes: [UInt8], endpoint: UInt8, nowPS: Int64) -> USBReceipt {
        guard !isStalled else { return .notYet }
        worldPS = max(worldPS, nowPS)
        // The firmware looks at the command alone, not at length and sum.
        guard bytes.count >= 2 else { return .taken }
        let argument = bytes.count >= 3 ? bytes[2] : 0
        switch bytes[1] {
        case 1:
            isInhibited = true
            queue = []
            queueStart = 0
            // The slow counter starts again.
            if settings.resetsCounter { cardEpochPS = lastCardPS / TimestampEvent.tickPS * TimestampEvent.tickPS }
        case 7: setInhibit(true)
        case 8: setInhibit(false)
        case 11: statusQueue = []
        case 12:
            isRunning = false
            mustFlush = true
        case 13: flushTicks = Int(argument)
        case 14: isRunning = true
        case 15: restart()
        case 16: statusQueue = [status(argument)].compactMap { $0 }
        default: break
        }
        return .taken
    }

    public func send(endpoint: UInt8, limit: Int, nowPS: Int64) -> USBAnswer {
        guard !isStalled else { return .notYet }
        worldPS = max(worldPS, nowPS)
        if endpoint == 0x81 {
            guard !statusQueue.isEmpty else { return .notYet }
            defer { statusQueue = [] }
            return .data(statusQueue)
        }
        if settings.testRateHz > 0 { makeTestEvents() }
        let waiting = queue.count - queueStart
        let whole = isRunning || mustFlush ? min(waiting, limit) / 512 * 512 : 0
        if whole > 0 { return .data(take(whole)) }
        // Two ticks in which nothing came or went: what there is goes, be it nothing (tp8.c, the timer in main).
        let flushPS = Int64(flushTicks) * 20 * Picoseconds.perMillisecond
        let isDue = flushTicks > 0 && worldPS - max(lastEventPS, lastFlushPS) >= flushPS
        if mustFlush || isDue {
            mustFlush = false
            lastFlushPS = worldPS
            return .data(take(waiting))
        }
        hostWaits = true
        return .notYet
    }

    public func powerCycle(nowPS: Int64) { restart() }

    /// What happened since the last call.
    public func takeEvents() -> [EmulatorEvent] {
        defer { events = [] }
        return events
    }

    /// Fires inputs at times of the card's own clock, and lets that clock go to `upToPS`; see `TaggerEmulation`.
    public func inject(timesPS: [Int64], channels: [UInt8], upToPS: Int64) {
        defer { lastCardPS = max(lastCardPS, upToPS + stepPS) }
        guard !isInhibited, !isStalled else { return }
        // While the host keeps asking, the bridge carries events off as they come.
        let elapsedPS = max(0, upToPS + stepPS - lastCardPS)
        let carried = hostWaits && isRunning ? Int(settings.eventsPerSecond * (elapsedPS / 1000) / 1_000_000_000) : 0
        let room = settings.watermark + carried
        hostWaits = false
        var index = 0
        while index < timesPS.count {
            let ticks = (timesPS[index] + stepPS - cardEpochPS) / TimestampEvent.tickPS
            var inputs: UInt8 = 0
            while index < timesPS.count, (timesPS[index] + stepPS - cardEpochPS) / TimestampEvent.tickPS == ticks {
                if (1...4).contains(channels[index]) { inputs |= 1 << (channels[index] - 1) }
                index += 1
            }
            if inputs != 0 { record(ticks, inputs, room: room) }
        }
        lastEventPS = timesPS.isEmpty ? lastEventPS : worldPS
    }

    /// Makes something go wrong.
    public func inject(_ fault: TaggerFault) {
        switch fault {
        case .loseBytes(let count): bytesToLose += count
        case .sendRest: mustFlush = true
        case .overflow(let records): eventsToLose += records
        case .stall: isStalled = true
        case .recover: isStalled = false
        case .powerCycle:
            isStalled = false
            restart()
            cardEpochPS = 0
        case .clockStep(let step): stepPS += step / TimestampEvent.tickPS * TimestampEvent.tickPS
        }
    }

    private func record(_ ticks: Int64, _ inputs: UInt8, room: Int) {
        let waiting = (queue.count - queueStart) / TimestampEvent.byteCount
        if eventsToLose > 0 || waiting >= room {
            eventsToLose = max(0, eventsToLose - 1)
            lostEvents += 1
            if !isFull { note("FIFO full: events are left out") }
            isFull = true
            return
        }
        let pattern = UInt16(ticks & 0xF) << 5 | 0x10
        let (dv, cv) = TimestampEvent.encode(ticks: ticks, inputs: inputs, pattern: pattern)
        withUnsafeBytes(of: (dv.littleEndian, cv.littleEndian)) { queue.append(contentsOf: $0) }
        if bytesToLose > 0 {
            let lost = min(bytesToLose, TimestampEvent.byteCount)
            queue.removeLast(lost)
            bytesToLose -= lost
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        let bytes = Array(queue[queueStart..<queueStart + count])
        queueStart += count
        if queueStart > 1 << 20 || queueStart == queue.count {
            queue.removeFirst(queueStart)
            queueStart = 0
        }
        return bytes
    }

    private func status(_ index: UInt8) -> UInt8? {
        switch index {
        case 0: return isInhibited ? 0x80 : 0
        case 2: return 4
        case 8:
            // Told once at least, however short it was: a host that asks seldom would else never know.
            defer { if (queue.count - queueStart) / TimestampEvent.byteCount < settings.watermark { isFull = false } }
            return isFull ? 1 : 0
        case 1, 3...7: return 0
        default: return nil
        }
    }

    private func setInhibit(_ on: Bool) {
        if on != isInhibited { note(on ? "takes no events" : "takes events") }
        isInhibited = on
    }

    private func restart() {
        isInhibited = true
        isRunning = false
        flushTicks = 0
        statusQueue = []
        queue = []
        queueStart = 0
        isFull = false
        mustFlush = false
        testPS = nil
    }

    /// A pulse on each input in turn, on the world's clock.
    private func makeTestEvents() {
        guard !isInhibited else { return }
        let period = Picoseconds.perSecond / settings.testRateHz
        var next = testPS ?? worldPS
        var times: [Int64] = []
        while next < worldPS, times.count < 1 << 16 {
            times.append(next)
            next += period
        }
        testPS = next
        hostWaits = true
        inject(
            timesPS: times, channels: times.map { UInt8($0 / period & 3) + 1 }, upToPS: max(worldPS, lastCardPS))
    }

    private func note(_ text: String) { events.append(EmulatorEvent(atPS: worldPS, text: text)) }
}
