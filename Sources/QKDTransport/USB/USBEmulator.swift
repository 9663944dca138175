import QKDCore

/// A USB device's own side: requests and packets in, packets out, its own state, no clock but the one it is given.
///
/// Whatever the bus does for every device is done by `USBPort`: standard requests, halted endpoints, cutting
/// transfers into packets. One model stands behind each way of plugging in: in this process, over USB/IP.
public protocol USBEmulator: Actor {
    /// What its descriptors say.
    nonisolated var description: USBDescription { get }
    /// Answers a class or vendor request; `data` is the data stage of a request that goes to the device.
    func control(_ setup: USBSetup, data: [UInt8], nowPS: Int64) async -> USBAnswer
    /// Takes the bytes of an OUT transfer.
    func receive(_ bytes: [UInt8], endpoint: UInt8, nowPS: Int64) async -> USBReceipt
    /// Gives packets of an IN endpoint, at most `limit` bytes, which are whole packets.
    func send(endpoint: UInt8, limit: Int, nowPS: Int64) async -> USBAnswer
    /// The cable was plugged in, or pulled: what only lives while it has power is forgotten.
    func powerCycle(nowPS: Int64) async
}

extension USBEmulator {
    public func powerCycle(nowPS: Int64) async {}
    public func receive(_ bytes: [UInt8], endpoint: UInt8, nowPS: Int64) async -> USBReceipt { .stall }
}

/// What a device says when it is asked for data.
public enum USBAnswer: Sendable, Equatable {
    /// Data; fewer bytes than whole packets, or none, end a transfer.
    case data([UInt8])
    /// Not yet: the host keeps asking.
    case notYet
    /// The request is not supported, or the endpoint is halted.
    case stall
}

/// What a device says to data that it is sent.
public enum USBReceipt: Sendable, Equatable {
    case taken
    /// Not yet: the host keeps offering the same bytes.
    case notYet
    case stall
}
