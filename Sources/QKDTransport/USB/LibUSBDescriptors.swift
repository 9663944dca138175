import CLibUSB
import QKDCore

/// What a device's descriptors say, asked through libusb.
extension LibUSBDevice {
    /// What can be told without opening a device; `nil` for a hub.
    static func facts(of device: OpaquePointer) -> USBDeviceFacts? {
        var descriptor = libusb_device_descriptor()
        guard libusb_get_device_descriptor(device, &descriptor) == 0,
            descriptor.bDeviceClass != UInt8(LIBUSB_CLASS_HUB.rawValue)
        else { return nil }
        var facts = USBDeviceFacts(
            bus: libusb_get_bus_number(device), address: libusb_get_device_address(device),
            vendorID: descriptor.idVendor, productID: descriptor.idProduct,
            release: descriptor.bcdDevice)
        var ports = [UInt8](repeating: 0, count: 7)
        let depth = libusb_get_port_numbers(device, &ports, CInt(ports.count))
        if depth > 0 {
            facts.socket = "\(facts.bus)-" + ports.prefix(Int(depth)).map(String.init).joined(separator: ".")
        }
        return facts
    }

    /// Opens a device, or says why it cannot be.
    static func opened(_ device: OpaquePointer) -> Result<OpaquePointer, QKDError> {
        var handle: OpaquePointer?
        let opened = libusb_open(device, &handle)
        if opened == 0, let handle { return .success(handle) }
        let node = facts(of: device)?.node ?? "usb"
        return .failure(
            opened == LIBUSB_ERROR_ACCESS.rawValue
                ? QKDError(.permissionDenied, "this user may not open the device", code: opened, at: .init(node))
                : LibUSBFailure.error(opened, "cannot open the device", at: .init(node)))
    }

    /// Asks an open device for its strings.
    static func addTexts(to facts: inout USBDeviceFacts, _ handle: OpaquePointer) {
        var descriptor = libusb_device_descriptor()
        guard libusb_get_device_descriptor(libusb_get_device(handle), &descriptor) == 0 else { return }
        facts.product = text(handle, descriptor.iProduct)
        facts.serialNumber = text(handle, descriptor.iSerialNumber)
    }

    private static func text(_ handle: OpaquePointer, _ index: UInt8) -> String? {
        guard index != 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = libusb_get_string_descriptor_ascii(handle, index, &buffer, Int32(buffer.count))
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : nil
    }

    /// Every alternate setting of every interface of the active configuration.
    static func interfaces(_ handle: OpaquePointer) -> [USBInterface] {
        var configuration: UnsafeMutablePointer<libusb_config_descriptor>?
        guard libusb_get_active_config_descriptor(libusb_get_device(handle), &configuration) == 0, let configuration
        else { return [] }
        defer { libusb_free_config_descriptor(configuration) }
        return (0..<Int(configuration.pointee.bNumInterfaces)).flatMap { number in
            let interface = configuration.pointee.interface[number]
            return (0..<Int(interface.num_altsetting)).map { Self.interface(interface.altsetting[$0]) }
        }
    }

    private static func interface(_ descriptor: libusb_interface_descriptor) -> USBInterface {
        let endpoints = (0..<Int(descriptor.bNumEndpoints)).compactMap { index -> USBEndpoint? in
            let endpoint = descriptor.endpoint[index]
            // Isochronous endpoints are nobody's here.
            guard let kind = USBEndpoint.Kind(rawValue: endpoint.bmAttributes & 3) else { return nil }
            return USBEndpoint(
                endpoint.bEndpointAddress, kind, packetLength: Int(endpoint.wMaxPacketSize & 0x7FF),
                interval: endpoint.bInterval)
        }
        return USBInterface(
            number: descriptor.bInterfaceNumber, alternate: descriptor.bAlternateSetting,
            classCodes: [descriptor.bInterfaceClass, descriptor.bInterfaceSubClass, descriptor.bInterfaceProtocol],
            endpoints: endpoints)
    }
}
