import Foundation
import QKDCore

/// A test and measurement instrument on USB: messages to and from it (USBTMC 1.0), and what IEEE 488 adds (USB488 1.0).
///
/// It is a `ByteTransport` as well, so what speaks SCPI over a socket speaks it over USB: each `write` is a message, and
/// `read` asks for one.
public actor USBTMCInstrument: ByteTransport {
    public nonisolated let endpoint: String
    /// What the instrument can do.
    public nonisolated let capabilities: USBTMCCapabilities
    private nonisolated let connection: any USBConnection
    private let shape: Shape
    private var lastTag: UInt8 = 0
    private var lastStatusTag: UInt8 = 1
    private var isClosed = false

    private struct Shape: Sendable {
        var interface: UInt8
        var into: USBEndpoint
        var out: USBEndpoint
        /// Where the status byte comes, if the instrument has such an endpoint.
        var interrupt: USBEndpoint?
    }

    private static let requestLimit = Duration.seconds(2)
    private static let writeLimit = Duration.seconds(5)
    /// The most that `read` asks for in one message, bytes.
    private static let readLength = 64 << 10

    /// Claims the first interface of the class on an open device and asks what it can do.
    ///
    /// Throws `unsupported` when there is none.
    public static func open(_ connection: any USBConnection) async throws -> USBTMCInstrument {
        let place = QKDError.Place(connection.endpoint)
        let isOfClass = { (interface: USBInterface) in interface.classCodes.prefix(2) == [0xFE, 0x03] }
        guard let pair = connection.interfaces.bulkPair(where: isOfClass),
            let interface = connection.interfaces.first(where: { $0.number == pair.interface })
        else { throw QKDError(.unsupported, "this is no test and measurement device (USBTMC)", at: place) }
        try await connection.claim(interface: pair.interface, alternate: interface.alternate)
        let answer = try await connection.control(
            in: USBSetup.classInterfaceIn, USBTMCRequest.getCapabilities, index: UInt16(pair.interface),
            length: USBTMCCapabilities.length, timeout: requestLimit)
        guard answer.first == USBTMCRequest.success,
            let capabilities = USBTMCCapabilities(answer, isUSB488: interface.classCodes[2] == 1)
        else {
            throw QKDError(.protocolViolation, "the instrument does not say what it can do: \(answer)", at: place)
        }
        let interrupt = interface.endpoints.first { $0.kind == .interrupt && $0.isIn }
        return USBTMCInstrument(
            connection, capabilities,
            Shape(interface: pair.interface, into: pair.into, out: pair.out, interrupt: interrupt))
    }

    private init(_ connection: any USBConnection, _ capabilities: USBTMCCapabilities, _ shape: Shape) {
        self.connection = connection
        self.capabilities = capabilities
        self.shape = shape
        endpoint = connection.endpoint
    }

    public nonisolated var counters: TransportCounters { connection.counters }

    // MARK: Messages

    /// Sends one whole message; its end goes along, so it needs no line feed.
    public func write(_ bytes: [UInt8]) async throws {
        let header = USBTMCHeader(
            .dataOut, tag: nextTag(), size: UInt32(bytes.count), attributes: USBTMCHeader.endOfMessage)
        try await send(header, bytes)
    }

    /// Asks for data and returns what comes of one message, or its next part; throws `timeout`, after which the
    /// instrument no longer owes an answer to this request.
    public func read(timeout: Duration) async throws -> [UInt8] {
        try await part(limit: Self.readLength, timeout: timeout).bytes
    }

    /// Asks for a whole message of at most `limit` bytes; throws `protocolViolation` when it is longer.
    public func message(limit: Int = 16 << 20, timeout: Duration) async throws -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        var bytes: [UInt8] = []
        while true {
            let left = max(.milliseconds(1), ContinuousClock.now.duration(to: deadline))
            let part = try await part(limit: Self.readLength, timeout: left)
            bytes += part.bytes
            if part.isLast { return bytes }
            guard bytes.count < limit else {
                throw QKDError(.protocolViolation, "a message of more than \(limit) bytes", at: place)
            }
        }
    }

    /// Triggers; throws `unsupported` when the instrument takes no trigger on this way.
    public func trigger() async throws {
        guard capabilities.takesTrigger else {
            throw QKDError(.unsupported, "the instrument takes no trigger message", at: place)
        }
        try await send(USBTMCHeader(.trigger, tag: nextTag()), [])
    }

    private func part(limit: Int, timeout: Duration) async throws -> (bytes: [UInt8], isLast: Bool) {
        let tag = nextTag()
        try await send(USBTMCHeader(.dataIn, tag: tag, size: UInt32(limit)), [])
        // Room for the header and the padding, and then some: a transfer that fills it would not be seen to end.
        let packet = shape.into.packetLength
        let room = ((USBTMCHeader.length + limit + 3) / packet + 1) * packet
        let bytes: [UInt8]
        do {
            bytes = try await connection.read(room, from: shape.into.address, timeout: timeout)
        } catch {
            if (error as? QKDError)?.kind == .timeout || error is CancellationError { await abortIn(tag) }
            throw error
        }
        guard let header = USBTMCHeader(bytes), header.message == .dataIn, header.tag == tag else {
            throw QKDError(
                .protocolViolation, "this is no answer to request \(tag): \(bytes.prefix(USBTMCHeader.length))",
                at: place)
        }
        let size = Int(header.size)
        guard size <= limit, size <= bytes.count - USBTMCHeader.length else {
            throw QKDError(
                .protocolViolation,
                "an answer of \(bytes.count - USBTMCHeader.length) bytes says that it has \(size) of \(limit)",
                at: place)
        }
        return (
            Array(bytes[USBTMCHeader.length..<USBTMCHeader.length + size]),
            header.attributes & USBTMCHeader.endOfMessage != 0
        )
    }

    private func send(_ header: USBTMCHeader, _ data: [UInt8]) async throws {
        if isClosed { throw QKDError(.disconnected, "the device is closed", at: place) }
        let message = header.bytes + data + [UInt8](repeating: 0, count: USBTMCHeader.padding(data.count))
        do {
            try await connection.write(message, to: shape.out.address, timeout: Self.writeLimit)
        } catch {
            if (error as? QKDError)?.kind == .timeout { await abortOut(header.tag) }
            throw error
        }
    }

    private func nextTag() -> UInt8 {
        lastTag = lastTag == 255 ? 1 : lastTag + 1
        return lastTag
    }

    // MARK: Aborting and clearing

    /// Takes back what is under way and empties the instrument's buffers, whatever state it is in.
    public func clear() async throws {
        let answer = try await request(USBTMCRequest.initiateClear, length: 1)
        guard answer.first == USBTMCRequest.success else {
            throw QKDError(.refused, "the instrument does not clear: status \(answer)", at: place)
        }
        try await untilDone { try await self.request(USBTMCRequest.checkClear, length: 2) }
        try await connection.clearHalt(shape.out.address)
    }

    private func abortIn(_ tag: UInt8) async {
        await abort(tag, USBTMCRequest.initiateAbortIn, USBTMCRequest.checkAbortIn, shape.into.address)
    }

    private func abortOut(_ tag: UInt8) async {
        await abort(tag, USBTMCRequest.initiateAbortOut, USBTMCRequest.checkAbortOut, shape.out.address)
        try? await connection.clearHalt(shape.out.address)
    }

    /// Ends a transfer that did not end in time. What the instrument says to it changes nothing for the caller, who is
    /// told of the time limit; an instrument that stays out of step is for `clear`.
    private func abort(_ tag: UInt8, _ initiate: UInt8, _ check: UInt8, _ endpoint: UInt8) async {
        // A cancelled task could not ask any more.
        let task = Task {
            let answer = try await self.request(initiate, value: UInt16(tag), endpoint: endpoint, length: 2)
            guard answer.first == USBTMCRequest.success else { return }
            try await self.untilDone { try await self.request(check, endpoint: endpoint, length: 8) }
        }
        _ = try? await task.value
    }

    /// Asks until it is no longer pending; what the instrument still has to send is read away meanwhile.
    private func untilDone(_ ask: () async throws -> [UInt8]) async throws {
        for _ in 0..<50 {
            let answer = try await ask()
            guard answer.first == USBTMCRequest.pending else { return }
            if answer.count > 1, answer[1] & 1 != 0 {
                _ = try? await connection.read(
                    64 * shape.into.packetLength, from: shape.into.address, timeout: .milliseconds(100))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw QKDError(.timeout, "the instrument does not come to rest", at: place)
    }

    // MARK: What IEEE 488 adds

    /// Reads the status byte without a message; works while the instrument is busy with one.
    public func statusByte() async throws -> UInt8 {
        // Tags 2 to 127 are those of this request.
        lastStatusTag = lastStatusTag == 127 ? 2 : lastStatusTag + 1
        let answer = try await request(USBTMCRequest.readStatusByte, value: UInt16(lastStatusTag), length: 3)
        guard answer.count == 3, answer[0] == USBTMCRequest.success, answer[1] == lastStatusTag else {
            throw QKDError(.protocolViolation, "this is no status byte: \(answer)", at: place)
        }
        guard let interrupt = shape.interrupt else { return answer[2] }
        // A request for service that came before is not the answer.
        for _ in 0..<8 {
            let notice = try await connection.read(
                interrupt.packetLength, from: interrupt.address, timeout: Self.requestLimit)
            if notice.count >= 2, notice[0] == lastStatusTag | 0x80 { return notice[1] }
        }
        throw QKDError(.protocolViolation, "the status byte does not come", at: place)
    }

    /// Takes the instrument under remote control, or gives it back to its front panel.
    public func setRemote(_ isRemote: Bool) async throws {
        guard capabilities.takesRemoteControl else {
            throw QKDError(.unsupported, "the instrument has no remote control", at: place)
        }
        let answer = try await request(USBTMCRequest.remoteControl, value: isRemote ? 1 : 0, length: 1)
        guard answer.first == USBTMCRequest.success else {
            throw QKDError(.refused, "the instrument refuses: status \(answer)", at: place)
        }
    }

    // MARK: The rest

    public func close() async {
        isClosed = true
        await connection.close()
    }

    private nonisolated var place: QKDError.Place { .init(endpoint) }

    private func request(
        _ request: UInt8, value: UInt16 = 0, endpoint: UInt8? = nil, length: Int
    ) async throws -> [UInt8] {
        try await connection.control(
            in: endpoint == nil ? USBSetup.classInterfaceIn : USBSetup.classEndpointIn, request, value: value,
            index: UInt16(endpoint ?? shape.interface), length: length, timeout: Self.requestLimit)
    }
}
