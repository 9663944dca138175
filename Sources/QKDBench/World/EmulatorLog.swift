import Foundation
import QKDCore
import QKDTransport

/// What the emulators did, a line an event, each with the wall's time and the emulation's.
public final class EmulatorLog: @unchecked Sendable {
    private let lock = NSLock()
    private let sink: @Sendable (String) -> Void

    /// Writes lines, without their end, to `sink`.
    public init(_ sink: @escaping @Sendable (String) -> Void) { self.sink = sink }

    func write(_ event: EmulatorEvent, from role: String) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let milliseconds = now.tv_nsec / 1_000_000
        let padded = String(1000 + milliseconds).dropFirst()
        let bench = Double(event.atPS) * 1e-12
        lock.withLock { sink("\(now.tv_sec).\(padded) bench \(bench) s \(role) emulated: \(event.text)") }
    }
}
