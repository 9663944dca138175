import QKDCore

/// Follows a stream to its end: what came, and the error that ended it, if one did.
func collectTags(_ stream: TagStream) -> Task<(TagBatch, (any Error)?), Never> {
    Task {
        var all = TagBatch()
        do {
            for try await batch in stream { all.append(batch) }
            return (all, nil)
        } catch {
            return (all, error)
        }
    }
}
