import QKDCore

/// Which device on USB is meant: by what its kind says of itself and, among several, by serial number or socket.
public struct USBAddress: Sendable, Equatable {
    /// Any of these fits.
    public var matches: [USBMatch]
    /// The serial number string; a device is found by it wherever it is plugged in.
    public var serialNumber: String?
    /// The socket as the kernel numbers it: bus, dash, ports joined by dots, e.g. `1-2.3`.
    public var socket: String?

    /// States what is meant.
    public init(matches: [USBMatch], serialNumber: String? = nil, socket: String? = nil) {
        self.matches = matches
        self.serialNumber = serialNumber
        self.socket = socket
    }

    /// Whether a device is meant, strings left aside: they take permission to be read.
    func mayMean(_ facts: USBDeviceFacts) -> Bool {
        if let socket, socket != facts.socket { return false }
        return matches.contains { match in
            (match.vendorID ?? facts.vendorID) == facts.vendorID
                && (match.productID ?? facts.productID) == facts.productID
        }
    }

    /// Whether a device is meant.
    public func means(_ facts: USBDeviceFacts) -> Bool {
        if let serialNumber, serialNumber != facts.serialNumber { return false }
        if let socket, socket != facts.socket { return false }
        return matches.contains { $0.fits(facts) }
    }

    /// An id as four hexadecimal digits.
    public static func hex(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension USBAddress: CustomStringConvertible {
    public var description: String {
        let ids = matches.map { match in
            [match.vendorID, match.productID].map { $0.map(Self.hex) ?? "any" }.joined(separator: ":")
        }
        return "usb:" + ids.joined(separator: "|") + (serialNumber.map { " with serial number \($0)" } ?? "")
            + (socket.map { " at socket \($0)" } ?? "")
    }
}

extension USBMatch {
    /// Whether a device has these facts.
    public func fits(_ facts: USBDeviceFacts) -> Bool {
        if let vendorID, vendorID != facts.vendorID { return false }
        if let productID, productID != facts.productID { return false }
        if let productContains, facts.product?.contains(productContains) != true { return false }
        return true
    }
}
