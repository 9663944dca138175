import QKDCore

/// Ends long work whose task was cancelled.
public enum Cancellation {
    /// Throws `interrupted` in a cancelled task.
    public static func check() throws(QKDError) {
        guard !Task.isCancelled else { throw QKDError(.interrupted, "stopped before there was a result") }
    }
}
