import QKDCore

/// The host's side of a USB device: an open device whose interfaces a driver claims.
///
/// Every call is bounded in time. A device that was pulled shows as `disconnected`, a stalled endpoint or request
/// as `refused`, an interface that another program holds as `busy`.
public protocol USBConnection: Sendable {
    /// Where it leads, for messages: `usb:0aba:0102:SERIAL`.
    var endpoint: String { get }
    /// What the device said of itself when it was opened.
    var facts: USBDeviceFacts { get }
    /// Every alternate setting of every interface of its configuration; descriptors of classes are left out.
    var interfaces: [USBInterface] { get }
    /// Takes an interface for this program alone and chooses an alternate setting.
    func claim(interface: UInt8, alternate: UInt8) async throws
    /// Makes a control transfer; returns what the device gave, if the request reads. Throws `timeout`, `refused`.
    func control(_ setup: USBSetup, data: [UInt8], timeout: Duration) async throws -> [UInt8]
    /// Sends bytes as one transfer; throws `timeout` when the device did not take all of them in time.
    func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws
    /// Reads one transfer of at most `length` bytes, which must be whole packets: it ends when it is full or with a
    /// short packet. What had come when the time was over is returned; throws `timeout` when that is nothing.
    func read(_ length: Int, from endpoint: UInt8, timeout: Duration) async throws -> [UInt8]
    /// Keeps several transfers in flight on an IN endpoint; one stream an endpoint.
    func stream(from endpoint: UInt8, _ shape: USBStreamShape) async throws -> any USBInStream
    /// Ends the stall of an endpoint.
    func clearHalt(_ endpoint: UInt8) async throws
    /// Ends all transfers, releases the interfaces and closes the device. May be called twice.
    func close() async
    /// Bytes that passed so far, those of control transfers' data stages included.
    var counters: TransportCounters { get }
}

/// How many transfers a stream keeps in flight, and how long they are.
public struct USBStreamShape: Sendable, Equatable {
    /// Transfers in flight.
    public var transfers: Int
    /// Bytes of each at most; whole packets.
    public var length: Int
    /// Bytes of the first ones; see `USBInStream.aim`.
    public var firstLength: Int

    /// States a shape; the first transfers are as long as any if nothing else is said.
    public init(transfers: Int = 8, length: Int = 128 << 10, firstLength: Int? = nil) {
        self.transfers = transfers
        self.length = length
        self.firstLength = min(length, firstLength ?? length)
    }
}

/// Bytes that come over an IN endpoint by themselves.
///
/// A transfer is given back to the device only when its bytes have been taken, so a reader who is slow slows the
/// device down, and what the device then loses it counts itself. Nothing is dropped here.
public protocol USBInStream: Sendable {
    /// The bytes of the next transfer, perhaps none; throws `timeout` while nothing comes, and what ended the stream
    /// once everything that came before has been taken.
    func next(timeout: Duration) async throws -> [UInt8]
    /// How long the transfers are that are started from now on; at most what the stream was opened with.
    func aim(length: Int)
    /// Ends the transfers in flight and waits until they have ended. May be called twice.
    func close() async
}

extension USBConnection {
    /// Reads by a control transfer.
    public func control(
        in type: UInt8, _ request: UInt8, value: UInt16 = 0, index: UInt16 = 0, length: Int,
        timeout: Duration = .seconds(1)
    ) async throws -> [UInt8] {
        let setup = USBSetup(
            requestType: type | 0x80, request: request, value: value, index: index, length: UInt16(length))
        return try await control(setup, data: [], timeout: timeout)
    }

    /// Writes by a control transfer.
    public func control(
        out type: UInt8, _ request: UInt8, value: UInt16 = 0, index: UInt16 = 0, data: [UInt8] = [],
        timeout: Duration = .seconds(1)
    ) async throws {
        let setup = USBSetup(
            requestType: type & 0x7F, request: request, value: value, index: index, length: UInt16(data.count))
        _ = try await control(setup, data: data, timeout: timeout)
    }
}
