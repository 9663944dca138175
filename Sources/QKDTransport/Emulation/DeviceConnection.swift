import QKDCore

/// What a driver is given to talk through.
public enum DeviceConnection: Sendable {
    /// One byte stream: a serial port, a pty, a TCP connection, a loopback.
    case stream(any ByteTransport)
    /// An HTTP server and, if the device has one, a way to open its byte-stream port.
    case network(http: any HTTPTransport, stream: @Sendable () async throws -> any ByteTransport)
    /// A USB device whose interfaces the driver claims.
    case usb(any USBConnection)
    /// Output lines, in the driver's order.
    case gpio(any GPIOOutputs)
}
