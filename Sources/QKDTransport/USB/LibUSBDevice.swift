import CLibUSB
import Foundation
import QKDCore

/// An open device on the real bus.
///
/// It must be closed: nothing of libusb happens when the last reference goes, because that may be on the event thread,
/// and closing there waits for ever.
public final class LibUSBDevice: USBConnection, @unchecked Sendable {
    public let endpoint: String
    public let facts: USBDeviceFacts
    public let interfaces: [USBInterface]
    private let handle: OpaquePointer
    private let lock = NSLock()
    private var isClosed = false
    private var isLost = false
    private var claimed: [UInt8] = []
    private var inFlight: [ObjectIdentifier: LibUSBTransfer] = [:]
    private let flying = FlightCount()
    private var count = TransportCounters()

    init(_ handle: OpaquePointer, _ facts: USBDeviceFacts) {
        self.handle = handle
        self.facts = facts
        interfaces = Self.interfaces(handle)
        endpoint =
            "usb:\(USBAddress.hex(facts.vendorID)):\(USBAddress.hex(facts.productID))"
            + (facts.serialNumber.map { ":\($0)" } ?? "")
    }

    public var counters: TransportCounters { lock.withLock { count } }

    public func claim(interface: UInt8, alternate: UInt8) async throws {
        try await blocking { [self] in
            // A kernel driver that holds the interface, such as usbtmc, gives way and comes back at release.
            libusb_set_auto_detach_kernel_driver(handle, 1)
            let claimed = libusb_claim_interface(handle, CInt(interface))
            if claimed == LIBUSB_ERROR_BUSY.rawValue {
                throw LibUSBFailure.error(claimed, "another program holds interface \(interface)", at: place)
            }
            guard claimed == 0 else {
                throw LibUSBFailure.error(claimed, "cannot claim interface \(interface)", at: place)
            }
            lock.withLock { self.claimed.append(interface) }
            guard alternate != 0 else { return }
            let chosen = libusb_set_interface_alt_setting(handle, CInt(interface), CInt(alternate))
            guard chosen == 0 else {
                throw LibUSBFailure.error(chosen, "cannot choose alternate setting \(alternate)", at: place)
            }
        }
    }

    public func control(_ setup: USBSetup, data: [UInt8], timeout: Duration) async throws -> [UInt8] {
        let length = 8 + Int(setup.length)
        let transfer = try makeTransfer(length)
        _ = transfer.buffer.update(fromContentsOf: setup.bytes)
        if !data.isEmpty { _ = transfer.buffer[8...].update(fromContentsOf: data) }
        transfer.prepareControl(handle, length: length, timeoutMS: Self.milliseconds(timeout))
        lock.withLock { count.written += data.count + 8 }
        let end = try await run(transfer)
        try check(end, timeout)
        guard setup.isIn else { return [] }
        lock.withLock { count.received += end.actualLength }
        return transfer.bytes(8..<8 + end.actualLength)
    }

    public func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws {
        let transfer = try makeTransfer(bytes.count)
        if !bytes.isEmpty { _ = transfer.buffer.update(fromContentsOf: bytes) }
        transfer.prepare(
            handle, endpoint: endpoint, kind: kind(of: endpoint), length: bytes.count,
            timeoutMS: Self.milliseconds(timeout))
        let end = try await run(transfer)
        lock.withLock { count.written += end.actualLength }
        try check(end, timeout)
        guard end.actualLength == bytes.count else {
            throw QKDError(.io, "the device took \(end.actualLength) of \(bytes.count) bytes", at: place)
        }
    }

    public func read(_ length: Int, from endpoint: UInt8, timeout: Duration) async throws -> [UInt8] {
        let transfer = try makeTransfer(length)
        transfer.prepare(
            handle, endpoint: endpoint, kind: kind(of: endpoint), length: length,
            timeoutMS: Self.milliseconds(timeout))
        let end = try await run(transfer)
        lock.withLock { count.received += end.actualLength }
        // What had come when the time was over, or the task was cancelled, is not lost.
        let isOver = end.status == LIBUSB_TRANSFER_TIMED_OUT || end.status == LIBUSB_TRANSFER_CANCELLED
        if !(isOver && end.actualLength > 0) { try check(end, timeout) }
        return transfer.bytes(0..<end.actualLength)
    }

    public func stream(from endpoint: UInt8, _ shape: USBStreamShape) async throws -> any USBInStream {
        try LibUSBStream(self, handle, endpoint: endpoint, kind: kind(of: endpoint), shape)
    }

    public func clearHalt(_ endpoint: UInt8) async throws {
        try await blocking { [self] in
            let cleared = libusb_clear_halt(handle, endpoint)
            guard cleared == 0 else { throw LibUSBFailure.error(cleared, "cannot clear the stall", at: place) }
        }
    }

    public func close() async {
        let (transfers, isFirst) = lock.withLock { () -> ([LibUSBTransfer], Bool) in
            defer { isClosed = true }
            return (Array(inFlight.values), !isClosed)
        }
        guard isFirst else { return }
        for transfer in transfers { transfer.cancel() }
        await flying.untilIdle()
        // Releasing and closing cannot fail in a way that anybody could mend.
        try? await Offload.run { [self] in
            // The last first: a kernel driver that comes back to the first interface wants its others free.
            for interface in lock.withLock({ claimed }).reversed() { libusb_release_interface(handle, CInt(interface)) }
            libusb_close(handle)
        }
    }

    /// Closes a device on which nothing was done yet.
    func closeUnused() {
        lock.withLock { isClosed = true }
        libusb_close(handle)
    }

    // MARK: Transfers in flight

    var place: QKDError.Place { .init(endpoint) }

    /// Starts a transfer that is counted until it ends; throws when it cannot be started.
    func start(_ transfer: LibUSBTransfer, _ whenEnded: @escaping @Sendable (LibUSBTransfer.End) -> Void) throws {
        let obstacle = lock.withLock { () -> QKDError? in
            if isLost { return QKDError(.disconnected, "the device was unplugged", at: place) }
            if isClosed { return QKDError(.disconnected, "the device is closed", at: place) }
            inFlight[ObjectIdentifier(transfer)] = transfer
            flying.enter()
            return nil
        }
        if let obstacle { throw obstacle }
        let started = transfer.submit { [self, weak transfer] end in
            if let transfer { leave(transfer, end.status) }
            whenEnded(end)
        }
        guard started == 0 else {
            leave(
                transfer, started == LIBUSB_ERROR_NO_DEVICE.rawValue ? LIBUSB_TRANSFER_NO_DEVICE : LIBUSB_TRANSFER_ERROR
            )
            throw LibUSBFailure.error(started, "a transfer cannot be started", at: place)
        }
    }

    private func leave(_ transfer: LibUSBTransfer, _ status: libusb_transfer_status) {
        lock.withLock {
            inFlight[ObjectIdentifier(transfer)] = nil
            if status == LIBUSB_TRANSFER_NO_DEVICE { isLost = true }
        }
        flying.leave()
    }

    func received(_ bytes: Int) { lock.withLock { count.received += bytes } }

    private func run(_ transfer: LibUSBTransfer) async throws -> LibUSBTransfer.End {
        try Task.checkCancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                do {
                    try start(transfer) { continuation.resume(returning: $0) }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            transfer.cancel()
        }
    }

    private func check(_ end: LibUSBTransfer.End, _ timeout: Duration) throws {
        // Cancelled by `close`, not by the caller.
        if end.status == LIBUSB_TRANSFER_CANCELLED, !Task.isCancelled {
            throw QKDError(.disconnected, "the device is closed", at: place)
        }
        if let error = Self.error(end.status, timeout: timeout, at: place) { throw error }
    }

    /// What a driver is told of a transfer that ended like this; `nil` if it ended well.
    static func error(_ status: libusb_transfer_status, timeout: Duration?, at place: QKDError.Place) -> (any Error)? {
        let code = CInt(bitPattern: status.rawValue)
        switch status {
        case LIBUSB_TRANSFER_COMPLETED: return nil
        case LIBUSB_TRANSFER_TIMED_OUT:
            let limit = timeout.map { " within \($0)" } ?? ""
            return QKDError(.timeout, "the transfer was not done\(limit)", code: code, at: place)
        case LIBUSB_TRANSFER_CANCELLED: return CancellationError()
        case LIBUSB_TRANSFER_STALL: return QKDError(.refused, "the device refuses: stall", code: code, at: place)
        case LIBUSB_TRANSFER_NO_DEVICE:
            return QKDError(.disconnected, "the device was unplugged", code: code, at: place)
        case LIBUSB_TRANSFER_OVERFLOW:
            return QKDError(.protocolViolation, "the device sent more than was asked for", code: code, at: place)
        default: return QKDError(.io, "the transfer failed", code: code, at: place)
        }
    }

    private func makeTransfer(_ capacity: Int) throws -> LibUSBTransfer {
        try LibUSBContext.shared().startEvents()
        guard let transfer = LibUSBTransfer(capacity: capacity) else {
            throw QKDError(.io, "libusb has no memory for a transfer", at: place)
        }
        return transfer
    }

    private func kind(of endpoint: UInt8) -> USBEndpoint.Kind {
        interfaces.lazy.flatMap(\.endpoints).first { $0.address == endpoint }?.kind ?? .bulk
    }

    private static func milliseconds(_ timeout: Duration) -> UInt32 {
        // Zero would mean no limit.
        UInt32(clamping: max(1, timeout.picoseconds / Picoseconds.perMillisecond))
    }

    // MARK: Calls of libusb that wait

    private func blocking(_ work: @escaping @Sendable () throws -> Void) async throws {
        if lock.withLock({ isClosed }) { throw QKDError(.disconnected, "the device is closed", at: place) }
        try await Offload.run(work)
    }
}
