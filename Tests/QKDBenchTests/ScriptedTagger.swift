import QKDCore

/// A tagger that gives what a test tells it to give.
actor ScriptedTagger: TimeTagger {
    static let descriptor = DeviceDescriptor(
        id: "scripted", vendor: "test", model: "tagger", classes: [.timeTagger], transports: [.serial],
        support: .description, summary: "a tagger of a test", unverified: [])

    nonisolated let taggerCapabilities = TaggerCapabilities(channels: 1...4, resolutionPS: 1)
    nonisolated let parameters: [Parameter] = []
    /// Batches that are given at once, then an error if there is one; else the stream stays open until it is stopped.
    private let batches: [TagBatch]
    private let error: QKDError?
    /// Given when it is stopped: what the device had queued.
    private let queued: TagBatch
    private let stopError: QKDError?
    private var continuation: TagStream.Continuation?
    private(set) var stops = 0

    init(
        _ batches: [TagBatch], error: QKDError? = nil, queued: TagBatch = TagBatch(), stopError: QKDError? = nil
    ) {
        (self.batches, self.error, self.queued, self.stopError) = (batches, error, queued, stopError)
    }

    func startTagging() async throws -> TagStream {
        let (stream, continuation) = TagStream.makeStream(bufferingPolicy: .unbounded)
        for batch in batches { continuation.yield(batch) }
        self.continuation = continuation
        if let error { continuation.finish(throwing: error) }
        return stream
    }

    func stopTagging() async throws {
        stops += 1
        continuation?.yield(queued)
        continuation?.finish()
        if let stopError { throw stopError }
    }

    func taggerStatistics() async -> TaggerStatistics { TaggerStatistics() }
    func open() async throws -> DeviceIdentity { DeviceIdentity(vendor: "test", model: "tagger") }
    func close() async {}
    func makeSafe() async throws {}
    func selfTest() async throws -> SelfTestReport { SelfTestReport([]) }
    func health() async throws -> DeviceHealth { DeviceHealth(.healthy) }
    func value(of parameter: String) async throws -> ParameterValue { throw QKDError(.unsupported, "no parameters") }
    func set(_ parameter: String, to value: ParameterValue) async throws {
        throw QKDError(.unsupported, "no parameters")
    }
}
