import Dispatch
import Foundation

/// Says that work goes on when it takes longer than two seconds and somebody watches.
final class WaitingLine: @unchecked Sendable {
    private let timer: any DispatchSourceTimer
    private let start = ContinuousClock.now

    init(_ text: String) {
        timer = DispatchSource.makeTimerSource(queue: .global())
        guard Terminal.isWatched else { return }
        let start = self.start
        timer.setEventHandler {
            Terminal.live("\(text), \(start.duration(to: .now).components.seconds) s")
        }
        timer.schedule(deadline: .now() + 2, repeating: 1)
        timer.resume()
        running = true
    }

    private var running = false

    func stop() {
        // A timer that was never resumed may not be let go.
        if !running { timer.resume() }
        timer.cancel()
        if running { Terminal.endLive() }
    }
}
