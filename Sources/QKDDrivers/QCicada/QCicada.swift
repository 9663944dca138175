import QKDCore
import QKDTransport

/// Crypta Labs QCicada: a quantum random number generator on an FTDI serial line at 1 000 000 baud.
///
/// Source: PyPI qcicada 0.2.2. Random bytes are never logged and never part of an error.
public actor QCicada: RandomSource {
    typealias Codec = QCicadaCodec
    typealias Exchange = QCicadaExchange

    let queue: ExchangeQueue
    /// On what it gives out, which it has conditioned: a last look, besides the tests of its noise that it makes itself.
    private var outputHealth = NoiseHealth()
    private nonisolated var endpoint: String { queue.transport.endpoint }

    /// The most that one call of `randomBytes` gives: 64 MiB, a bound of ours.
    public static let largestRequest = 64 << 20

    /// Talks over `transport`.
    public init(transport: any ByteTransport) { queue = ExchangeQueue(transport) }

    // MARK: Device

    /// Stops a stream that an earlier user may have left running, and asks who is there.
    public func open() async throws -> DeviceIdentity {
        try await queue.run { reader, transport in
            try await transport.write(Codec.frame(.stop))
            // Whatever comes is thrown away: the end of a stream, an acknowledgement, or nothing.
            try await reader.drain(quiet: Exchange.quietAfterStop)
        }
        let info = try await info()
        return DeviceIdentity(
            vendor: Self.descriptor.vendor, model: info.hardware.isEmpty ? Self.descriptor.model : info.hardware,
            serialNumber: info.serialNumber, firmware: info.firmware)
    }

    public func close() async { await queue.transport.close() }

    /// Stops any stream; the generator itself can harm nothing.
    public func makeSafe() async throws {
        let queue = queue
        // A fresh task: the caller's may be cancelled, and its writes would be refused.
        _ = try await Task { try await queue.run { try await Exchange.stop(&$0, $1) } }.value
    }

    public func selfTest() async throws -> SelfTestReport {
        let info = try await info()
        let status = try await status()
        let statistics = try await statistics()
        let configuration = try await configuration()
        return SelfTestReport([
            .init("info", passed: !info.serialNumber.isEmpty, detail: "firmware \(info.firmware)"),
            .init("status", passed: status.faults.isEmpty, detail: status.faults.joined(separator: ", ")),
            .init("statistics", passed: true, detail: "\(statistics.generatedBytes) bytes generated"),
            .init("configuration", passed: true, detail: configuration.postProcessing.name),
        ])
    }

    public func health() async throws -> DeviceHealth {
        let status = try await status()
        let faults = status.faults + (outputHealth.failure.map { [$0.message] } ?? [])
        if !faults.isEmpty { return DeviceHealth(.failed, findings: faults) }
        let configuration = try await configuration()
        var findings: [String] = []
        if configuration.postProcessing != .sha256 {
            findings.append("the output is not conditioned: post-processing is \(configuration.postProcessing.name)")
        }
        if configuration.flags.contains(.generateOnError) {
            findings.append("it generates in spite of failed tests: generate-on-error is on")
        }
        return DeviceHealth(findings.isEmpty ? .healthy : .degraded, findings: findings)
    }

    // MARK: RandomSource

    /// Reads `count` bytes, 0 to `largestRequest`, in as many reads as it takes.
    ///
    /// Throws `unhealthy`, and gives nothing, when the status names a failure before, during or after,
    /// when the output is not conditioned by SHA-256, or when it fails the tests of `NoiseHealth`, until `reset`.
    public func randomBytes(_ count: Int) async throws -> [UInt8] {
        try Self.check(count)
        guard count > 0 else { return [] }
        let configuration = try await configuration()
        guard configuration.postProcessing == .sha256 else {
            throw QKDError(
                .unhealthy, "the output is not conditioned: post-processing is \(configuration.postProcessing.name)",
                at: .init(endpoint))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        do {
            while bytes.count < count {
                let share = min(count - bytes.count, Codec.largestRead)
                bytes += try await queue.run { try await Exchange.oneShot(share, &$0, $1) }
            }
            try outputHealth.check(bytes, at: .init(endpoint))
        } catch {
            RandomBytes.wipe(&bytes)
            throw error
        }
        return bytes
    }

    /// Reads `count` bytes, 1 to 1 MiB, as one stream: started, read and stopped in one go.
    ///
    /// Throws as `randomBytes` does, except that it takes any post-processing: it is how raw noise is read.
    public func streamedBytes(_ count: Int) async throws -> [UInt8] {
        guard (1...1 << 20).contains(count) else {
            throw QKDError(.outOfRange, "\(count) bytes in one stream; 1 to \(1 << 20) are possible")
        }
        return try await queue.run { try await Exchange.streamed(count, &$0, $1) }
    }

    /// Reads 1 to 65535 bytes and the device's signature of them (64 bytes, ECDSA P-256, r ‖ s).
    ///
    /// The signature is not checked here. Throws `refused` where the firmware (before 5.13) cannot sign.
    public func signedBytes(_ count: Int) async throws -> (bytes: [UInt8], signature: [UInt8]) {
        let frame = try Codec.signedRead(count)
        return try await queue.run { reader, transport in
            try Exchange.requireHealthy(try await Exchange.status(&reader, transport), transport.endpoint)
            _ = try await Exchange.command(.signedRead, frame: frame, &reader, transport)
            let length = count + Codec.signatureLength
            let both = try await reader.bytes(length, timeout: Exchange.dataTimeout(length))
            return (Array(both[..<count]), Array(both[count...]))
        }
    }

    private static func check(_ count: Int) throws {
        guard (0...largestRequest).contains(count) else {
            throw QKDError(.outOfRange, "\(count) random bytes at once; 0 to \(largestRequest) are possible")
        }
    }

    // MARK: Single questions

    /// Asks for the state.
    public func status() async throws -> QCicadaStatus { try Codec.status(try await ask(.status)) }

    /// Asks who it is.
    public func info() async throws -> QCicadaInfo { try Codec.info(try await ask(.info)) }

    /// Asks what was counted since the last reset.
    public func statistics() async throws -> QCicadaStatistics { try Codec.statistics(try await ask(.statistics)) }

    /// Asks for the settings.
    public func configuration() async throws -> QCicadaConfiguration {
        try Codec.configuration(try await ask(.getConfiguration))
    }

    /// Writes the settings and reads them back; throws `refused` when the device holds others.
    public func configure(_ configuration: QCicadaConfiguration) async throws {
        _ = try await ask(.setConfiguration, Codec.payload(configuration))
        guard try await self.configuration() == configuration else {
            throw QKDError(.refused, "the device holds another configuration", at: .init(endpoint))
        }
    }

    /// Restarts the start-up test, clears the statistics, and starts our tests anew.
    public func reset() async throws {
        _ = try await ask(.reset)
        outputHealth = NoiseHealth()
    }

    private func ask(_ command: Codec.Command, _ payload: [UInt8] = []) async throws -> [UInt8] {
        let frame = Codec.frame(command, payload)
        return try await queue.run { try await Exchange.command(command, frame: frame, &$0, $1) }
    }
}
