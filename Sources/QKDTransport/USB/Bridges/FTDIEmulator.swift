import QKDCore

/// A serial instrument behind an FTDI FT230X.
///
/// Vendor requests and the two status bytes at the head of every packet: pyftdi ftdi.py; what Linux's ftdi_sio asks at
/// its start.
public actor FTDIEmulator: USBEmulator {
    public nonisolated let description: USBDescription
    private let instrument: any StreamEmulator
    private var outgoing = OutgoingBytes()
    private var latencyMS: Int64 = 16
    private var lastPacketPS: Int64 = .min / 2
    /// The divisor as the host has set it: `wValue`, and the low bit of `wIndex` above it.
    public private(set) var divisor: UInt32 = 0

    /// Bytes of a packet, the status among them: FT-X chips run at full speed.
    private static let packetLength = 64
    /// Clear to send, data set ready; transmitter empty.
    private static let status: [UInt8] = [0x31, 0x60]

    /// Puts `instrument` behind a bridge.
    public init(_ instrument: any StreamEmulator, bridge: SerialBridge, serialNumber: String) {
        self.instrument = instrument
        description = USBDescription(
            speed: .full, vendorID: bridge.vendorID, productID: bridge.productID, release: 0x1000,
            manufacturer: bridge.manufacturer, product: bridge.product, serialNumber: serialNumber,
            interfaces: [
                USBInterface(
                    number: 0,
                    endpoints: [
                        USBEndpoint(0x81, packetLength: Self.packetLength),
                        USBEndpoint(0x02, packetLength: Self.packetLength),
                    ])
            ])
    }

    /// The speed that the divisor makes, baud; 0 before one was set.
    public var baud: Int { FTDIDivisor.baud(divisor) }

    public func control(_ setup: USBSetup, data: [UInt8], nowPS: Int64) -> USBAnswer {
        switch (setup.requestType, setup.request) {
        case (0x40, 0):
            // 1 empties what waits for the host, as the chip names it: receive.
            if setup.value == 1 { outgoing.removeAll() }
            return .data([])
        case (0x40, 3):
            // With a port number in the lower byte, as Linux sends it even to chips of one port, the rest is in the upper.
            let upper = setup.index & 0xFF == 0 || setup.index > 0xFF ? setup.index >> 8 : 0
            divisor = UInt32(setup.value) | UInt32(upper & 1) << 16
            return .data([])
        case (0x40, 9):
            latencyMS = Int64(max(1, setup.value & 0xFF))
            return .data([])
        case (0x40, 1), (0x40, 2), (0x40, 4), (0x40, 6), (0x40, 7), (0x40, 0x0B): return .data([])
        case (0xC0, 5): return .data(Self.status)
        case (0xC0, 0x0A): return .data([UInt8(latencyMS)])
        case (0xC0, 0x0C): return .data([0])
        // An empty memory.
        case (0xC0, 0x90): return .data([0xFF, 0xFF])
        default: return .stall
        }
    }

    public func receive(_ bytes: [UInt8], endpoint: UInt8, nowPS: Int64) async -> USBReceipt {
        outgoing.append(await instrument.receive(bytes, nowPS: nowPS))
        return .taken
    }

    public func send(endpoint: UInt8, limit: Int, nowPS: Int64) async -> USBAnswer {
        let most = limit / Self.packetLength * (Self.packetLength - Self.status.count)
        if outgoing.count < most { outgoing.append(await instrument.advance(toPS: nowPS)) }
        let isIdle = outgoing.count == 0
        // An idle chip tells its status once in every latency period.
        if isIdle, nowPS - lastPacketPS < latencyMS * Picoseconds.perMillisecond { return .notYet }
        lastPacketPS = nowPS
        let bytes = outgoing.take(most)
        var packets: [UInt8] = []
        packets.reserveCapacity(limit)
        var start = 0
        repeat {
            let end = min(bytes.count, start + Self.packetLength - Self.status.count)
            packets += Self.status
            packets += bytes[start..<end]
            start = end
        } while start < bytes.count
        return .data(packets)
    }

    public func powerCycle(nowPS: Int64) { outgoing.removeAll() }
}
