import QKDCore
import QKDTransport

/// The time stamp card of the Centre for Quantum Technologies, revision 2: four inputs, 125 ps, on USB.
///
/// Sources: kurtsiefer/qcrypto @3f3afa329e29, tp8.c (firmware), usbtimetag.c, timetag_io2.c and readevents3.c.
public actor NUSTimestampCard: TimeTagger {
    /// What a user may want to set otherwise.
    public struct Options: Sendable {
        /// The card's own phase table.
        public var phase = TimestampPhase.synthetic
        /// Batches that may wait for a slow consumer.
        public var queuedBatches = 256
        /// How often the card is asked whether its FIFO is full.
        public var watch: Duration = .milliseconds(100)
        /// How long nothing may come after a stop for the card to count as empty: a flush takes 30 ms.
        public var quiet: Duration = .milliseconds(60)

        /// The usual values.
        public init() {}
    }

    public nonisolated let taggerCapabilities = TaggerCapabilities(channels: 1...4, resolutionPS: TimestampEvent.tickPS)

    let connection: any USBConnection
    let clock: any BenchClock
    let options: Options
    let turn = WireTurn()
    var session: TimestampSession?
    var sessionCount = 0
    var lastStatistics = TaggerStatistics()
    var converters = Dictionary(uniqueKeysWithValues: TimestampCommand.Converter.allCases.map { ($0, $0.powerUpValue) })
    var hasInternalReference = true
    /// What was found wrong since `open`, for `health`.
    var findings: [String] = []

    static let commandEndpoint: UInt8 = 0x01
    static let statusEndpoint: UInt8 = 0x81
    static let eventEndpoint: UInt8 = 0x82
    static let timeout: Duration = .seconds(1)

    /// Talks over `connection`; `clock` is the bench's.
    public init(connection: any USBConnection, clock: any BenchClock, options: Options = Options()) {
        self.connection = connection
        self.clock = clock
        self.options = options
    }

    /// Claims the card in its second alternate setting, which has the endpoints, and stops what it may be doing.
    public func open() async throws -> DeviceIdentity {
        try requireIdle()
        findings = []
        try await connection.claim(interface: 0, alternate: 1)
        let revision = try await turn.run {
            try await tell(.freshRestart)
            return try await unlockedStatus(.chipRevision)
        }
        return DeviceIdentity(
            vendor: Self.descriptor.vendor, model: connection.facts.product ?? Self.descriptor.model,
            serialNumber: connection.facts.serialNumber ?? "", firmware: "FX2 revision \(revision)")
    }

    public func close() async {
        // Closing has nobody to report to: a card that does not stop is left as it is.
        try? await stopTagging()
        await connection.close()
    }

    /// Has the card take no events, and sees that it answers; it gives no light and no bias.
    public func makeSafe() async throws {
        try await Task {
            try await stopTagging()
            try await turn.run {
                try await tell(.inhibit)
                _ = try await unlockedStatus(.ports)
            }
        }.value
    }

    public func selfTest() async throws -> SelfTestReport {
        let revision = try await status(.chipRevision)
        let overflow = try await status(.overflow)
        return SelfTestReport([
            .init("chip revision", passed: true, detail: "\(revision)"),
            .init("overflow flag", passed: overflow <= 1, detail: "\(overflow)"),
        ])
    }

    public func health() async throws -> DeviceHealth {
        var found = findings
        if try await status(.overflow) != 0 { found.append("the card's FIFO is full: it takes no events") }
        if let session { found += Self.findings(of: session.statistics) }
        return DeviceHealth(found.isEmpty ? .healthy : .degraded, findings: found)
    }

    func requireIdle() throws {
        guard session == nil else { throw QKDError(.refused, "the tagger is tagging; stop it first") }
    }

    /// Asks for one byte.
    func status(_ index: TimestampCommand.StatusIndex) async throws -> UInt8 {
        try await turn.run { try await unlockedStatus(index) }
    }

    func unlockedStatus(_ index: TimestampCommand.StatusIndex) async throws -> UInt8 {
        try await tell(.requestStatus(index))
        let bytes = try await connection.read(512, from: Self.statusEndpoint, timeout: Self.timeout)
        guard bytes.count == 1, let byte = bytes.first else {
            throw QKDError(
                .protocolViolation, "\(bytes.count) bytes came for one status byte",
                at: .init(connection.endpoint, field: "status \(index.rawValue)"))
        }
        return byte
    }

    func tell(_ command: TimestampCommand) async throws {
        try await connection.write(command.bytes, to: Self.commandEndpoint, timeout: Self.timeout)
    }
}
