import QKDCore

/// Where a pulser stands in what it plays, and its levels: the cursor that the light follows.
struct PulserPlayback: Sendable {
    /// The waveform being played, without steps of no length; `nil` while the outputs hold.
    private(set) var waveform: DriveWaveform?
    /// The next step to look at, which starts at `stepStartPS`; the count stands for the end of a run.
    var step = 0
    var stepStartPS: Int64 = 0
    /// Runs not yet finished, the one under way included; `nil` for without end.
    private(set) var runsLeft: Int?
    /// What follows the last run.
    private(set) var final = PulserLevels.zero
    /// Lines of the last step or hold: what an edge is counted from.
    var lines: UInt8 = 0
    /// Analog values at which lasers fire in the waveform, in units of its `analogUnitVolts`.
    private(set) var firingLevels: [Int16] = []

    /// Whether some laser fires while the waveform is played.
    var isLit: Bool { waveform != nil && !firingLevels.isEmpty }

    /// Takes constant levels and returns the lines that rise.
    mutating func hold(_ levels: PulserLevels) -> UInt8 {
        let rising = levels.lines & ~lines
        waveform = nil
        firingLevels = []
        lines = levels.lines
        return rising
    }

    /// Starts a waveform; returns false, changing nothing, for one that lasts no time or has no runs.
    mutating func play(
        _ new: DriveWaveform, runs: Int?, final: PulserLevels, atPS: Int64, mask: UInt8
    ) -> Bool {
        let steps = Self.withoutEmptySteps(new)
        guard steps.tickPS > 0, (runs ?? 1) > 0, let last = steps.lines.last else { return false }
        // A repeated waveform is entered from its own end as well.
        let before = runs == 1 ? lines : lines & last
        waveform = steps
        runsLeft = runs
        self.final = final
        step = 0
        stepStartPS = atPS
        firingLevels = Self.firingLevels(steps, before: before, mask: mask)
        return true
    }

    /// Goes from the end of a run to the next; returns false if it was the last.
    mutating func startNextRun() -> Bool {
        if let runs = runsLeft {
            runsLeft = runs - 1
            if runs <= 1 { return false }
        }
        step = 0
        return true
    }

    /// From the start of a run, passes over the whole runs that end at or before `timePS`, but never the last.
    mutating func skipRuns(before timePS: Int64) {
        guard step == 0, timePS > stepStartPS, let waveform, let last = waveform.lines.last else { return }
        let durationPS = waveform.durationPS
        var whole = (timePS - stepStartPS) / durationPS
        if let runs = runsLeft {
            whole = min(whole, Int64(runs) - 1)
            runsLeft = runs - Int(whole)
        }
        guard whole > 0 else { return }
        stepStartPS += whole * durationPS
        lines = last
    }

    /// Passes over steps of this run that start before `timePS`; returns how many of them fire a laser.
    mutating func skipSteps(before timePS: Int64, mask: UInt8) -> Int {
        guard let waveform else { return 0 }
        var fired = 0
        while step < waveform.lines.count, stepStartPS < timePS {
            if waveform.lines[step] & ~lines & mask != 0 { fired += 1 }
            lines = waveform.lines[step]
            stepStartPS += Int64(waveform.ticks[step]) * waveform.tickPS
            step += 1
        }
        return fired
    }

    /// The waveform less its steps of zero ticks, which never stand at an output.
    private static func withoutEmptySteps(_ waveform: DriveWaveform) -> DriveWaveform {
        guard waveform.ticks.contains(0) else { return waveform }
        let kept = waveform.ticks.indices.filter { waveform.ticks[$0] != 0 }
        return DriveWaveform(
            ticks: kept.map { waveform.ticks[$0] }, lines: kept.map { waveform.lines[$0] },
            analog: kept.map { waveform.analog[$0] }, tickPS: waveform.tickPS,
            analogUnitVolts: waveform.analogUnitVolts)
    }

    /// The distinct analog values of the steps at which a masked line rises.
    private static func firingLevels(_ waveform: DriveWaveform, before: UInt8, mask: UInt8) -> [Int16] {
        var seen = [Bool](repeating: false, count: 65_536)
        var levels: [Int16] = []
        let count = waveform.lines.count
        seen.withUnsafeMutableBufferPointer { seen in
            waveform.lines.withUnsafeBufferPointer { lines in
                waveform.analog.withUnsafeBufferPointer { analog in
                    var previous = before
                    var index = 0
                    while index < count {
                        let line = lines[index]
                        if line & ~previous & mask != 0 {
                            let key = Int(UInt16(bitPattern: analog[index]))
                            if !seen[key] {
                                seen[key] = true
                                levels.append(analog[index])
                            }
                        }
                        previous = line
                        index += 1
                    }
                }
            }
        }
        return levels
    }
}
