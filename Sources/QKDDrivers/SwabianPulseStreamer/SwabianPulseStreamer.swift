import QKDCore
import QKDTransport

/// Swabian Instruments' Pulse Streamer 8/2: eight digital and two analog outputs in steps of 1 ns.
///
/// Settings go by JSON-RPC over HTTP; frames go by the binary port if the firmware has it (1.1 or
/// later), and as base64 text by JSON-RPC otherwise. Methods and formats: PyPI `pulsestreamer` 2.1.2.
public actor SwabianPulseStreamer: LaserModulator {
    public nonisolated let modulatorCapabilities = ModulatorCapabilities(
        symbolsPerFrame: PulseStreamerFrame.stepLimit / PulseStreamerFrame.stepsPerSymbol, tickPS: 1_000, lines: 8,
        analogVolts: PulseStreamerFrame.analogVolts)

    let http: any HTTPTransport
    let openStream: @Sendable () async throws -> any ByteTransport
    let clock: any BenchClock
    let turn = WireTurn()
    /// The binary port's connection, kept between uploads.
    var stream: (any ByteTransport)?
    private var firmware: PulseStreamerFirmware?
    private var requestCount = 0
    private var uploadCount: UInt32 = 0

    /// How long an answer to a request may take.
    static let answerTimeout: Duration = .seconds(5)
    /// How long the device may take to check a frame that it has received.
    static let uploadTimeout: Duration = .seconds(10)

    /// Talks to a device over `http`; `openStream` connects to its binary port, and `clock` is the bench's.
    public init(
        http: any HTTPTransport, openStream: @escaping @Sendable () async throws -> any ByteTransport,
        clock: any BenchClock
    ) {
        self.http = http
        self.openStream = openStream
        self.clock = clock
    }

    /// Asks who is there. What the outputs do is left as it is: only `makeSafe` and `load` change it.
    public func open() async throws -> DeviceIdentity {
        let firmware = try await askFirmware()
        return DeviceIdentity(
            vendor: Self.descriptor.vendor, model: Self.descriptor.model, serialNumber: try await serialNumber(),
            firmware: firmware.text)
    }

    public func close() async {
        await stream?.close()
        stream = nil
        await http.close()
    }

    /// Calls a method of the device and returns its result; throws `refused` with the device's code.
    func call(_ method: String, _ parameters: RPCValue...) async throws -> RPCValue {
        requestCount += 1
        let id = requestCount
        let request = try PulseStreamerRPC.request(method, parameters, id: id)
        let response = try await http.send(request, timeout: Self.answerTimeout)
        return try PulseStreamerRPC.result(of: response, to: method, id: id, at: http.endpoint)
    }

    func integer(_ method: String) async throws -> Int {
        let result = try await call(method)
        guard let value = result.asInteger else { throw wrongType(method, "a whole number") }
        return value
    }

    func flag(_ method: String) async throws -> Bool { try await integer(method) != 0 }

    func text(_ method: String, _ parameters: RPCValue...) async throws -> String {
        let result = parameters.isEmpty ? try await call(method) : try await call(method, parameters[0])
        guard let value = result.asText else { throw wrongType(method, "a text") }
        return value
    }

    func wrongType(_ method: String, _ expected: String) -> QKDError {
        QKDError(.protocolViolation, "expected \(expected)", at: .init(http.endpoint, field: method))
    }

    /// The MAC address, which is the device's serial number.
    func serialNumber() async throws -> String {
        // Firmware before 1.1 has one method for two numbers: 1 asks for the MAC address.
        try await knownFirmware().hasBinaryPort ? text("getSerial") : text("getSerial", .integer(1))
    }

    func knownFirmware() async throws -> PulseStreamerFirmware {
        if let firmware { return firmware }
        return try await askFirmware()
    }

    func nextUploadID() -> UInt32 {
        uploadCount &+= 1
        return uploadCount
    }

    private func askFirmware() async throws -> PulseStreamerFirmware {
        let answer = try await text("getFirmwareVersion")
        guard let version = PulseStreamerFirmware(answer) else {
            throw QKDError(
                .protocolViolation, "'\(answer.prefix(40))' is no firmware version",
                at: .init(http.endpoint, field: "getFirmwareVersion"))
        }
        firmware = version
        return version
    }
}

/// A firmware version: numbers with dots between them up to the first blank, and a remark.
struct PulseStreamerFirmware: Sendable, Equatable {
    let text: String
    let numbers: [Int]

    /// Reads a version, or returns `nil`.
    init?(_ text: String) {
        let words = (text.split(separator: " ").first ?? "").split(separator: ".", omittingEmptySubsequences: false)
        let numbers = words.compactMap { Int($0) }
        guard !numbers.isEmpty, numbers.count == words.count else { return nil }
        self.text = text
        self.numbers = numbers
    }

    /// Whether frames can be sent to the binary port.
    var hasBinaryPort: Bool { !numbers.lexicographicallyPrecedes([1, 1]) }
}
