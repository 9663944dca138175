import QKDCore
import QKDTransport

/// What the emulated Pulse Streamer does, whichever port it was told by.
///
/// Every entry first lets the time pass to `nowPS`, so that the end of a sequence is recorded at the
/// time at which it came. What the sources leave open is decided thus: `constant` and the square wave
/// end a sequence and forget it; a sequence waits with the outputs as they are.
struct EmulatedPulseStreamerState: Sendable {
    enum Phase: Equatable {
        /// No sequence.
        case idle
        /// A sequence waits for its trigger.
        case armed
        case playing(endPS: Int64?)
        case finished
    }

    private(set) var phase = Phase.idle
    private(set) var sequence: EmulatedPulseSequence?
    /// The outputs while no sequence plays.
    private(set) var resting = EmulatedPulseState()
    private(set) var triggerStart = 0
    private(set) var triggerRearm = 0
    private(set) var nowPS: Int64 = 0
    var clockSource = 0
    var hostname = "pulsestreamer"
    var calibration: [Double] = [0, 0, 1, 1]
    var hasUnderflowed = false
    var temperatureCelsius = 41.5

    private var outputs: [PulserOutput] = []
    private var events: [EmulatorEvent] = []

    mutating func pass(toPS time: Int64) {
        nowPS = max(nowPS, time)
        guard case .playing(let endPS?) = phase, endPS <= nowPS, let sequence else { return }
        phase = .finished
        resting = sequence.final
        note(sequence.final.isDark ? "dark, finished" : "final state \(Self.words(sequence.final))", atPS: endPS)
    }

    /// Whether any output may leave zero now.
    var isLit: Bool {
        if case .playing = phase { return sequence?.isLit ?? false }
        return !resting.isDark
    }

    mutating func takeOutputs() -> [PulserOutput] {
        defer { outputs = [] }
        return outputs
    }

    mutating func takeEvents() -> [EmulatorEvent] {
        defer { events = [] }
        return events
    }

    mutating func load(_ sequence: EmulatedPulseSequence) {
        if case .playing = phase { interrupt(with: resting, "dark, replaced by a new sequence") }
        self.sequence = sequence
        phase = .armed
        note("frame loaded, \(sequence.steps) steps", atPS: nowPS)
        if triggerStart == 0 { play() }
    }

    /// A trigger by software; returns whether a sequence started.
    mutating func startNow() -> Bool {
        guard triggerStart == 1 else { return false }
        guard phase == .armed || phase == .finished && triggerRearm == 0 else { return false }
        play()
        return true
    }

    /// Arms a finished sequence again; returns whether there was one.
    mutating func rearm() -> Bool {
        guard phase == .finished, sequence != nil else { return false }
        phase = .armed
        return true
    }

    mutating func setTrigger(start: Int, rearm: Int) {
        triggerStart = start
        triggerRearm = rearm
    }

    mutating func forceFinal() {
        guard let sequence, phase != .idle else { return }
        if phase != .finished { interrupt(with: sequence.final, "dark, forced") }
        phase = .finished
    }

    mutating func setConstant(_ state: EmulatedPulseState) {
        interrupt(with: state, "dark, constant zero")
        phase = .idle
        sequence = nil
    }

    /// A 125 MHz square wave on digital lines; the bench sees it as lines that are high.
    mutating func setSquareWave(lines: UInt8) {
        guard lines != 0 else {
            if phase == .idle, resting.lines != 0 { setConstant(EmulatedPulseState()) }
            return
        }
        setConstant(EmulatedPulseState(lines: lines))
    }

    mutating func reset() {
        setConstant(EmulatedPulseState())
        triggerStart = 0
        triggerRearm = 0
        clockSource = 0
        hasUnderflowed = false
    }

    private mutating func play() {
        guard let sequence else { return }
        let endPS = sequence.wholeDurationPS.map { nowPS.addingReportingOverflow($0).partialValue }
        phase = .playing(endPS: endPS)
        outputs.append(
            .play(sequence.waveform, runs: sequence.runs, final: sequence.final.levels, atPS: nowPS))
        let runs = sequence.runs.map { $0 == 1 ? "" : ", \($0) runs" } ?? ", without end"
        note("frame started, \(sequence.steps) steps\(runs)", atPS: nowPS)
    }

    /// Puts constant outputs in the place of whatever is there.
    private mutating func interrupt(with state: EmulatedPulseState, _ darkText: String) {
        let wasLit = isLit
        var wasPlaying = false
        if case .playing = phase { wasPlaying = true }
        if wasPlaying || state != resting { outputs.append(.hold(state.levels, atPS: nowPS)) }
        resting = state
        phase = .finished
        if !state.isDark {
            note("constant \(Self.words(state))", atPS: nowPS)
        } else if wasLit || wasPlaying {
            note(darkText, atPS: nowPS)
        }
    }

    private mutating func note(_ text: String, atPS: Int64) {
        events.append(EmulatorEvent(atPS: atPS, text: text))
    }

    private static func words(_ state: EmulatedPulseState) -> String {
        "lines \(state.lines), analog \(state.analog0) and \(state.analog1)"
    }
}
