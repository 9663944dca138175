import QKDCore
import QKDTransport

/// How a driver's device is reached.
public enum DeviceLink: Sendable, Equatable {
    /// A serial port at this speed; on a CDC-ACM device the speed does not matter.
    case serial(baud: Int)
    /// An HTTP server and a byte-stream port.
    case network(NetworkPorts)
    /// USB, by the facts in the descriptor.
    case usb
    /// Output lines of a GPIO chip, by the names that the device gives them, in the order in which addresses list them.
    case gpio(lines: [String])
}

/// An emulator, by the kind of wire that it stands on.
public enum EmulatedDevice: Sendable {
    case stream(any StreamEmulator)
    case network(any NetworkEmulator)
    case usb(any USBEmulator)
    case gpio(any GPIOEmulator)
}

/// What an emulator is made from.
public struct EmulatorSetup: Sendable {
    /// Seeds whatever is random in it.
    public var seed: UInt64
    /// Distinguishes several of one kind; ends up in the serial number.
    public var unit: Int
    /// Whether it stands by itself, with nobody to feed it light and its own device's time.
    public var standsAlone: Bool

    /// States a setup.
    public init(seed: UInt64, unit: Int = 1, standsAlone: Bool = false) {
        self.seed = seed
        self.unit = unit
        self.standsAlone = standsAlone
    }
}

/// A driver, its emulator and how to make them.
public struct CatalogEntry: Sendable {
    public let descriptor: DeviceDescriptor
    /// The kind of connection, with its default speed or ports.
    public let link: DeviceLink
    /// Makes the driver; throws `unsupported` for a connection of the wrong kind.
    public let connect: @Sendable (DeviceConnection, any BenchClock) throws -> any Device
    /// Makes an emulator in its power-up state.
    public let emulate: @Sendable (EmulatorSetup) -> EmulatedDevice
    /// How a serial device shows itself on USB, if it has a USB plug.
    public let bridge: SerialBridge?

    init(
        descriptor: DeviceDescriptor, link: DeviceLink, bridge: SerialBridge? = nil,
        connect: @escaping @Sendable (DeviceConnection, any BenchClock) throws -> any Device,
        emulate: @escaping @Sendable (EmulatorSetup) -> EmulatedDevice
    ) {
        self.descriptor = descriptor
        self.link = link
        self.bridge = bridge
        self.connect = connect
        self.emulate = emulate
    }

    /// Whether the device can play a part of this class.
    public func fits(_ kind: DeviceClass) -> Bool { descriptor.classes.contains(kind) }
}

extension DeviceConnection {
    /// The byte stream, or `unsupported` for a connection of the other kind.
    func stream(for driver: String) throws -> any ByteTransport {
        guard case .stream(let transport) = self else {
            throw QKDError(.unsupported, "\(driver) talks over a serial port")
        }
        return transport
    }

    /// The USB device, or `unsupported` for a connection of the other kind.
    func usb(for driver: String) throws -> any USBConnection {
        guard case .usb(let connection) = self else {
            throw QKDError(.unsupported, "\(driver) talks over USB")
        }
        return connection
    }

    /// The output lines, or `unsupported` for a connection of the other kind.
    func gpio(for driver: String) throws -> any GPIOOutputs {
        guard case .gpio(let lines) = self else {
            throw QKDError(.unsupported, "\(driver) is driven by GPIO lines")
        }
        return lines
    }
}
