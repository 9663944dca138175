import QKDCore
import QKDTransport

/// The device's side of the QCicada's wire. It is no source of keys: the bytes follow from the seed.
public actor QCicadaEmulator: StreamEmulator {
    /// The state at power-up.
    public struct Setup: Sendable {
        /// All bytes follow from it.
        public var seed: UInt64
        /// Distinguishes several; ends up in the serial number.
        public var unit = 1
        /// Bytes that a stream gives in a second; the line itself carries 100 000.
        public var bytesPerSecond = 100_000
        /// Whether single reads, too, take their time.
        public var limitsSingleReads = false
        /// The flag byte: initialised, and nothing else.
        public var flags: UInt8 = 0x01
        /// The bytes that are said to wait.
        public var readyBytes: UInt32 = 13376
        /// The settings as they are on the wire.
        public var configuration: [UInt8] = [0, 0, 0, 0, 0x3F, 0x0F, 4, 64, 0xC0, 0x01, 0x00, 0x08]
        /// How long the start-up test takes after a reset.
        public var startupTestPS = 100 * Picoseconds.perMillisecond

        /// A healthy device.
        public init(seed: UInt64, unit: Int = 1) {
            self.seed = seed
            self.unit = unit
        }
    }

    private let setup: Setup
    private var flags: UInt8
    private var configuration: [UInt8]
    private var generator: SplitMix
    private var heard: [UInt8] = []
    private var latestPS: Int64 = 0
    private var generated: UInt64 = 0
    private var failures: [UInt32] = [0, 0, 0]
    private var testEndPS: Int64?
    /// What is being given out over time: until stopped (`nil`), or so many bytes more.
    private var outflow: (left: Int?, sincePS: Int64, given: Int)?
    private var events: [EmulatorEvent] = []

    /// Switches the device on.
    public init(_ setup: Setup) {
        self.setup = setup
        flags = setup.flags
        configuration = setup.configuration
        generator = SplitMix(state: setup.seed)
    }

    /// Sets the flag byte from now on, for trying out faults; failed tests are counted in the statistics.
    public func setStatusFlags(_ flags: UInt8) {
        for (index, bit) in [UInt8(0x40), 0x80, 0x20].enumerated() where flags & bit != 0 { failures[index] &+= 1 }
        self.flags = flags
        note("status flags \(flags)")
    }

    /// Starts and stops of the stream since the last call.
    public func takeEvents() -> [EmulatorEvent] {
        defer { events = [] }
        return events
    }

    public func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        var answer = advance(toPS: nowPS)
        heard += bytes
        while let length = lengthOfCommand(), heard.count >= length {
            let command = Array(heard[..<length])
            heard.removeFirst(length)
            answer += obey(command)
        }
        return answer
    }

    public func advance(toPS nowPS: Int64) -> [UInt8] {
        latestPS = max(latestPS, nowPS)
        if let end = testEndPS, end <= latestPS {
            testEndPS = nil
            flags &= ~0x02
            flags |= 0x01
        }
        guard let (left, since, given) = outflow else { return [] }
        let due = bytesDue(sincePS: since)
        // A host that slept for long gets no more than a buffer full at once, as on a real line.
        let count = max(0, min(due - given, left ?? Int.max, 65536))
        if let left {
            outflow = left == count ? nil : (left - count, since, given + count)
        } else {
            outflow = (nil, since, max(given + count, due))
        }
        return produce(count)
    }

    /// Whole bytes that were generated since `sincePS`.
    private func bytesDue(sincePS: Int64) -> Int {
        let rate = Int64(min(max(setup.bytesPerSecond, 0), 1_000_000_000))
        let product = rate.multipliedFullWidth(by: max(0, latestPS - sincePS))
        return Int(Picoseconds.perSecond.dividingFullWidth(product).quotient)
    }

    // MARK: Commands

    /// The length of the command at the front; `nil` when nothing was heard.
    private func lengthOfCommand() -> Int? {
        switch heard.first {
        case nil: nil
        case 0x04: 4
        case 0x08: 13
        case 0x51, 0xF8: 3
        default: 1
        }
    }

    private func obey(_ command: [UInt8]) -> [UInt8] {
        switch command[0] {
        case 0x01: return acknowledge()
        case 0x04: return start(oneShot: command[1], count: Int(command[2]) | Int(command[3]) << 8)
        case 0x05:
            if outflow != nil { note("stream stopped") }
            outflow = nil
            return acknowledge()
        case 0x07: return [0x17] + configuration
        case 0x08:
            guard command[1] <= 2 else { return [0x12] }
            configuration = Array(command[1...])
            return acknowledge()
        case 0x09: return [0x19] + statistics()
        case 0x0A:
            generated = 0
            failures = [0, 0, 0]
            flags |= 0x02
            testEndPS = latestPS + setup.startupTestPS
            note("reset")
            return acknowledge()
        case 0x0B:
            // Core 1.12 and firmware 5.12, the last that cannot sign: this emulator has no key.
            return [0x1B] + UInt32(0x1000C).littleBytes + UInt32(0x5000C).littleBytes + padded("EMULATED-\(setup.unit)")
                + padded("CICADA-QRNG EMULATED")
        default: return [0x12]
        }
    }

    private func start(oneShot: UInt8, count: Int) -> [UInt8] {
        // Whether the device itself refuses after a failed test is not public; it does so here unless told otherwise.
        let isUnfit = flags & 0xFE != 0 || flags & 0x01 == 0
        if isUnfit && configuration[5] & 0x20 == 0 { return [0x12] }
        switch (oneShot, count) {
        case (1, 1...) where setup.limitsSingleReads:
            outflow = (count, latestPS, 0)
            return acknowledge()
        case (1, 1...): return acknowledge() + produce(count)
        case (0, 0):
            outflow = (nil, latestPS, 0)
            note("stream started")
            return acknowledge()
        default: return [0x12]
        }
    }

    private func acknowledge() -> [UInt8] { [0x11, flags] + setup.readyBytes.littleBytes }

    private func statistics() -> [UInt8] {
        generated.littleBytes + failures.flatMap(\.littleBytes) + UInt32(100_696).littleBytes + UInt16(512).littleBytes
            + Float(45.5).bitPattern.littleBytes
    }

    private func produce(_ count: Int) -> [UInt8] {
        generated &+= UInt64(count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count { bytes += generator.next().littleBytes }
        return Array(bytes.prefix(count))
    }

    private func note(_ text: String) { events.append(EmulatorEvent(atPS: latestPS, text: text)) }

    private func padded(_ text: String) -> [UInt8] {
        Array((Array(text.utf8) + Array(repeating: 0, count: 24)).prefix(24))
    }
}
