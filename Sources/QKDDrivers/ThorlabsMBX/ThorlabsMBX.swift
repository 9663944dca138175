import QKDCore
import QKDTransport

/// Thorlabs MBX series: a Mach–Zehnder bias controller with a variable optical attenuator.
///
/// 115200 baud, 8N1. Source: pymeasure 0.16.0, instruments/thorlabs/thorlabsmbxseries.py.
public actor ThorlabsMBX: BiasController, Attenuator {
    typealias Codec = ThorlabsMBXCodec

    let queue: ExchangeQueue
    let clock: any BenchClock
    nonisolated var endpoint: String { queue.transport.endpoint }

    /// The source's read timeout.
    static let replyTimeout: Duration = .seconds(1)

    /// Talks over `transport`; waits for calibration and lock on `clock`.
    public init(transport: any ByteTransport, clock: any BenchClock) {
        queue = ExchangeQueue(transport)
        self.clock = clock
    }

    // MARK: Device

    public func open() async throws -> DeviceIdentity {
        let identity = try Codec.identity(try await ask(Codec.identify), endpoint: endpoint)
        // The identity's text is in no public source; the answer to a node of its own tells an MBX.
        _ = try await mode()
        return identity
    }

    public func close() async { await queue.transport.close() }

    public func selfTest() async throws -> SelfTestReport {
        var checks: [SelfTestReport.Check] = []
        for entry in ThorlabsMBXParameters.entries {
            do {
                let value = try entry.value(from: try await ask(Codec.query(entry.node)), endpoint: endpoint)
                try entry.parameter.check(value)
                checks.append(.init(entry.parameter.name, passed: true, detail: "\(value)"))
            } catch let error as QKDError where error.kind == .protocolViolation || error.kind == .outOfRange {
                checks.append(.init(entry.parameter.name, passed: false, detail: "\(error)"))
            }
        }
        return SelfTestReport(checks)
    }

    public func health() async throws -> DeviceHealth {
        var findings: [String] = []
        let mode = try await mode()
        if try await flag(.calibrating) {
            findings.append("a bias calibration is running")
        } else if mode != .off, try await !flag(.locked) {
            findings.append("the bias is not at its working point")
        }
        return DeviceHealth(findings.isEmpty ? .healthy : .degraded, findings: findings)
    }

    public nonisolated var parameters: [Parameter] { ThorlabsMBXParameters.entries.map(\.parameter) }

    public func value(of parameter: String) async throws -> ParameterValue {
        let entry = try entry(parameter)
        return try entry.value(from: try await ask(Codec.query(entry.node)), endpoint: endpoint)
    }

    public func set(_ parameter: String, to value: ParameterValue) async throws {
        let entry = try entry(parameter)
        guard entry.parameter.access != .readOnly else {
            throw QKDError(.unsupported, "\(parameter) can only be read")
        }
        try entry.parameter.check(value)
        try await write(entry.node, try entry.wireValue(value))
    }

    // MARK: BiasController

    public func lockToNull() async throws {
        try await calibrate()
        try await write(.mode, Double(Codec.Mode.null.rawValue))
        guard try await poll(.locked, until: true, withinPS: Self.lockLimitPS) else {
            throw QKDError(.unhealthy, "the bias does not lock to the minimum", at: .init(endpoint))
        }
    }

    public func isLocked() async throws -> Bool { try await flag(.locked) }

    // MARK: Attenuator

    public nonisolated var attenuationRangeDB: ClosedRange<Double> { Codec.attenuationRangeDB }

    /// Sets the attenuation and sees to it that the attenuator is on and keeps attenuation, not power.
    public func setAttenuation(decibels: Double) async throws {
        try parameter("attenuation").check(.number(decibels))
        try await write(.attenuation, decibels)
        try await write(.voaMode, 0)
        try await write(.voaPower, 1)
    }

    public func attenuation() async throws -> Double {
        try Codec.number(try await ask(Codec.query(.attenuation)), of: .attenuation, endpoint: endpoint)
    }

    public func isSettled() async throws -> Bool { try await flag(.voaSettled) }

    private func entry(_ name: String) throws -> ThorlabsMBXParameters.Entry {
        _ = try parameter(name)
        guard let entry = ThorlabsMBXParameters.entries.first(where: { $0.parameter.name == name }) else {
            throw QKDError(.unsupported, "no parameter '\(name)'")
        }
        return entry
    }
}
