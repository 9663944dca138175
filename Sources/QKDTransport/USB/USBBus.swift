import CLibUSB
import QKDCore

/// A USB device as libusb sees it.
public struct USBDeviceFacts: Sendable, Equatable {
    /// Number of the bus.
    public var bus: UInt8
    /// Address on the bus; changes each time the device is plugged in.
    public var address: UInt8
    /// Where it is plugged in, e.g. `1-2.3`; does not change while it stays there.
    public var socket = ""
    /// The descriptor's `idVendor`.
    public var vendorID: UInt16
    /// The descriptor's `idProduct`.
    public var productID: UInt16
    /// `bcdDevice`: the maker's release, by which FTDI's chips are told apart.
    public var release: UInt16
    /// The product string, if the device could be opened to ask for it.
    public var product: String?
    /// The serial number string, on the same condition.
    public var serialNumber: String?
    /// Why it could not be opened, or `nil` if this user may.
    public var obstacle: QKDError.Kind?

    /// States what is known of a device.
    public init(
        bus: UInt8, address: UInt8, vendorID: UInt16, productID: UInt16, release: UInt16 = 0,
        product: String? = nil, serialNumber: String? = nil
    ) {
        self.bus = bus
        self.address = address
        self.vendorID = vendorID
        self.productID = productID
        self.release = release
        self.product = product
        self.serialNumber = serialNumber
    }

    /// The file that the system opens for it.
    public var node: String { "/dev/bus/usb/\(Self.digits(bus))/\(Self.digits(address))" }

    private static func digits(_ value: UInt8) -> String {
        let text = String(value)
        return String(repeating: "0", count: 3 - text.count) + text
    }
}

/// Looks at what is on USB, through libusb-1.0, and opens it.
public enum USBBus {
    /// libusb's version, e.g. `1.0.26`.
    public static var libraryVersion: String {
        guard let version = libusb_get_version() else { return "unknown" }
        return "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.micro)"
    }

    /// Lists the devices on USB; hubs are left out. Throws `io` when libusb cannot start (no usbfs, say).
    public static func list() async throws -> [USBDeviceFacts] { try await Offload.run { try listNow() } }

    private static func listNow() throws -> [USBDeviceFacts] {
        try LibUSBContext.shared().eachDevice { device in
            guard var facts = LibUSBDevice.facts(of: device) else { return nil }
            switch LibUSBDevice.opened(device) {
            case .success(let handle):
                LibUSBDevice.addTexts(to: &facts, handle)
                libusb_close(handle)
            case .failure(let error): facts.obstacle = error.kind
            }
            return facts
        }
    }

    /// Opens the one device that `address` means; its interfaces are claimed later.
    ///
    /// Throws `absent`, `invalidInput` when several fit, and `permissionDenied` with the node when one that may be
    /// meant cannot be opened to be asked.
    public static func open(_ address: USBAddress) async throws -> LibUSBDevice {
        try await Offload.run { try openNow(address) }
    }

    private static func openNow(_ address: USBAddress) throws -> LibUSBDevice {
        var denied: QKDError?
        let found: [LibUSBDevice] = try LibUSBContext.shared().eachDevice { device in
            guard var facts = LibUSBDevice.facts(of: device), address.mayMean(facts) else { return nil }
            switch LibUSBDevice.opened(device) {
            case .failure(let error):
                denied = denied ?? error
                return nil
            case .success(let handle):
                LibUSBDevice.addTexts(to: &facts, handle)
                if address.means(facts) { return LibUSBDevice(handle, facts) }
                libusb_close(handle)
                return nil
            }
        }
        if found.count == 1 { return found[0] }
        for device in found { device.closeUnused() }
        if found.isEmpty {
            if let denied { throw denied }
            throw QKDError(.absent, "no such device is on USB", at: .init("\(address)"))
        }
        let list = found.map { "serial number \($0.facts.serialNumber ?? "none") at \($0.facts.socket)" }
        throw QKDError(
            .invalidInput,
            "\(found.count) such devices are on USB (\(list.joined(separator: "; "))): say usb:SERIAL or usb:@SOCKET",
            at: .init("\(address)"))
    }

    /// Devices that are plugged in or pulled from now on, until the stream is given up.
    ///
    /// Strings are not asked for. Throws `unsupported` where libusb cannot watch, and what `list` throws.
    public static func changes() throws -> AsyncStream<USBChange> {
        try LibUSBContext.shared().changes()
    }
}

/// Something happened on the bus.
public enum USBChange: Sendable, Equatable {
    case arrived(USBDeviceFacts)
    case left(USBDeviceFacts)
}
