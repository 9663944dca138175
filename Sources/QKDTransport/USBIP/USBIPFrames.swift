import QKDCore

/// The frames of USB/IP, version 1.1.1: big-endian words (Linux, Documentation/usb/usbip_protocol.rst).
enum USBIPFrames {
    static let version: UInt16 = 0x0111
    static let headerLength = 48

    /// What a client asks before a device is its own.
    enum Operation: UInt16 {
        case listDevices = 0x8005
        case importDevice = 0x8003

        /// The code of the answer.
        var reply: UInt16 { rawValue & 0x7FFF }
    }

    /// How an operation went.
    enum OperationStatus: UInt32 {
        case done = 0
        case notAvailable = 1
        case busy = 2
        case noDevice = 4
    }

    /// What a client says of a device that it has imported.
    enum Command: Sendable, Equatable {
        /// Make a transfer; `outLength` bytes for the device follow.
        case submit(USBRequestBlock, outLength: Int)
        /// End the transfer `victim`.
        case unlink(id: UInt32, victim: UInt32)

        static func == (left: Command, right: Command) -> Bool {
            switch (left, right) {
            case (.submit(let a, let m), .submit(let b, let n)):
                a.id == b.id && a.endpoint == b.endpoint && a.setup == b.setup && a.length == b.length && m == n
            case (.unlink(let a, let m), .unlink(let b, let n)): a == b && m == n
            default: false
            }
        }
    }

    /// The head of an answer to an operation.
    static func reply(_ operation: Operation, _ status: OperationStatus) -> [UInt8] {
        version.bigBytes + operation.reply.bigBytes + status.rawValue.bigBytes
    }

    /// A device as operations describe it, 312 bytes.
    static func device(_ description: USBDescription, busID: String, number: UInt32) -> [UInt8] {
        padded("/sys/devices/qkdctl/usb1/\(busID)", to: 256) + padded(busID, to: 32) + UInt32(1).bigBytes
            + number.bigBytes + UInt32(description.speed.rawValue).bigBytes + description.vendorID.bigBytes
            + description.productID.bigBytes + description.release.bigBytes + description.classCodes
            + [1, 1, UInt8(description.interfaceCount)]
    }

    /// The classes of its interfaces, four bytes each, as the list of devices has them.
    static func interfaces(_ description: USBDescription) -> [UInt8] {
        description.interfaces.filter { $0.alternate == 0 }.flatMap { $0.classCodes + [0] }
    }

    /// Reads the 48 bytes of a command; throws `protocolViolation`.
    static func command(_ bytes: [UInt8], at place: QKDError.Place) throws -> Command {
        guard bytes.count == headerLength else {
            throw QKDError(.protocolViolation, "a USB/IP header has 48 bytes, not \(bytes.count)", at: place)
        }
        func word(_ offset: Int) -> UInt32 { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        let (code, id, isIn, endpoint) = (word(0), word(4), word(12) != 0, word(16))
        switch code {
        case 1:
            let length = Int(word(24))
            guard endpoint < 16, length <= 16 << 20 else {
                throw QKDError(.protocolViolation, "no transfer of \(length) bytes at endpoint \(endpoint)", at: place)
            }
            let block = USBRequestBlock(
                id: id, endpoint: UInt8(endpoint) | (isIn ? 0x80 : 0),
                setup: endpoint == 0 ? USBSetup(bytes[40..<48]) : nil, length: length)
            return .submit(block, outLength: isIn ? 0 : length)
        case 2: return .unlink(id: id, victim: word(20))
        default: throw QKDError(.protocolViolation, "USB/IP has no command \(code)", at: place)
        }
    }

    /// The answer to a transfer, with the bytes from the device.
    static func submitted(_ id: UInt32, _ done: USBCompletion) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(headerLength + done.data.count)
        frame += UInt32(3).bigBytes + id.bigBytes + [UInt8](repeating: 0, count: 12)
        frame += done.status.rawValue.bigBytes + UInt32(done.actualLength).bigBytes
        frame += [UInt8](repeating: 0, count: 20)
        frame += done.data
        return frame
    }

    /// The answer to an unlink; whether the transfer was still under way.
    static func unlinked(_ id: UInt32, wasUnderWay: Bool) -> [UInt8] {
        let status: Int32 = wasUnderWay ? USBCompletion.Status.cancelled.rawValue : 0
        return UInt32(4).bigBytes + id.bigBytes + [UInt8](repeating: 0, count: 12) + status.bigBytes
            + [UInt8](repeating: 0, count: 24)
    }

    static func padded(_ text: String, to length: Int) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(length - 1))
        return bytes + [UInt8](repeating: 0, count: length - bytes.count)
    }
}
