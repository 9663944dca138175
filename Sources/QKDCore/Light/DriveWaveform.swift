/// The electrical outputs of a pulser over one frame: steps that hold digital lines and an analog level.
///
/// Structure of arrays, one element a step; the three arrays have the same length.
public struct DriveWaveform: Sendable {
    /// How long each step lasts, in ticks.
    public var ticks: [UInt32]
    /// Digital lines that are high, bit *n* for line *n*.
    public var lines: [UInt8]
    /// Analog line 0, in units of `analogUnitVolts`.
    public var analog: [Int16]
    /// Length of a tick, picoseconds on the pulser's clock.
    public var tickPS: Int64
    /// Volts of one analog unit.
    public var analogUnitVolts: Double

    /// Makes a waveform; the arrays have the same length.
    public init(ticks: [UInt32], lines: [UInt8], analog: [Int16], tickPS: Int64, analogUnitVolts: Double) {
        precondition(ticks.count == lines.count && lines.count == analog.count, "one element a step")
        self.ticks = ticks
        self.lines = lines
        self.analog = analog
        self.tickPS = tickPS
        self.analogUnitVolts = analogUnitVolts
    }

    /// The whole length, picoseconds.
    public var durationPS: Int64 { ticks.reduce(Int64(0)) { $0 + Int64($1) } * tickPS }
}

/// A change at a pulser's outputs, with the time on the bench's clock.
public enum PulserOutput: Sendable {
    /// The waveform starts and is played `runs` times (`nil`: without end), then the constant outputs follow.
    case play(DriveWaveform, runs: Int?, final: PulserLevels, atPS: Int64)
    /// The outputs stay as they are until the next change.
    case hold(PulserLevels, atPS: Int64)
}

/// Levels at a pulser's outputs.
public struct PulserLevels: Sendable, Equatable {
    /// Digital lines that are high, bit *n* for line *n*.
    public var lines: UInt8
    /// Analog line 0, volts.
    public var analogVolts: Double

    /// States the levels.
    public init(lines: UInt8, analogVolts: Double) {
        self.lines = lines
        self.analogVolts = analogVolts
    }

    /// All lines low, no voltage: dark.
    public static let zero = PulserLevels(lines: 0, analogVolts: 0)
}
