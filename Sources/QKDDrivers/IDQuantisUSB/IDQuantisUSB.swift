import QKDCore
import QKDTransport

/// ID Quantique Quantis USB: a quantum random number generator on a bulk endpoint.
///
/// Source: libQuantis. Random bytes are never logged and never part of an error. What comes is tested
/// (`NoiseHealth`); when a test fails no more bytes are given out until `reset`.
public actor IDQuantisUSB: RandomSource {
    typealias Codec = QuantisCodec

    private let connection: any USBConnection
    private let clock: any BenchClock
    private let turn = WireTurn()
    private var health90B = NoiseHealth()

    /// The most that one call of `randomBytes` gives: 64 MiB, a bound of ours.
    public static let largestRequest = 64 << 20
    /// Bytes of one transfer; at 4 Mbit/s it takes an eighth of a second.
    private static let transferLength = 64 << 10

    /// Talks over `connection`; `clock` is the bench's.
    public init(connection: any USBConnection, clock: any BenchClock) {
        self.connection = connection
        self.clock = clock
    }

    // MARK: Device

    /// Claims the device and asks who it is; throws `busy` when another program holds it.
    public func open() async throws -> DeviceIdentity {
        try await connection.claim(interface: 0, alternate: 0)
        let version = try await ask(.boardVersion)
        return DeviceIdentity(
            vendor: Self.descriptor.vendor, model: connection.facts.product ?? Self.descriptor.model,
            serialNumber: connection.facts.serialNumber ?? "", firmware: "board \(version)")
    }

    public func close() async { await connection.close() }

    /// Sees that it answers: it gives no light and no bias, so there is nothing else to do.
    public func makeSafe() async throws {
        // A fresh task: the caller's may be cancelled, and its transfers would be refused.
        _ = try await Task { try await ask(.modulesStatus) }.value
    }

    public func selfTest() async throws -> SelfTestReport {
        let version = try await ask(.boardVersion)
        let (mask, status, power) = (
            try await ask(.modulesMask), try await ask(.modulesStatus), try await ask(.modulesPower)
        )
        let (rate, flag) = (try await ask(.modulesRate), try await ask(.startupFlag))
        return SelfTestReport([
            .init("board version", passed: true, detail: "\(version)"),
            .init("modules", passed: mask != 0, detail: "mask \(mask)"),
            .init("status", passed: status & mask == mask, detail: "status \(status)"),
            .init("power", passed: power != 0, detail: "\(power)"),
            .init("rate", passed: rate > 0, detail: "\(rate) kbit/s"),
            .init("AIS 31 start-up test", passed: flag == 0, detail: flag == 0 ? "passed" : "failed"),
        ])
    }

    public func health() async throws -> DeviceHealth {
        var findings = try await faults()
        if let failure = health90B.failure { findings.append(failure.message) }
        return DeviceHealth(findings.isEmpty ? .healthy : .failed, findings: findings)
    }

    // MARK: RandomSource

    /// Reads `count` bytes, 0 to `largestRequest`.
    ///
    /// Throws `unhealthy`, and gives nothing, when the device names a failure or a health test fails.
    public func randomBytes(_ count: Int) async throws -> [UInt8] {
        guard (0...Self.largestRequest).contains(count) else {
            throw QKDError(.outOfRange, "\(count) random bytes at once; 0 to \(Self.largestRequest) are possible")
        }
        guard count > 0 else { return [] }
        return try await turn.run {
            if let failure = health90B.failure { throw failure }
            let faults = try await unlockedFaults()
            guard faults.isEmpty else { throw QKDError(.unhealthy, faults.joined(separator: "; "), at: place) }
            if !health90B.isStarted { try await discard(NoiseHealth.startupSamples) }
            var bytes = try await read(count)
            do {
                try health90B.check(bytes, at: place)
            } catch {
                RandomBytes.wipe(&bytes)
                throw error
            }
            return bytes.count == count ? bytes : Array(bytes.prefix(count))
        }
    }

    /// Switches the modules off and on, throws the first bytes away, and starts the tests anew.
    public func reset() async throws {
        try await turn.run {
            try await unlockedTell(.disable)
            try await unlockedTell(.enable)
            try await clock.sleep(durationPS: Codec.settlingPS)
            health90B = NoiseHealth()
            try await discard(Codec.discardedAfterReset)
        }
    }

    /// Forgets the failure of the device's own start-up test, as the maker's library does after a reset.
    func clearStartupFlag() async throws { try await turn.run { try await unlockedTell(.clearStartupFlag) } }

    /// Switches all modules on or off.
    func enable(_ on: Bool) async throws { try await turn.run { try await unlockedTell(on ? .enable : .disable) } }

    /// Asks one question.
    func ask(_ request: Codec.Request) async throws -> UInt32 { try await turn.run { try await unlockedAsk(request) } }

    // MARK: On the wire, one at a time

    private var place: QKDError.Place { .init(connection.endpoint) }

    private func faults() async throws -> [String] { try await turn.run { try await unlockedFaults() } }

    private func unlockedFaults() async throws -> [String] {
        var faults: [String] = []
        let mask = try await unlockedAsk(.modulesMask)
        let status = try await unlockedAsk(.modulesStatus)
        if mask == 0 { faults.append("it has no module") }
        if status & mask != mask { faults.append("modules \(mask & ~status) of \(mask) do not work") }
        if try await unlockedAsk(.startupFlag) != 0 { faults.append("its AIS 31 start-up test failed: reset it") }
        return faults
    }

    private func unlockedAsk(_ request: Codec.Request) async throws -> UInt32 {
        let bytes = try await connection.control(
            in: USBSetup.vendorInterfaceIn, request.rawValue, length: request.length, timeout: Codec.timeout)
        return try Codec.number(bytes, for: request, at: connection.endpoint)
    }

    private func unlockedTell(_ request: Codec.Request) async throws {
        try await connection.control(out: USBSetup.vendorInterfaceOut, request.rawValue, timeout: Codec.timeout)
    }

    private func discard(_ count: Int) async throws {
        var bytes = try await read(count)
        try health90B.check(bytes, at: place)
        RandomBytes.wipe(&bytes)
    }

    /// Reads whole packets, at least `count` bytes.
    private func read(_ count: Int) async throws -> [UInt8] {
        let wanted = Codec.readLength(count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(wanted)
        while bytes.count < wanted {
            let length = min(Self.transferLength, wanted - bytes.count)
            bytes += try await connection.read(length, from: Codec.source, timeout: Codec.timeout)
        }
        return bytes
    }
}
