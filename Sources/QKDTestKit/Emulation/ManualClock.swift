import QKDCore

/// A bench clock that moves only when somebody sleeps on it or moves it.
///
/// Sleeping does not wait: it moves the time and tells everybody who follows the clock, so that a
/// test with emulated devices is as fast as it can be and gives the same result every time.
public actor ManualClock: BenchClock {
    public private(set) var nowPS: Int64
    private var followers: [@Sendable (Int64) async -> Void] = []

    /// Starts at `startPS` picoseconds.
    public init(startPS: Int64 = 0) { nowPS = startPS }

    /// Moves the time by `durationPS`; throws `CancellationError` when cancelled before or meanwhile.
    public func sleep(durationPS: Int64) async throws {
        try Task.checkCancellation()
        await advance(byPS: durationPS)
        try Task.checkCancellation()
    }

    /// Moves the time; a negative step moves nothing.
    public func advance(byPS durationPS: Int64) async {
        let (sum, overflow) = nowPS.addingReportingOverflow(max(0, durationPS))
        nowPS = overflow ? .max : sum
        let now = nowPS
        for follower in followers { await follower(now) }
    }

    /// Has `follower` called with the new time whenever it moves, in the order of joining.
    public func follow(_ follower: @escaping @Sendable (Int64) async -> Void) {
        followers.append(follower)
    }
}
