import QKDCore
import QKDTransport

/// The board's side of the lines: takes a value when CS rises while RW is low.
public actor LunaPCDM02Emulator: GPIOEmulator {
    /// What each channel's converter holds.
    public private(set) var values = [Int](repeating: 0, count: PCDM02Cycle.channels)
    /// Edges that came sooner after one another than ours ever do, and writes whose data changed while CS was low.
    public private(set) var violations: [String] = []
    private var last = PCDM02Cycle.Levels()
    private var lastPS: Int64 = .min / 2
    private var events: [EmulatorEvent] = []

    /// A board whose channels stand at zero.
    public init() {}

    public func levels(_ lines: [Bool], nowPS: Int64) {
        guard let now = PCDM02Cycle.Levels(lines) else {
            violations.append("\(lines.count) lines")
            return
        }
        guard now != last else { return }
        if nowPS - lastPS < PCDM02Cycle.stepPS { violations.append("an edge after \(nowPS - lastPS) ps") }
        if last.isSelected, now.isSelected, now.value != last.value || now.channel != last.channel {
            violations.append("data or address changed while CS was low")
        }
        if last.isSelected, !now.isSelected, !last.reads {
            values[now.channel] = now.value
            events.append(EmulatorEvent(atPS: nowPS, text: "channel \(now.channel + 1) at \(now.value)"))
        }
        last = now
        lastPS = nowPS
    }

    /// What happened since the last call.
    public func takeEvents() -> [EmulatorEvent] {
        defer { events = [] }
        return events
    }
}
