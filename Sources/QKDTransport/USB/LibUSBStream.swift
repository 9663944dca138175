import CLibUSB
import Foundation
import QKDCore

/// Several transfers in flight on one IN endpoint of a real device.
final class LibUSBStream: USBInStream, @unchecked Sendable {
    private let device: LibUSBDevice
    private let queue: USBStreamQueue
    private let lock = NSLock()
    private let transfers: [LibUSBTransfer]
    /// Those that have ended and are submitted again when their bytes have been taken.
    private var idle: [LibUSBTransfer]
    private let flying = FlightCount()
    private var isClosing = false
    private let longest: Int
    private var length: Int

    init(
        _ device: LibUSBDevice, _ handle: OpaquePointer, endpoint: UInt8, kind: USBEndpoint.Kind,
        _ shape: USBStreamShape
    ) throws {
        self.device = device
        queue = USBStreamQueue(endpoint: device.endpoint)
        longest = shape.length
        length = shape.firstLength
        transfers = (0..<max(1, shape.transfers)).compactMap { _ in LibUSBTransfer(capacity: shape.length) }
        idle = transfers
        guard transfers.count == max(1, shape.transfers) else {
            throw QKDError(.io, "libusb has no memory for \(shape.transfers) transfers", at: device.place)
        }
        for transfer in transfers {
            transfer.prepare(handle, endpoint: endpoint, kind: kind, length: shape.length, timeoutMS: 0)
        }
        try LibUSBContext.shared().startEvents()
        // Just so many: one that has ended meanwhile waits for its bytes to be taken, like all later ones.
        for _ in transfers { try submitNext() }
    }

    func next(timeout: Duration) async throws -> [UInt8] {
        let bytes = try await queue.take(timeout: timeout)
        do {
            try submitNext()
        } catch let error as QKDError {
            // The bytes are good; what is wrong shows when they have been taken.
            queue.end(error)
        }
        return bytes
    }

    func aim(length: Int) { lock.withLock { self.length = min(longest, max(1, length)) } }

    func close() async {
        lock.withLock { isClosing = true }
        queue.end(nil)
        for transfer in transfers { transfer.cancel() }
        await flying.untilIdle()
    }

    /// Submits a transfer that has ended, if there is one: one for each that was taken.
    private func submitNext() throws {
        let (transfer, aimed) = lock.withLock { () -> (LibUSBTransfer?, Int) in
            guard !isClosing, !idle.isEmpty else { return (nil, 0) }
            flying.enter()
            return (idle.removeFirst(), length)
        }
        guard let transfer else { return }
        transfer.set(length: aimed)
        do {
            try device.start(transfer) { [self, unowned transfer] end in ended(transfer, end) }
        } catch {
            flying.leave()
            throw error
        }
    }

    private func ended(_ transfer: LibUSBTransfer, _ end: LibUSBTransfer.End) {
        device.received(end.actualLength)
        let isDone = end.status == LIBUSB_TRANSFER_COMPLETED
        let bytes = isDone || end.actualLength > 0 ? transfer.bytes(0..<end.actualLength) : nil
        // First, because whoever takes the bytes submits a transfer.
        lock.withLock { idle.append(transfer) }
        if let bytes { queue.put(bytes) }
        if !isDone, let error = LibUSBDevice.error(end.status, timeout: nil, at: device.place) as? QKDError {
            queue.end(error)
        }
        flying.leave()
    }
}
