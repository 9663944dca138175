import QKDCore
import QKDTransport

/// S-Fifteen single-photon detector: bias, cooler, discriminator and counter on a CDC serial port.
///
/// Source: pyS15 S15lib/instruments/single_photon_detector.py @ba5faee92c19.
public actor SFifteenSPD: PhotonDetector {
    typealias Codec = SFifteenSPDCodec

    let queue: ExchangeQueue
    let clock: any BenchClock
    let limits: SFifteenSPDLimits
    /// Counts the ramps that began: one that is not the last any more stops.
    var rampNumber = 0
    /// The way to the safe state, while it is being walked.
    var safety: Task<Void, any Error>?
    nonisolated var endpoint: String { queue.transport.endpoint }

    /// The longest gate that the driver waits for, milliseconds; ours.
    public static let longestGateMS = 10_000
    static let gateRangeMS = 1.0...Double(longestGateMS)
    /// The source's read timeout.
    static let replyTimeout: Duration = .seconds(1)
    /// The source's pause after a command.
    static let settlePS = 10 * Picoseconds.perMillisecond

    /// Talks over `transport`; ramps and counts on `clock`.
    public init(transport: any ByteTransport, clock: any BenchClock, limits: SFifteenSPDLimits = .init()) {
        queue = ExchangeQueue(transport)
        self.clock = clock
        self.limits = limits
    }

    // MARK: Device

    public func open() async throws -> DeviceIdentity {
        let clock = clock
        let reply = try await queue.run { reader, transport in
            try await transport.write(Codec.emptyLine)
            try await clock.sleep(durationPS: Self.settlePS)
            // Whatever an empty or a half line brings is nobody's answer.
            try await reader.drain(quiet: .zero)
            try await transport.write(Codec.identify)
            return try await reader.line(endingWith: Codec.replyEnd, timeout: Self.replyTimeout)
        }
        return try Codec.identity(reply, endpoint: endpoint)
    }

    public func close() async { await queue.transport.close() }

    public func selfTest() async throws -> SelfTestReport {
        var checks: [SelfTestReport.Check] = []
        // `counts?` takes a whole gate and says nothing that the others do not.
        for word in Codec.Word.allCases where word != .counts {
            do {
                checks.append(.init(word.rawValue, passed: true, detail: "\(try await read(word))"))
            } catch let error as QKDError where error.kind == .protocolViolation {
                checks.append(.init(word.rawValue, passed: false, detail: "\(error)"))
            }
        }
        return SelfTestReport(checks)
    }

    /// Warm means noisy: the verdict is degraded while the temperature is not where it should be.
    public func health() async throws -> DeviceHealth {
        let isCooling = try await read(.loop) != 0
        let temperature = try await read(.temperature)
        let target = try await read(.target)
        var findings: [String] = []
        if !isCooling { findings.append("the temperature loop is off") }
        if isCooling, abs(temperature - target) > 1 {
            findings.append("the temperature is \(temperature) °C, the aim \(target) °C")
        }
        return DeviceHealth(findings.isEmpty ? .healthy : .degraded, findings: findings)
    }

    // MARK: PhotonDetector

    public func setTemperature(celsius: Double) async throws {
        try parameter("target-temperature").check(.number(celsius))
        try await write(.target, celsius)
    }

    /// Counts for one gate of 1 to `longestGateMS` milliseconds. Other calls wait until it has ended.
    public func counts(gateMS: Int) async throws -> Int {
        guard (1...Self.longestGateMS).contains(gateMS) else {
            throw QKDError(.outOfRange, "a gate of \(gateMS) ms; 1 to \(Self.longestGateMS) are possible")
        }
        try await write(.gate, Double(gateMS))
        return try await countOneGate(milliseconds: Double(gateMS))
    }

    /// Keeps the settings over a power cycle.
    public func saveSettings() async throws { try await tell(Codec.save, named: "save", settlePS: Self.settlePS) }
}
