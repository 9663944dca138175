import Foundation
import QKDCore
import QKDTransport

/// What the emulators did, a line an event, each with the wall's time and the emulation's.
///
/// An emulation in real time lives by the wall's clock, so there the wall's time is the event's own, even
/// if the line is written later. In lockstep it is the time at which the line was written.
public final class EmulatorLog: @unchecked Sendable {
    private let lock = NSLock()
    private let sink: @Sendable (String) -> Void
    /// The wall's time at the emulation's zero, nanoseconds since 1970; `nil` in lockstep.
    private var epochNS: Int64?

    /// Writes lines, without their end, to `sink`.
    public init(_ sink: @escaping @Sendable (String) -> Void) { self.sink = sink }

    func write(_ event: EmulatorEvent, from role: String) {
        let wallNS = lock.withLock { epochNS }.map { $0 + event.atPS / 1000 } ?? Self.wallNS
        let wall = Self.fixed(Int(wallNS / 1_000_000_000), Int(wallNS / 1_000_000 % 1000), digits: 3)
        let (seconds, rest) = event.atPS.quotientAndRemainder(dividingBy: Picoseconds.perSecond)
        let bench = Self.fixed(Int(seconds), Int(rest / Picoseconds.perNanosecond), digits: 9)
        lock.withLock { sink("\(wall) bench \(bench) s \(role) emulated: \(event.text)") }
    }

    /// Tells that the emulation's time goes with the wall's, and is `benchPS` now.
    func followWall(benchPS: Int64) { lock.withLock { epochNS = Self.wallNS - benchPS / 1000 } }

    private static var wallNS: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    private static func fixed(_ whole: Int, _ fraction: Int, digits: Int) -> String {
        let text = String(fraction)
        return "\(whole)." + String(repeating: "0", count: digits - text.count) + text
    }
}
