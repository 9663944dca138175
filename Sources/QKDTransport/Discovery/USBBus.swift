import CLibUSB
import QKDCore

/// A USB device as libusb sees it.
public struct USBDeviceFacts: Sendable, Equatable {
    /// Number of the bus.
    public var bus: UInt8
    /// Address on the bus; changes each time the device is plugged in.
    public var address: UInt8
    /// The descriptor's `idVendor`.
    public var vendorID: UInt16
    /// The descriptor's `idProduct`.
    public var productID: UInt16
    /// The product string, if the device could be opened to ask for it.
    public var product: String?
    /// The serial number string, on the same condition.
    public var serialNumber: String?
    /// Why it could not be opened, or `nil` if this user may.
    public var obstacle: QKDError.Kind?
}

/// Looks at what is on USB, through libusb-1.0.
public enum USBBus {
    /// libusb's version, e.g. `1.0.26`.
    public static var libraryVersion: String {
        guard let version = libusb_get_version() else { return "unknown" }
        return "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.micro)"
    }

    /// Lists the devices on USB; hubs are left out. Throws `io` when libusb cannot start (no usbfs, say).
    public static func list() throws -> [USBDeviceFacts] {
        var context: OpaquePointer?
        let started = libusb_init(&context)
        guard started == 0 else {
            throw QKDError(.io, "libusb cannot start: \(String(cString: libusb_error_name(started)))", code: started)
        }
        defer { libusb_exit(context) }
        var devices: UnsafeMutablePointer<OpaquePointer?>?
        let count = libusb_get_device_list(context, &devices)
        guard count >= 0, let devices else {
            throw QKDError(.io, "libusb cannot list the devices", code: Int32(count))
        }
        defer { libusb_free_device_list(devices, 1) }
        return (0..<Int(count)).compactMap { devices[$0].flatMap(facts(of:)) }
    }

    private static func facts(of device: OpaquePointer) -> USBDeviceFacts? {
        var descriptor = libusb_device_descriptor()
        guard libusb_get_device_descriptor(device, &descriptor) == 0,
            descriptor.bDeviceClass != UInt8(LIBUSB_CLASS_HUB.rawValue)
        else { return nil }
        var facts = USBDeviceFacts(
            bus: libusb_get_bus_number(device), address: libusb_get_device_address(device),
            vendorID: descriptor.idVendor, productID: descriptor.idProduct)
        var handle: OpaquePointer?
        let opened = libusb_open(device, &handle)
        guard opened == 0, let handle else {
            facts.obstacle = kind(of: opened)
            return facts
        }
        defer { libusb_close(handle) }
        facts.product = text(handle, descriptor.iProduct)
        facts.serialNumber = text(handle, descriptor.iSerialNumber)
        return facts
    }

    private static func text(_ handle: OpaquePointer, _ index: UInt8) -> String? {
        guard index != 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = libusb_get_string_descriptor_ascii(handle, index, &buffer, Int32(buffer.count))
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : nil
    }

    private static func kind(of code: CInt) -> QKDError.Kind {
        switch code {
        case LIBUSB_ERROR_ACCESS.rawValue: .permissionDenied
        case LIBUSB_ERROR_BUSY.rawValue: .busy
        case LIBUSB_ERROR_NO_DEVICE.rawValue, LIBUSB_ERROR_NOT_FOUND.rawValue: .absent
        default: .io
        }
    }
}
