import Foundation

/// Work on threads of its own: the pool that tasks run in has no more of them than there are cores.
enum SideBySide {
    /// Does the work so many times at once, once of them here; returns when all have ended.
    static func run(_ count: Int, _ work: @escaping @Sendable () -> Void) {
        let others = DispatchGroup()
        for _ in 1..<max(1, count) {
            others.enter()
            Thread.detachNewThread {
                work()
                others.leave()
            }
        }
        work()
        others.wait()
    }
}
