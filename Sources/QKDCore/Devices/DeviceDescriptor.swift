/// What a device is for on the bench.
public enum DeviceClass: String, Sendable, CaseIterable {
    case timeTagger = "time tagger"
    case photonDetector = "photon detector"
    case laserModulator = "laser modulator"
    case biasController = "bias controller"
    case attenuator
    case polarizationController = "polarisation controller"
    case opticalSwitch = "optical switch"
    case randomSource = "random source"
    case powerMeter = "power meter"
}

/// How a device is reached.
public enum TransportKind: String, Sendable, CaseIterable {
    case serial
    case tcp
    case http
    case usb
    case gpio
}

/// How well the facts behind a driver are founded.
public enum SupportLevel: String, Sendable, CaseIterable {
    /// Seen to work on the instrument itself.
    case hardware
    /// Held to byte exchanges that a public source shows; not yet seen on the instrument.
    case transcript
    /// Written from a description without byte exchanges; not yet seen on the instrument.
    case description
}

/// How a device shows itself on USB. Ids that no public source states stay `nil`.
public struct USBMatch: Sendable, Equatable {
    /// The descriptor's `idVendor`.
    public var vendorID: UInt16?
    /// The descriptor's `idProduct`.
    public var productID: UInt16?
    /// Text that the product string contains.
    public var productContains: String?

    /// Makes a match of whichever facts are public.
    public init(vendorID: UInt16? = nil, productID: UInt16? = nil, productContains: String? = nil) {
        self.vendorID = vendorID
        self.productID = productID
        self.productContains = productContains
    }
}

/// The static facts of a driver: everything that is known before a device answers.
public struct DeviceDescriptor: Sendable {
    /// The driver's name in bench files and on the command line, e.g. `thorlabs-mbx`.
    public var id: String
    /// Maker of the instrument.
    public var vendor: String
    /// Instrument or series that the driver is for.
    public var model: String
    /// Every part that the device can play on a bench.
    public var classes: [DeviceClass]
    /// Every way in which the driver reaches it.
    public var transports: [TransportKind]
    /// How well founded the driver is.
    public var support: SupportLevel
    /// One line for tables.
    public var summary: String
    /// What no public source states and the driver therefore assumes or leaves out.
    public var unverified: [String]
    /// How a port of the device may be recognised on USB; empty where no source says.
    public var usb: [USBMatch]

    /// Collects a driver's facts.
    public init(
        id: String, vendor: String, model: String, classes: [DeviceClass], transports: [TransportKind],
        support: SupportLevel, summary: String, unverified: [String], usb: [USBMatch] = []
    ) {
        self.id = id
        self.vendor = vendor
        self.model = model
        self.classes = classes
        self.transports = transports
        self.support = support
        self.summary = summary
        self.unverified = unverified
        self.usb = usb
    }

    /// The page that states the protocol and its sources, relative to the repository's top.
    public var protocolPage: String { "Firmware-Protocols/\(id).md" }
}
