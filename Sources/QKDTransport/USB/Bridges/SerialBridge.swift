import QKDCore

/// How a serial instrument shows itself on USB.
public struct SerialBridge: Sendable, Equatable {
    /// What stands between the bus and the instrument.
    public enum Kind: Sendable {
        /// The instrument's own controller, in the class that has a kernel driver of its own.
        case cdcACM
        /// An FTDI converter, FT230X.
        case ftdi
    }

    /// What it is.
    public var kind: Kind
    /// The descriptor's `idVendor`.
    public var vendorID: UInt16
    /// The descriptor's `idProduct`.
    public var productID: UInt16
    /// The manufacturer string.
    public var manufacturer: String
    /// The product string; udev rules and lists go by it.
    public var product: String

    /// Describes a bridge. Without ids from a public source the emulated one has those for tests of pid.codes (CDC-ACM)
    /// or FTDI's own default.
    public init(
        _ kind: Kind, vendorID: UInt16? = nil, productID: UInt16? = nil, manufacturer: String, product: String
    ) {
        self.kind = kind
        self.vendorID = vendorID ?? (kind == .ftdi ? 0x0403 : 0x1209)
        self.productID = productID ?? (kind == .ftdi ? 0x6015 : 0x0001)
        self.manufacturer = manufacturer
        self.product = product
    }

    /// Puts a serial emulator behind the bridge.
    public func emulator(_ instrument: any StreamEmulator, serialNumber: String) -> any USBEmulator {
        switch kind {
        case .cdcACM: CDCACMEmulator(instrument, bridge: self, serialNumber: serialNumber)
        case .ftdi: FTDIEmulator(instrument, bridge: self, serialNumber: serialNumber)
        }
    }
}

/// Bytes that wait for the host; taken from the front.
struct OutgoingBytes: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: [UInt8]) { bytes += more }

    mutating func take(_ limit: Int) -> [UInt8] {
        let taken = Array(bytes[start..<start + min(limit, count)])
        start += taken.count
        if start == bytes.count || start > 1 << 20 {
            bytes.removeFirst(start)
            start = 0
        }
        return taken
    }

    mutating func removeAll() {
        bytes = []
        start = 0
    }
}
