import QKDCore

/// The host's side of FTDI's converters: vendor requests (pyftdi ftdi.py), first port of the chip.
enum FTDI {
    private enum Request {
        static let reset: UInt8 = 0
        static let modemControl: UInt8 = 1
        static let flowControl: UInt8 = 2
        static let baud: UInt8 = 3
        static let data: UInt8 = 4
        static let latency: UInt8 = 9
    }

    /// Chips whose requests name a port: the upper bit of a divisor stands one byte higher in `wIndex`, above it.
    /// By `bcdDevice`: FT2232C, H series, FT-X.
    private static func namesPorts(_ release: UInt16) -> Bool { release == 0x0500 || release >= 0x0700 }

    /// Claims the first port and sets it up: 8N1, no flow control, answers after 1 ms at the latest.
    static func prepare(_ connection: any USBConnection, baud: Int) async throws -> USBSerialTransport.Wire {
        let place = QKDError.Place(connection.endpoint)
        guard let pair = connection.interfaces.bulkPair(where: { $0.number == 0 && $0.classCodes.first == 0xFF }) else {
            throw QKDError(.unsupported, "this is no FTDI converter", at: place)
        }
        guard let divisor = FTDIDivisor.divisor(baud: baud) else {
            throw QKDError(.outOfRange, "the converter has no divisor for \(baud) baud", at: place)
        }
        let namesPorts = namesPorts(connection.facts.release)
        // Ports count from 1; a chip of one port takes 0.
        let port: UInt16 = namesPorts ? 1 : 0
        try await connection.claim(interface: pair.interface, alternate: 0)
        func request(_ request: UInt8, _ value: UInt16, index: UInt16? = nil) async throws {
            try await connection.control(out: USBSetup.vendorDeviceOut, request, value: value, index: index ?? port)
        }
        try await request(Request.reset, 0)
        let high = UInt16(divisor >> 16)
        try await request(
            Request.baud, UInt16(truncatingIfNeeded: divisor), index: namesPorts ? high << 8 | port : high)
        try await request(Request.data, 8)
        try await request(Request.flowControl, 0)
        try await request(Request.latency, 1)
        // Empties what an earlier program left unread.
        try await request(Request.reset, 1)
        try await request(Request.modemControl, 0x0303)
        return USBSerialTransport.Wire(
            inEndpoint: pair.into, outEndpoint: pair.out, headBytes: 2,
            hangUp: USBSetup(
                requestType: USBSetup.vendorDeviceOut, request: Request.modemControl, value: 0x0300, index: port))
    }
}

/// The baud rate generator of FTDI's 3 MHz chips (pyftdi ftdi.py): eighths of a divisor, oddly numbered.
enum FTDIDivisor {
    private static let codes: [UInt32] = [0, 3, 2, 4, 1, 5, 6, 7]

    /// The speed of a divisor.
    static func baud(_ divisor: UInt32) -> Int {
        if divisor == 0 { return 3_000_000 }
        if divisor == 1 { return 2_000_000 }
        guard let fraction = codes.firstIndex(of: divisor >> 14 & 7) else { return 0 }
        let eighths = Int(divisor & 0x3FFF) * 8 + fraction
        return eighths == 0 ? 0 : (24_000_000 + eighths / 2) / eighths
    }

    /// The divisor that comes closest to a speed; `nil` where it is off by more than 3 %, at which bits are misread.
    static func divisor(baud: Int) -> UInt32? {
        guard baud > 0, baud <= 3_000_000 else { return nil }
        let eighths = (24_000_000 + baud / 2) / baud
        guard eighths >> 3 <= 0x3FFF else { return nil }
        // Between 1 and 2 the chip has 1.5 alone, and names 1 and 1.5 in its own way.
        let divisor: UInt32 =
            eighths <= 9 ? 0 : eighths <= 13 ? 1 : UInt32(eighths >> 3) | codes[eighths & 7] << 14
        let error = abs(Double(Self.baud(divisor)) / Double(baud) - 1)
        return error <= 0.03 ? divisor : nil
    }
}
