import QKDCore
import QKDTransport

/// The device's side of the Quantis USB. It is no source of keys: the bytes follow from the seed.
public actor IDQuantisUSBEmulator: USBEmulator {
    /// The state at power-up.
    public struct Setup: Sendable {
        /// All bytes follow from it.
        public var seed: UInt64
        /// Distinguishes several; ends up in the serial number.
        public var unit = 1
        /// Bit mask of modules that are there.
        public var modules: UInt8 = 0x01
        /// Bit mask of modules that work.
        public var workingModules: UInt8 = 0x01
        /// What a module gives, kbit/s.
        public var rateKbitPerS: UInt32 = 4000
        /// Whether the start-up test failed.
        public var hasFailedStartup = false
        /// Bytes that wait for the host; those that find no room are not made.
        public var bufferByteCount = 16 << 10

        /// A healthy device.
        public init(seed: UInt64, unit: Int = 1) {
            self.seed = seed
            self.unit = unit
        }
    }

    /// What is wrong with its noise, for trying out the tests.
    public enum Fault: Sendable {
        /// All bytes are the same.
        case stuck
        /// One byte value comes in eight.
        case biased
    }

    public nonisolated let description: USBDescription
    private var setup: Setup
    private var generator: SplitMix
    private var fault: Fault?
    private var isEnabled = true
    private var waiting = 0
    private var filledPS: Int64 = 0
    private var events: [EmulatorEvent] = []

    /// Switches the device on.
    public init(_ setup: Setup) {
        self.setup = setup
        generator = SplitMix(state: setup.seed)
        description = USBDescription(
            vendorID: 0x0ABA, productID: 0x0102, release: 0x0200, classCodes: [0xFF, 0xFF, 0xFF],
            manufacturer: "id Quantique", product: "Quantis USB",
            serialNumber: "\(DeviceIdentity.emulatedMark)-\(setup.unit)", currentMA: 300,
            interfaces: [USBInterface(number: 0, endpoints: [USBEndpoint(0x86, packetLength: 512)])])
    }

    /// Spoils the noise from now on.
    public func inject(_ fault: Fault?) { self.fault = fault }

    /// Has modules fail, and the start-up test.
    public func setWorkingModules(_ mask: UInt8, hasFailedStartup: Bool = false) {
        setup.workingModules = mask
        setup.hasFailedStartup = hasFailedStartup
    }

    /// What happened since the last call.
    public func takeEvents() -> [EmulatorEvent] {
        defer { events = [] }
        return events
    }

    public func control(_ setup: USBSetup, data: [UInt8], nowPS: Int64) -> USBAnswer {
        fill(toPS: nowPS)
        switch (setup.requestType, setup.request) {
        case (0xC1, 0x10): return .data(UInt32(2).littleBytes)
        case (0xC1, 0x13): return .data([isEnabled ? self.setup.workingModules : 0])
        case (0xC1, 0x14): return .data([isEnabled ? 1 : 0])
        case (0xC1, 0x15): return .data([self.setup.modules])
        case (0xC1, 0x16): return .data(self.setup.rateKbitPerS.littleBytes)
        case (0xC1, 0x17): return .data([self.setup.hasFailedStartup ? 1 : 0])
        case (0x41, 0x11), (0x41, 0x12):
            isEnabled = setup.request == 0x12
            waiting = 0
            events.append(EmulatorEvent(atPS: nowPS, text: isEnabled ? "modules enabled" : "modules disabled"))
            return .data([])
        case (0x41, 0x18):
            self.setup.hasFailedStartup = false
            return .data([])
        default: return .stall
        }
    }

    public func send(endpoint: UInt8, limit: Int, nowPS: Int64) -> USBAnswer {
        fill(toPS: nowPS)
        let packets = min(waiting, limit) / 512
        guard packets > 0 else { return .notYet }
        waiting -= packets * 512
        return .data(produce(packets * 512))
    }

    public func powerCycle(nowPS: Int64) {
        isEnabled = true
        waiting = 0
        filledPS = nowPS
    }

    /// Bytes are made as time passes, as many as there is room for.
    private func fill(toPS nowPS: Int64) {
        let working = (setup.workingModules & setup.modules).nonzeroBitCount
        let bytesPerSecond = isEnabled ? Int64(setup.rateKbitPerS) * 125 * Int64(working) : 0
        let elapsedPS = max(0, nowPS - filledPS)
        guard bytesPerSecond > 0 else {
            filledPS = max(filledPS, nowPS)
            return
        }
        let perByte = Picoseconds.perSecond / bytesPerSecond
        let made = elapsedPS / perByte
        filledPS += made * perByte
        waiting = Int(min(Int64(setup.bufferByteCount), Int64(waiting) + made))
    }

    private func produce(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: generator.next().littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        switch fault {
        case .stuck: return [UInt8](repeating: 0x5A, count: count)
        case .biased: return bytes.enumerated().map { $0.offset % 8 == 0 ? 0xA7 : $0.element }
        case nil: return bytes
        }
    }
}
