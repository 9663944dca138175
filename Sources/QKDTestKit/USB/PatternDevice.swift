import QKDCore
import QKDTransport

/// A USB device for tests of buses and transports: each endpoint does one thing.
///
/// | endpoint | what it does |
/// | --- | --- |
/// | 0x81 | runs of packets; a run begins with its first number and its length; as many as are asked for, or a given number a second |
/// | 0x02, 0x82 | what goes in comes out |
/// | 0x83 | never has anything |
/// | 0x84 | gives 300 bytes at once, then stalls until its halt is cleared |
/// | 0x85 | gives one full packet and no more |
///
/// Vendor request 1 gives back `wValue` and `wIndex`; all others stall.
public actor PatternDevice: USBEmulator {
    /// pid.codes' vendor id, of which a few product ids are for tests.
    public static let vendorID: UInt16 = 0x1209
    /// One of those product ids.
    public static let productID: UInt16 = 0x0002
    /// Bytes of a full packet.
    public static let packetLength = 512

    public nonisolated let description: USBDescription
    private let packetsPerSecond: Int64
    private let fifoPackets: Int
    private var echo: [[UInt8]] = []
    private var gaveShort = false
    private var gaveFull = false
    private var startPS: Int64?
    private var made: Int64 = 0
    private var nextNumber: UInt64 = 0
    /// Packets that the source sent.
    public private(set) var sentPackets = 0
    /// Packets that the source left out because nobody took them in time.
    public private(set) var lostPackets = 0

    /// A device whose source gives whatever is asked for, or makes packets at a rate and keeps `fifoPackets` of them.
    public init(serialNumber: String, packetsPerSecond: Int64 = 0, fifoPackets: Int = 256) {
        self.packetsPerSecond = packetsPerSecond
        self.fifoPackets = fifoPackets
        description = USBDescription(
            vendorID: Self.vendorID, productID: Self.productID, release: 0x0100, classCodes: [0xFF, 0xFF, 0xFF],
            manufacturer: "qkdctl", product: "Pattern device", serialNumber: serialNumber,
            interfaces: [
                USBInterface(number: 0, endpoints: [0x81, 0x02, 0x82, 0x83, 0x84, 0x85].map { USBEndpoint($0) })
            ])
    }

    public func control(_ setup: USBSetup, data: [UInt8], nowPS: Int64) -> USBAnswer {
        guard setup.requestType == 0xC0, setup.request == 1 else { return .stall }
        return .data(setup.value.littleBytes + setup.index.littleBytes)
    }

    public func receive(_ bytes: [UInt8], endpoint: UInt8, nowPS: Int64) -> USBReceipt {
        guard echo.count < 64 else { return .notYet }
        echo.append(bytes)
        return .taken
    }

    public func send(endpoint: UInt8, limit: Int, nowPS: Int64) -> USBAnswer {
        switch endpoint {
        case 0x81: return source(limit, nowPS)
        case 0x82: return echo.isEmpty ? .notYet : .data(echo.removeFirst())
        case 0x84:
            defer { gaveShort.toggle() }
            return gaveShort ? .stall : .data([UInt8](repeating: 0x84, count: 300))
        case 0x85:
            defer { gaveFull = true }
            return gaveFull ? .notYet : .data([UInt8](repeating: 0x85, count: Self.packetLength))
        default: return .notYet
        }
    }

    public func powerCycle(nowPS: Int64) {
        echo = []
        gaveShort = false
        gaveFull = false
    }

    private func source(_ limit: Int, _ nowPS: Int64) -> USBAnswer {
        var packets = limit / Self.packetLength
        if packetsPerSecond > 0 {
            let start = startPS ?? nowPS
            startPS = start
            let due = (nowPS - start) / (Picoseconds.perSecond / packetsPerSecond)
            // What was made beyond the FIFO's room since the host last took some is gone.
            let waiting = due - made
            let lost = max(0, waiting - Int64(fifoPackets))
            lostPackets += Int(lost)
            nextNumber += UInt64(lost)
            made += lost
            packets = min(packets, Int(due - made))
            guard packets > 0 else { return .notYet }
            made += Int64(packets)
        }
        var bytes = [UInt8](repeating: 0xA5, count: packets * Self.packetLength)
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: nextNumber.littleEndian, as: UInt64.self)
            raw.storeBytes(of: UInt64(packets).littleEndian, toByteOffset: 8, as: UInt64.self)
        }
        nextNumber += UInt64(packets)
        sentPackets += packets
        return .data(bytes)
    }

    /// Reads the numbers of packets in the order in which they came, and counts those that are missing.
    public struct Reader: Sendable {
        private var next: UInt64 = 0
        /// Packets that came.
        public private(set) var packets = 0
        /// Packets whose numbers were left out.
        public private(set) var missing = 0
        /// Packets whose numbers did not rise.
        public private(set) var disorder = 0

        /// Expects number 0 first.
        public init() {}

        /// Takes the bytes of a transfer: whole packets.
        public mutating func take(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { raw in
                var offset = 0
                while offset + 16 <= raw.count {
                    let number = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    let count = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
                    if number < next { disorder += 1 } else { missing += Int(number - next) }
                    next = number &+ count
                    packets += Int(truncatingIfNeeded: count)
                    offset += max(1, Int(truncatingIfNeeded: count)) * PatternDevice.packetLength
                }
                // The run that was announced last has to be whole.
                if offset != raw.count { disorder += 1 }
            }
        }
    }
}
