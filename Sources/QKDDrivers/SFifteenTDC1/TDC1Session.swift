import QKDCore

/// One run of tagging: the decoder, the bounded stream to the consumer, and what was lost on the way.
struct TDC1Session {
    let number: Int
    var decoder = TDC1Decoder()
    private var outlet: TagOutlet
    /// The task that reads the wire.
    var reader: Task<Void, Never>?
    /// Silences since the last bytes, and the bench time of the first.
    var silences = 0
    var silentSincePS: Int64 = 0

    init(number: Int, continuation: TagStream.Continuation) {
        self.number = number
        outlet = TagOutlet(continuation)
    }

    var statistics: TaggerStatistics {
        var statistics = decoder.statistics
        statistics.droppedBatches = outlet.droppedBatches
        return statistics
    }

    /// Decodes bytes and gives the tags to the consumer.
    mutating func take(_ bytes: [UInt8], isPause: Bool = false) {
        deliver(decoder.decode(bytes, isPause: isPause))
    }

    /// Gives a batch to the consumer.
    mutating func deliver(_ batch: TagBatch) { outlet.deliver(batch) }

    /// Ends the stream; see `TagOutlet.finish`.
    mutating func finish(throwing error: (any Error)?) {
        take([], isPause: true)
        outlet.finish(throwing: error)
    }
}
