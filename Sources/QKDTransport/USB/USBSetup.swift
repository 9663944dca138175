import QKDCore

/// The eight bytes that begin every control transfer (USB 2.0, section 9.3).
public struct USBSetup: Sendable, Equatable {
    /// Direction (bit 7, set: device to host), kind (bits 6 and 5) and recipient (bits 4 to 0).
    public var requestType: UInt8
    /// `bRequest`.
    public var request: UInt8
    /// `wValue`.
    public var value: UInt16
    /// `wIndex`: an interface, an endpoint, or zero.
    public var index: UInt16
    /// `wLength`: bytes of the data stage, or the most that the host takes.
    public var length: UInt16

    /// Makes a request.
    public init(requestType: UInt8, request: UInt8, value: UInt16 = 0, index: UInt16 = 0, length: UInt16 = 0) {
        self.requestType = requestType
        self.request = request
        self.value = value
        self.index = index
        self.length = length
    }

    /// Reads the eight bytes as they go over the wire; `nil` if there are not eight.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 8 else { return nil }
        let bytes = Array(bytes)
        self.init(
            requestType: bytes[0], request: bytes[1], value: UInt16(bytes[2]) | UInt16(bytes[3]) << 8,
            index: UInt16(bytes[4]) | UInt16(bytes[5]) << 8, length: UInt16(bytes[6]) | UInt16(bytes[7]) << 8)
    }

    /// The eight bytes as they go over the wire.
    public var bytes: [UInt8] { [requestType, request] + value.littleBytes + index.littleBytes + length.littleBytes }

    /// Whether the data stage goes from the device to the host.
    public var isIn: Bool { requestType & 0x80 != 0 }

    /// Who defines a request.
    public enum Kind: UInt8, Sendable { case standard, classSpecific, vendor, reserved }

    /// Who defines it.
    public var kind: Kind { Kind(rawValue: requestType >> 5 & 3) ?? .reserved }

    /// `bmRequestType` of a vendor request that reads from an interface.
    public static let vendorInterfaceIn: UInt8 = 0xC1
    /// `bmRequestType` of a vendor request that writes to an interface.
    public static let vendorInterfaceOut: UInt8 = 0x41
    /// `bmRequestType` of a vendor request that reads from the device.
    public static let vendorDeviceIn: UInt8 = 0xC0
    /// `bmRequestType` of a vendor request that writes to the device.
    public static let vendorDeviceOut: UInt8 = 0x40
    /// `bmRequestType` of a class request that reads from an interface.
    public static let classInterfaceIn: UInt8 = 0xA1
    /// `bmRequestType` of a class request that writes to an interface.
    public static let classInterfaceOut: UInt8 = 0x21
    /// `bmRequestType` of a class request that reads from an endpoint.
    public static let classEndpointIn: UInt8 = 0xA2
}
