import QKDCore

/// The driver's end of a bounded tag stream: a batch that finds no room is counted and leaves a hole before the next.
struct TagOutlet {
    private let continuation: TagStream.Continuation
    private(set) var droppedBatches = 0
    private var deliveredPS: Int64?
    private var hasDropped = false

    init(_ continuation: TagStream.Continuation) { self.continuation = continuation }

    /// Gives a batch to the consumer, unless there is nothing in it.
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
        if hasDropped { send(TagBatch()) }
        guard error == nil, hasDropped else {
            continuation.finish(throwing: error)
            return
        }
        continuation.finish(
            throwing: QKDError(.dataLoss, "the consumer was too slow: \(droppedBatches) batches were dropped"))
    }
}
