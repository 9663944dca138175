import QKDCore
import QKDTransport

/// Silicon Labs CP2112: a USB device of which Linux makes a GPIO chip with eight lines, so that real lines can be set,
/// read and watched without hardware.
///
/// Feature reports (Silicon Labs AN495): 2 directions and drive, 3 levels, 4 levels and a mask, 5 part and version,
/// 6 the SMBus settings.
public actor CP2112Device: USBEmulator {
    public nonisolated let description: USBDescription
    /// Lines that are outputs, a bit each.
    public private(set) var outputs: UInt8 = 0
    /// Levels of all lines, a bit each.
    public private(set) var levels: UInt8 = 0
    private var pushPull: UInt8 = 0
    private var special: UInt8 = 0
    private var divider: UInt8 = 0
    private var bus = [UInt8](repeating: 0, count: 13)

    /// A device whose lines are all inputs and low.
    public init(serialNumber: String) {
        let report = Self.reportDescriptor
        description = USBDescription(
            speed: .full, vendorID: 0x10C4, productID: 0xEA90, release: 0x0100, manufacturer: "Silicon Laboratories",
            product: "CP2112 HID USB-to-SMBus Bridge", serialNumber: serialNumber,
            interfaces: [
                USBInterface(
                    number: 0, classCodes: [3, 0, 0],
                    classDescriptors: [9, 0x21, 0x01, 0x01, 0, 1, 0x22] + UInt16(report.count).littleBytes,
                    endpoints: [
                        USBEndpoint(0x81, .interrupt, packetLength: 64, interval: 1),
                        USBEndpoint(0x01, .interrupt, packetLength: 64, interval: 1),
                    ])
            ])
    }

    /// One feature report and one input report, of the maker's own page: the kernel's driver asks for them by number.
    private static let reportDescriptor: [UInt8] = [
        0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08,
        0x85, 0x02, 0x95, 0x04, 0x09, 0x01, 0xB1, 0x02,
        0x85, 0x13, 0x95, 0x3F, 0x09, 0x01, 0x81, 0x02,
        0xC0,
    ]

    /// Puts a level on an input line.
    public func drive(_ line: Int, _ level: Bool) {
        guard outputs >> line & 1 == 0 else { return }
        levels = level ? levels | 1 << line : levels & ~(1 << line)
    }

    public func control(_ setup: USBSetup, data: [UInt8], nowPS: Int64) -> USBAnswer {
        switch (setup.requestType, setup.request, UInt8(truncatingIfNeeded: setup.value)) {
        case (0x81, 6, _) where setup.value >> 8 == 0x22: return .data(Self.reportDescriptor)
        case (0x21, 0x0A, _): return .data([])
        case (0xA1, 1, 2): return .data([2, outputs, pushPull, special, divider])
        case (0xA1, 1, 3): return .data([3, levels])
        case (0xA1, 1, 5): return .data([5, 0x0C, 0x03])
        case (0xA1, 1, 6): return .data([6] + bus)
        case (0x21, 9, 2) where data.count >= 5:
            (outputs, pushPull, special, divider) = (data[1], data[2], data[3], data[4])
            return .data([])
        case (0x21, 9, 4) where data.count >= 3:
            let mask = data[2] & outputs
            levels = levels & ~mask | data[1] & mask
            return .data([])
        case (0x21, 9, 6) where data.count >= 14:
            bus = Array(data[1..<14])
            return .data([])
        default: return .stall
        }
    }

    public func send(endpoint: UInt8, limit: Int, nowPS: Int64) -> USBAnswer { .notYet }
}
