import QKDCore

/// The host's side of the abstract control model (USB CDC 1.2, PSTN 1.2 section 6.3).
enum CDCACM {
    /// DTR is bit 0, RTS bit 1; many instruments start to talk when DTR rises.
    static let raisedLines: UInt16 = 3

    /// `SET_LINE_CODING` of 8N1: baud, one stop bit, no parity, eight bits.
    static func lineCoding(baud: Int) -> [UInt8] { UInt32(baud).littleBytes + [0, 0, 8] }

    /// Claims both interfaces of the first such function and sets it up.
    static func prepare(_ connection: any USBConnection, baud: Int) async throws -> USBSerialTransport.Wire {
        let place = QKDError.Place(connection.endpoint)
        guard baud > 0, baud <= 12_000_000 else {
            throw QKDError(.outOfRange, "no serial port runs at \(baud) baud", at: place)
        }
        let interfaces = connection.interfaces
        guard let control = interfaces.first(where: { $0.classCodes.prefix(2) == [0x02, 0x02] }),
            let data = interfaces.bulkPair(where: { $0.classCodes.first == 0x0A })
        else { throw QKDError(.unsupported, "this is no CDC-ACM device", at: place) }
        try await connection.claim(interface: control.number, alternate: 0)
        try await connection.claim(interface: data.interface, alternate: 0)
        func request(_ request: UInt8, _ value: UInt16, _ data: [UInt8] = []) async throws {
            try await connection.control(
                out: USBSetup.classInterfaceOut, request, value: value, index: UInt16(control.number), data: data)
        }
        do {
            try await request(0x20, 0, lineCoding(baud: baud))
        } catch let error as QKDError where error.kind == .refused {
            // A device without a real line may refuse a coding; it has no use for one either.
        }
        try await request(0x22, raisedLines)
        return USBSerialTransport.Wire(
            inEndpoint: data.into, outEndpoint: data.out, headBytes: 0,
            hangUp: USBSetup(
                requestType: USBSetup.classInterfaceOut, request: 0x22, value: 0, index: UInt16(control.number)))
    }
}
