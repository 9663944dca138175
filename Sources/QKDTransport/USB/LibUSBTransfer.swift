import CLibUSB
import Dispatch
import Foundation
import QKDCore

/// One libusb transfer with its memory. It may be submitted again after it has ended.
///
/// While it is in flight libusb holds it. Its end is told on the event thread, so nothing there may wait for libusb;
/// giving the memory back is allowed there.
final class LibUSBTransfer: @unchecked Sendable {
    /// How it ended.
    struct End: Sendable {
        var status: libusb_transfer_status
        /// Bytes that were moved, a control transfer's setup left out.
        var actualLength: Int
    }

    private let raw: UnsafeMutablePointer<libusb_transfer>
    let buffer: UnsafeMutableBufferPointer<UInt8>
    private let lock = NSLock()
    private var whenEnded: (@Sendable (End) -> Void)?
    private var isCancelled = false

    /// Makes a transfer with room for `capacity` bytes; `nil` when there is no memory.
    init?(capacity: Int) {
        guard let raw = libusb_alloc_transfer(0) else { return nil }
        self.raw = raw
        buffer = .allocate(capacity: max(1, capacity))
    }

    deinit {
        libusb_free_transfer(raw)
        buffer.deallocate()
    }

    /// Describes a bulk or interrupt transfer of the first `length` bytes of the buffer; a time limit of 0 is none.
    func prepare(_ handle: OpaquePointer, endpoint: UInt8, kind: USBEndpoint.Kind, length: Int, timeoutMS: UInt32) {
        raw.pointee.dev_handle = handle
        raw.pointee.endpoint = endpoint
        raw.pointee.type = kind.rawValue
        raw.pointee.timeout = timeoutMS
        raw.pointee.buffer = buffer.baseAddress
        raw.pointee.length = CInt(length)
        raw.pointee.flags = 0
        raw.pointee.callback = { raw in
            guard let raw, let data = raw.pointee.user_data else { return }
            let transfer = Unmanaged<LibUSBTransfer>.fromOpaque(data).takeRetainedValue()
            transfer.take()?(End(status: raw.pointee.status, actualLength: Int(raw.pointee.actual_length)))
        }
    }

    /// The bytes in `range` of the buffer; one copy, also in a build without optimisation.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: range.count) { room, count in
            guard let source = buffer.baseAddress, let target = room.baseAddress else { return }
            target.initialize(from: source + range.lowerBound, count: range.count)
            count = range.count
        }
    }

    /// Changes the length of a transfer that is not in flight.
    func set(length: Int) { raw.pointee.length = CInt(min(length, buffer.count)) }

    /// Describes a control transfer, whose setup and data are in the buffer.
    func prepareControl(_ handle: OpaquePointer, length: Int, timeoutMS: UInt32) {
        prepare(handle, endpoint: 0, kind: .bulk, length: length, timeoutMS: timeoutMS)
        raw.pointee.type = UInt8(LIBUSB_TRANSFER_TYPE_CONTROL.rawValue)
    }

    /// Starts it; `whenEnded` is called once, on the event thread. Returns libusb's code, and calls nothing, when it
    /// cannot be started.
    func submit(_ whenEnded: @escaping @Sendable (End) -> Void) -> CInt {
        let wasCancelled = lock.withLock {
            self.whenEnded = whenEnded
            return isCancelled
        }
        if wasCancelled {
            take()?(End(status: LIBUSB_TRANSFER_CANCELLED, actualLength: 0))
            return 0
        }
        raw.pointee.user_data = Unmanaged.passRetained(self).toOpaque()
        let started = libusb_submit_transfer(raw)
        if started != 0 {
            Unmanaged.passUnretained(self).release()
            _ = take()
            return started
        }
        // Cancelled between the look above and the start: nobody else will tell libusb.
        if lock.withLock({ isCancelled }) { tellLibUSB() }
        return 0
    }

    /// Ends it, in flight or before it is started; it is never started again.
    func cancel() {
        let isUnderWay = lock.withLock {
            isCancelled = true
            return whenEnded != nil
        }
        // A transfer that has ended meanwhile, or is not started yet, is not found: that is well.
        if isUnderWay { tellLibUSB() }
    }

    private func tellLibUSB() {
        // The kernel returns when the device's controller has let go of it, for which no task may wait.
        DispatchQueue.global().async { [self] in libusb_cancel_transfer(raw) }
    }

    private func take() -> (@Sendable (End) -> Void)? {
        lock.withLock {
            defer { whenEnded = nil }
            return whenEnded
        }
    }
}
