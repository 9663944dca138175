import QKDCore

/// A serial instrument behind the abstract control model of the communication device class (USB CDC 1.2, PSTN 1.2).
public actor CDCACMEmulator: USBEmulator {
    public nonisolated let description: USBDescription
    private let instrument: any StreamEmulator
    private var outgoing = OutgoingBytes()
    private var owesEmptyPacket = false
    /// 115200 baud, one stop bit, no parity, eight bits.
    private var lineCoding: [UInt8] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]
    /// DTR is bit 0, RTS bit 1.
    public private(set) var controlLines: UInt16 = 0

    /// Puts `instrument` behind a bridge.
    public init(_ instrument: any StreamEmulator, bridge: SerialBridge, serialNumber: String) {
        self.instrument = instrument
        // Header, call management, abstract control, union: what Linux's cdc_acm looks for.
        let functional: [UInt8] = [
            5, 0x24, 0x00, 0x10, 0x01, 5, 0x24, 0x01, 0x00, 0x01, 4, 0x24, 0x02, 0x02, 5, 0x24, 0x06, 0, 1,
        ]
        description = USBDescription(
            vendorID: bridge.vendorID, productID: bridge.productID, release: 0x0100,
            classCodes: [0xEF, 0x02, 0x01], manufacturer: bridge.manufacturer, product: bridge.product,
            serialNumber: serialNumber,
            interfaces: [
                USBInterface(
                    number: 0, classCodes: [0x02, 0x02, 0x01], preamble: [8, 0x0B, 0, 2, 0x02, 0x02, 0x01, 0],
                    classDescriptors: functional,
                    endpoints: [USBEndpoint(0x81, .interrupt, packetLength: 16, interval: 9)]),
                USBInterface(
                    number: 1, classCodes: [0x0A, 0, 0], endpoints: [USBEndpoint(0x82), USBEndpoint(0x02)]),
            ])
    }

    /// The speed that the host has set, baud; without meaning to the instrument.
    public var baud: Int { lineCoding.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) } }

    public func control(_ setup: USBSetup, data: [UInt8], nowPS: Int64) -> USBAnswer {
        switch (setup.requestType, setup.request) {
        case (0x21, 0x20) where data.count == 7:
            lineCoding = data
            return .data([])
        case (0xA1, 0x21): return .data(lineCoding)
        case (0x21, 0x22):
            controlLines = setup.value
            return .data([])
        case (0x21, 0x23): return .data([])
        default: return .stall
        }
    }

    public func receive(_ bytes: [UInt8], endpoint: UInt8, nowPS: Int64) async -> USBReceipt {
        outgoing.append(await instrument.receive(bytes, nowPS: nowPS))
        return .taken
    }

    public func send(endpoint: UInt8, limit: Int, nowPS: Int64) async -> USBAnswer {
        guard endpoint == 0x82 else { return .notYet }
        if outgoing.count < limit { outgoing.append(await instrument.advance(toPS: nowPS)) }
        guard outgoing.count > 0 else {
            // A transfer of whole packets ends with an empty one, or the host would wait for more.
            defer { owesEmptyPacket = false }
            return owesEmptyPacket ? .data([]) : .notYet
        }
        let bytes = outgoing.take(limit)
        owesEmptyPacket = bytes.count % 512 == 0
        return .data(bytes)
    }

    public func powerCycle(nowPS: Int64) {
        outgoing.removeAll()
        controlLines = 0
    }
}
