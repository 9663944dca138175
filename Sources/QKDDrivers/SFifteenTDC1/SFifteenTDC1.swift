import QKDCore
import QKDTransport

/// S-Fifteen Instruments' TDC1: a counter and 2 ns time tagger with four inputs on a USB serial port.
///
/// Commands, words and times: pyS15 usb_counter_fpga.py @ba5faee92c19, the S-Fifteen wiki page
/// "TDC1-Documentation" and readevents4a.c @3f3afa329e29.
public actor SFifteenTDC1: TimeTagger {
    /// What a user may want to set otherwise, mostly in tests.
    public struct Options: Sendable, Equatable {
        /// How long the line may be silent while tagging before the device is asked to send what it holds.
        public var silence: Duration = .milliseconds(200)
        /// How many such silences in a row mean that the device is lost.
        ///
        /// An endless run sends a dummy every 140 ms, so one silence after the question is odd already;
        /// a busy host may cause a few.
        public var silenceLimit = 25
        /// Batches that may wait for a slow consumer.
        public var queuedBatches = 256
        /// How long the line has to be quiet after `abort` to be taken as empty.
        public var quiet: Duration = .milliseconds(30)

        /// How long an answer may take.
        public var answerTimeout: Duration = .seconds(1)

        /// The usual values.
        public init() {}
    }

    public nonisolated let taggerCapabilities = TaggerCapabilities(
        channels: 1...4, resolutionPS: TDC1Word.tickPS)

    let transport: any ByteTransport
    let clock: any BenchClock
    let options: Options
    let turn = WireTurn()
    var session: TDC1Session?
    var sessionCount = 0
    /// The statistics of the last session that ended.
    var lastStatistics = TaggerStatistics()
    /// Gate of `singles` and `pairs` when they are read as parameters, milliseconds.
    var gateMS = 1000
    /// What was found wrong since `open`, for `health`.
    var findings: [String] = []
    /// The last exchange failed, so its answer may still be on its way.
    private var mayHoldLateAnswer = false

    /// How long the device may go on talking after `abort`.
    static let drainLimit: Duration = .seconds(5)

    /// Talks to a device over `transport`; `clock` is the bench's.
    public init(transport: any ByteTransport, clock: any BenchClock, options: Options = Options()) {
        self.transport = transport
        self.clock = clock
        self.options = options
    }

    public func open() async throws -> DeviceIdentity {
        try requireIdle()
        findings = []
        mayHoldLateAnswer = false
        return try await exchange {
            try await silence()
            return try await identify()
        }
    }

    public func close() async {
        // Closing has nobody to report to: a device that does not stop is left as it is.
        try? await stopTagging()
        await transport.close()
    }

    /// Stops the stream and any gate, and sees that the device answers again.
    ///
    /// The device gives no light and no bias: there is nothing else to do.
    public func makeSafe() async throws {
        // A task of its own: one that is cancelled may not be let onto the wire any more.
        try await Task {
            // A run that ended by itself, or whose stop somebody else saw, says nothing about the device now.
            if try await stopOwnTagging() { return }
            try await turn.run {
                try await silence()
                _ = try await askStatus()
            }
        }.value
    }

    /// Counts single events of the four inputs for one gate, 1 to 65535 ms.
    public func singles(gateMS: Int) async throws -> [Int] {
        try await counts(mode: "singles", values: 4, gateMS: gateMS)
    }

    /// Counts coincidences of the inputs 1-3, 1-4, 2-3 and 2-4 for one gate, 1 to 65535 ms.
    public func pairs(gateMS: Int) async throws -> [Int] {
        Array(try await counts(mode: "pairs", values: 8, gateMS: gateMS).suffix(4))
    }

    private func counts(mode: String, values: Int, gateMS: Int) async throws -> [Int] {
        guard (1...65_535).contains(gateMS) else {
            throw QKDError(.outOfRange, "a gate of \(gateMS) ms is outside 1 to 65535 ms")
        }
        return try await exchange {
            try await transport.write(TDC1Text.line(mode, "time \(gateMS)", "counts?"))
            do {
                try await clock.sleep(durationPS: Int64(gateMS) * Picoseconds.perMillisecond)
                return try TDC1Text.integers(try await line(), count: values, at: transport.endpoint)
            } catch {
                try? await transport.write(TDC1Text.line("abort"))  // the first error is the one that tells
                throw error
            }
        }
    }
}

extension SFifteenTDC1 {
    func requireIdle() throws {
        guard session == nil else { throw QKDError(.refused, "the tagger is tagging; stop it first") }
    }

    /// Asks one question; the device must not be streaming.
    func ask(_ command: String) async throws -> String {
        try await exchange { try await answer(to: command) }
    }

    /// Sends commands that have no answer.
    func tell(_ commands: [UInt8]) async throws {
        try await exchange { try await transport.write(commands) }
    }

    /// Runs an exchange with a device that is not tagging, on a line on which no late answer waits.
    func exchange<Value: Sendable>(_ talk: () async throws -> Value) async throws -> Value {
        try requireIdle()
        return try await turn.run {
            try requireIdle()
            if mayHoldLateAnswer { try await untilQuiet { _ in } }
            mayHoldLateAnswer = true
            let value = try await talk()
            mayHoldLateAnswer = false
            return value
        }
    }

    /// Stops gate and stream and reads away what still comes, the last partly filled packet included.
    func silence() async throws {
        try await transport.write(TDC1Text.line("abort", "INPKT"))
        try await untilQuiet { _ in }
    }

    /// Reads until the line has been quiet, and hands over what comes.
    func untilQuiet(_ take: ([UInt8]) -> Void) async throws {
        let deadline = ContinuousClock.now + Self.drainLimit
        while ContinuousClock.now < deadline {
            do {
                take(try await transport.read(timeout: options.quiet))
            } catch let error as QKDError where error.kind == .timeout {
                return
            }
        }
        throw TDC1Text.violation("does not stop sending after abort", at: transport.endpoint)
    }

    func answer(to command: String) async throws -> String {
        try await transport.write(TDC1Text.line(command))
        return try await line()
    }

    private func line() async throws -> String {
        var reader = ByteReader(transport)
        let bytes = try await reader.line(endingWith: TDC1Text.lineEnd, timeout: options.answerTimeout)
        return try TDC1Text.text(bytes, at: transport.endpoint)
    }

    func identify() async throws -> DeviceIdentity {
        let text = try await answer(to: "*IDN?")
        guard text.contains("TDC1") else {
            throw TDC1Text.violation("'\(text)' is not the identity of a TDC1", at: transport.endpoint)
        }
        // The form of the text is not public: the four fields of IEEE 488.2 if it has them, or all of it.
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingBlanks }
        guard fields.count == 4 else {
            return DeviceIdentity(vendor: Self.descriptor.vendor, model: "TDC1", firmware: text)
        }
        return DeviceIdentity(vendor: fields[0], model: fields[1], serialNumber: fields[2], firmware: fields[3])
    }

    /// Asks for the status word; what comes before it was sent before it was asked for, and is handed over.
    func askStatus(_ take: ([UInt8]) -> Void = { _ in }) async throws -> Int {
        try await transport.write(TDC1Text.line("status?"))
        var reader = ByteReader(transport)
        var tail: [UInt8] = []
        let deadline = ContinuousClock.now + options.answerTimeout
        while true {
            if let status = TDC1Text.status(tail.suffix(TDC1Text.statusByteCount)) {
                take(tail.dropLast(TDC1Text.statusByteCount))
                return status
            }
            do {
                let left = ContinuousClock.now.duration(to: deadline)
                tail += try await reader.available(timeout: max(.zero, left))
            } catch let error as QKDError where error.kind == .timeout && tail.count >= TDC1Text.statusByteCount {
                throw TDC1Text.violation("an answer to status? that is no status", at: transport.endpoint)
            }
        }
    }
}

extension Substring {
    fileprivate var trimmingBlanks: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
