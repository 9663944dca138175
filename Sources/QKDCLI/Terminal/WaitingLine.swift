import Dispatch
import Foundation

/// Says that work goes on when it takes longer than two seconds and somebody watches.
final class WaitingLine: @unchecked Sendable {
    private let timer: any DispatchSourceTimer
    private let start = ContinuousClock.now

    init(_ text: String) {
        words = text
        timer = DispatchSource.makeTimerSource(queue: .global())
        guard Terminal.isWatched else { return }
        timer.setEventHandler { [weak self] in
            guard let self else { return }
            let share = self.share.map { ", \(Int($0 * 100)) %" } ?? ""
            Terminal.live("\(self.text)\(share), \(self.start.duration(to: .now).components.seconds) s")
        }
        timer.schedule(deadline: .now() + 2, repeating: 1)
        timer.resume()
        running = true
    }

    private var running = false
    private let lock = NSLock()
    private var done: Double?
    private var words: String

    /// What is going on.
    var text: String {
        get { lock.withLock { words } }
        set { lock.withLock { words = newValue } }
    }

    /// How much is done, 0 to 1, if that is known.
    var share: Double? {
        get { lock.withLock { done } }
        set { lock.withLock { done = newValue } }
    }

    func stop() {
        // A timer that was never resumed may not be let go.
        if !running { timer.resume() }
        timer.cancel()
        if running { Terminal.endLive() }
    }
}
