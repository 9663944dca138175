import Foundation
import QKDBench

/// The live line of a run: redrawn once a second, and only where somebody watches.
final class LiveLine: @unchecked Sendable {
    private let lock = NSLock()
    private var last = ContinuousClock.now - .seconds(2)

    func show(_ progress: RunProgress) {
        guard Terminal.isWatched else { return }
        let due = lock.withLock {
            guard ContinuousClock.now - last >= .seconds(1) else { return false }
            last = .now
            return true
        }
        if due { Terminal.live(Self.text(progress)) }
    }

    /// Says something that should be known at once, above the live line.
    func remark(_ text: String) {
        Terminal.endLive()
        Terminal.err("warning: \(text)")
    }

    static func text(_ progress: RunProgress) -> String {
        let share = min(1, progress.elapsedS / max(progress.durationS, 1e-9))
        let filled = Int(share * 20)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
        let singles = progress.singles.map(String.init).joined(separator: "/")
        let qber = { (value: Double?) in value.map { Figure.percent($0) } ?? "-" }
        let offset = progress.offsetS.map { Figure.fixed($0, 6) + " s" } ?? "searching"
        let skew = progress.skew.map { Figure.fixed($0 * 1e6, 4) + " ppm" } ?? "-"
        return "[\(bar)] \(Figure.fixed(progress.elapsedS, 1))/\(Figure.fixed(progress.durationS, 1)) s"
            + "  singles \(singles)  det \(progress.detections)  sifted \(progress.siftedBits)"
            + "  Z \(qber(progress.qberZ))  X \(qber(progress.qberX))  offset \(offset)  skew \(skew)"
            + "  lost \(progress.framesLost) holes \(progress.framesWithHoles)"
    }
}

/// Lines kept in memory until the session's folder exists.
final class LineFile: @unchecked Sendable {
    private let lock = NSLock()
    private var text = ""

    func append(_ line: String) { lock.withLock { text += line + "\n" } }

    func write(to path: String) throws {
        try SmallFile.write(Array(lock.withLock { text }.utf8), to: path, mode: 0o644)
    }
}
