import CLibUSB
import Foundation
import QKDCore

/// The process's one libusb context, and the thread on which it calls back.
///
/// Unchecked: libusb's context is made for many threads.
final class LibUSBContext: @unchecked Sendable {
    let context: OpaquePointer
    private let lock = NSLock()
    private var hasThread = false
    private static let creation = NSLock()
    nonisolated(unsafe) private static var made: LibUSBContext?

    private init() throws {
        var context: OpaquePointer?
        let started = libusb_init(&context)
        guard started == 0, let context else { throw LibUSBFailure.error(started, "libusb cannot start") }
        self.context = context
    }

    /// Makes the context when it is first needed; a failure is not remembered.
    static func shared() throws -> LibUSBContext {
        try creation.withLock {
            if let made { return made }
            let context = try LibUSBContext()
            made = context
            return context
        }
    }

    /// Starts the thread that ends transfers and tells of plugs; it lives as long as the process.
    func startEvents() {
        let mustStart = lock.withLock {
            defer { hasThread = true }
            return !hasThread
        }
        guard mustStart else { return }
        let thread = Thread {
            while true {
                // A failed poll must not burn a core; each caller's own time limit tells of it.
                if libusb_handle_events_completed(self.context, nil) != 0 { Thread.sleep(forTimeInterval: 0.01) }
            }
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Collects from every device on the bus.
    func eachDevice<Value>(_ body: (OpaquePointer) -> Value?) throws -> [Value] {
        var devices: UnsafeMutablePointer<OpaquePointer?>?
        let count = libusb_get_device_list(context, &devices)
        guard count >= 0, let devices else {
            throw LibUSBFailure.error(CInt(truncatingIfNeeded: count), "libusb cannot list the devices")
        }
        defer { libusb_free_device_list(devices, 1) }
        return (0..<Int(count)).compactMap { devices[$0].flatMap(body) }
    }

    func changes() throws -> AsyncStream<USBChange> {
        guard libusb_has_capability(UInt32(LIBUSB_CAP_HAS_HOTPLUG.rawValue)) != 0 else {
            throw QKDError(.unsupported, "this libusb cannot tell when devices come and go")
        }
        let (stream, continuation) = AsyncStream<USBChange>.makeStream()
        let watch = Unmanaged.passRetained(Watch(continuation))
        var number: libusb_hotplug_callback_handle = 0
        let events = CInt(LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED.rawValue | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT.rawValue)
        let registered = libusb_hotplug_register_callback(
            context, events, 0, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
            { _, device, event, data in
                guard let device, let data, let facts = LibUSBDevice.facts(of: device) else { return 0 }
                let watch = Unmanaged<Watch>.fromOpaque(data).takeUnretainedValue()
                let arrived = event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED
                watch.continuation.yield(arrived ? .arrived(facts) : .left(facts))
                return 0
            }, watch.toOpaque(), &number)
        guard registered == 0 else {
            watch.release()
            throw LibUSBFailure.error(registered, "libusb cannot watch the bus")
        }
        startEvents()
        let handle = number
        // The watch itself stays: libusb may be calling it at this moment, and it is small.
        continuation.onTermination = { [self] _ in libusb_hotplug_deregister_callback(context, handle) }
        return stream
    }

    private final class Watch: Sendable {
        let continuation: AsyncStream<USBChange>.Continuation
        init(_ continuation: AsyncStream<USBChange>.Continuation) { self.continuation = continuation }
    }
}

/// Names libusb's failures in our kinds.
enum LibUSBFailure {
    static func error(_ code: CInt, _ what: String, at place: QKDError.Place? = nil) -> QKDError {
        let name = libusb_error_name(code).map { String(cString: $0) } ?? "unknown"
        return QKDError(kind(of: code), "\(what): \(name)", code: code, at: place)
    }

    static func kind(of code: CInt) -> QKDError.Kind {
        switch code {
        case LIBUSB_ERROR_ACCESS.rawValue: .permissionDenied
        case LIBUSB_ERROR_BUSY.rawValue: .busy
        case LIBUSB_ERROR_NO_DEVICE.rawValue: .disconnected
        case LIBUSB_ERROR_NOT_FOUND.rawValue: .absent
        case LIBUSB_ERROR_TIMEOUT.rawValue: .timeout
        case LIBUSB_ERROR_PIPE.rawValue: .refused
        case LIBUSB_ERROR_OVERFLOW.rawValue: .protocolViolation
        case LIBUSB_ERROR_NOT_SUPPORTED.rawValue: .unsupported
        case LIBUSB_ERROR_INVALID_PARAM.rawValue: .invalidInput
        default: .io
        }
    }
}
