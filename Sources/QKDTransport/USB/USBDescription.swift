import QKDCore

/// What a USB device says of itself: the facts that its descriptors are made from (USB 2.0, section 9.6).
public struct USBDescription: Sendable, Equatable {
    /// How fast it talks; high speed has bulk packets of 512 bytes, full speed of 64.
    public enum Speed: UInt8, Sendable {
        case full = 2
        case high = 3
    }

    /// The speed that it is plugged in with.
    public var speed: Speed
    /// The descriptor's `idVendor`.
    public var vendorID: UInt16
    /// The descriptor's `idProduct`.
    public var productID: UInt16
    /// `bcdDevice`, e.g. `0x0201`.
    public var release: UInt16
    /// `bDeviceClass`, `bDeviceSubClass`, `bDeviceProtocol`.
    public var classCodes: [UInt8]
    /// The strings; an empty one has no descriptor.
    public var manufacturer: String
    /// The product string.
    public var product: String
    /// The serial number string, by which it is found again.
    public var serialNumber: String
    /// `bmAttributes`; bit 7 is always set, bit 6 means self powered.
    public var attributes: UInt8
    /// What it may draw from the bus, milliampere.
    public var currentMA: Int
    /// Every alternate setting of every interface, in the order of the descriptors.
    public var interfaces: [USBInterface]

    /// Collects what a device says of itself.
    public init(
        speed: Speed = .high, vendorID: UInt16, productID: UInt16, release: UInt16,
        classCodes: [UInt8] = [0, 0, 0], manufacturer: String, product: String, serialNumber: String,
        attributes: UInt8 = 0x80, currentMA: Int = 100, interfaces: [USBInterface]
    ) {
        self.speed = speed
        self.vendorID = vendorID
        self.productID = productID
        self.release = release
        self.classCodes = classCodes
        self.manufacturer = manufacturer
        self.product = product
        self.serialNumber = serialNumber
        self.attributes = attributes
        self.currentMA = currentMA
        self.interfaces = interfaces
    }

    /// Number of interfaces, alternate settings not counted.
    public var interfaceCount: Int { Set(interfaces.map(\.number)).count }

    /// The endpoints of an interface in one of its alternate settings.
    public func endpoints(interface: UInt8, alternate: UInt8) -> [USBEndpoint]? {
        interfaces.first { $0.number == interface && $0.alternate == alternate }?.endpoints
    }

    /// The 18 bytes of the device descriptor.
    public var deviceDescriptor: [UInt8] {
        [18, 1, 0x00, 0x02] + classCodes + [64] + vendorID.littleBytes + productID.littleBytes + release.littleBytes
            + [manufacturer.isEmpty ? 0 : 1, product.isEmpty ? 0 : 2, serialNumber.isEmpty ? 0 : 3, 1]
    }

    /// The configuration descriptor with all that belongs to it.
    public var configurationDescriptor: [UInt8] {
        let body = interfaces.flatMap(\.descriptor)
        return [9, 2] + UInt16(9 + body.count).littleBytes
            + [UInt8(interfaceCount), 1, 0, attributes, UInt8(min(255, currentMA / 2))] + body
    }

    /// A string descriptor by its index; index 0 lists the languages, of which there is US English alone.
    public func stringDescriptor(_ index: UInt8) -> [UInt8]? {
        if index == 0 { return [4, 3, 0x09, 0x04] }
        let texts = [manufacturer, product, serialNumber]
        guard index <= texts.count, !texts[Int(index) - 1].isEmpty else { return nil }
        // The length is one byte, so 126 characters fit.
        let units = texts[Int(index) - 1].utf16.prefix(126).flatMap(\.littleBytes)
        return [UInt8(units.count + 2), 3] + units
    }
}

/// An interface in one of its alternate settings.
public struct USBInterface: Sendable, Equatable {
    /// `bInterfaceNumber`, from 0.
    public var number: UInt8
    /// `bAlternateSetting`, from 0.
    public var alternate: UInt8
    /// `bInterfaceClass`, `bInterfaceSubClass`, `bInterfaceProtocol`.
    public var classCodes: [UInt8]
    /// Descriptors that stand before it, such as an interface association.
    public var preamble: [UInt8]
    /// Class-specific descriptors that stand between it and its endpoints.
    public var classDescriptors: [UInt8]
    /// Its endpoints, in the order of the descriptors.
    public var endpoints: [USBEndpoint]

    /// Describes an alternate setting.
    public init(
        number: UInt8, alternate: UInt8 = 0, classCodes: [UInt8] = [0xFF, 0xFF, 0xFF], preamble: [UInt8] = [],
        classDescriptors: [UInt8] = [], endpoints: [USBEndpoint]
    ) {
        self.number = number
        self.alternate = alternate
        self.classCodes = classCodes
        self.preamble = preamble
        self.classDescriptors = classDescriptors
        self.endpoints = endpoints
    }

    var descriptor: [UInt8] {
        preamble + [9, 4, number, alternate, UInt8(endpoints.count)] + classCodes + [0] + classDescriptors
            + endpoints.flatMap(\.descriptor)
    }
}

/// An endpoint besides the control endpoint 0.
public struct USBEndpoint: Sendable, Equatable {
    /// How it transfers.
    public enum Kind: UInt8, Sendable {
        case bulk = 2
        case interrupt = 3
    }

    /// `bEndpointAddress`; bit 7 is set if it goes to the host.
    public var address: UInt8
    /// Bulk or interrupt.
    public var kind: Kind
    /// Bytes of a full packet.
    public var packetLength: Int
    /// `bInterval`: how often an interrupt endpoint is asked, in the unit of its speed.
    public var interval: UInt8

    /// Describes an endpoint.
    public init(_ address: UInt8, _ kind: Kind = .bulk, packetLength: Int = 512, interval: UInt8 = 0) {
        self.address = address
        self.kind = kind
        self.packetLength = packetLength
        self.interval = interval
    }

    /// Whether it goes from the device to the host.
    public var isIn: Bool { address & 0x80 != 0 }

    var descriptor: [UInt8] { [7, 5, address, kind.rawValue] + UInt16(packetLength).littleBytes + [interval] }
}
