import QKDCore

/// One run of tagging: the decoder, the bounded stream to the consumer, and what was lost on the way.
struct TDC1Session {
    let number: Int
    let continuation: TagStream.Continuation
    var decoder = TDC1Decoder()
    var droppedBatches = 0
    /// The task that reads the wire.
    var reader: Task<Void, Never>?
    /// Silences since the last bytes, and the bench time of the first.
    var silences = 0
    var silentSincePS: Int64 = 0
    private var deliveredPS: Int64?
    private var hasDropped = false

    init(number: Int, continuation: TagStream.Continuation) {
        self.number = number
        self.continuation = continuation
    }

    var statistics: TaggerStatistics {
        var statistics = decoder.statistics
        statistics.droppedBatches = droppedBatches
        return statistics
    }

    /// Decodes bytes and gives the tags to the consumer.
    mutating func take(_ bytes: [UInt8], isPause: Bool = false) {
        deliver(decoder.decode(bytes, isPause: isPause))
    }

    /// Gives a batch to the consumer; a batch that finds no room is counted and leaves a hole.
    mutating func deliver(_ batch: TagBatch) {
        guard !batch.isEmpty || !batch.holes.isEmpty else { return }
        send(batch)
    }

    private mutating func send(_ batch: TagBatch) {
        var batch = batch
        if hasDropped {
            batch.holes.insert(TagHole(beforeIndex: 0, cause: .consumerTooSlow, afterPS: deliveredPS), at: 0)
        }
        if case .dropped = continuation.yield(batch) {
            droppedBatches += batch.isEmpty ? 0 : 1
            hasDropped = true
        } else {
            deliveredPS = batch.times.last ?? deliveredPS
            hasDropped = false
        }
    }

    /// Ends the stream. If a hole at its end could not be told, the stream ends with an error instead.
    mutating func finish(throwing error: (any Error)?) {
        take([], isPause: true)
        if hasDropped { send(TagBatch()) }
        guard error == nil, hasDropped else {
            continuation.finish(throwing: error)
            return
        }
        continuation.finish(
            throwing: QKDError(.dataLoss, "the consumer was too slow: \(droppedBatches) batches were dropped"))
    }
}
