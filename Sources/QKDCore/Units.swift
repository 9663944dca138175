/// Picoseconds in the units that benches are written in.
public enum Picoseconds {
    /// Picoseconds in a nanosecond.
    public static let perNanosecond: Int64 = 1_000
    /// Picoseconds in a microsecond.
    public static let perMicrosecond: Int64 = 1_000_000
    /// Picoseconds in a millisecond.
    public static let perMillisecond: Int64 = 1_000_000_000
    /// Picoseconds in a second.
    public static let perSecond: Int64 = 1_000_000_000_000

    /// `seconds` as whole picoseconds, rounded to nearest; the range is ±106 days.
    public static func from(seconds: Double) -> Int64 {
        Int64((seconds * 1e12).rounded())
    }

    /// Picoseconds as seconds.
    public static func seconds(_ picoseconds: Int64) -> Double {
        Double(picoseconds) * 1e-12
    }
}

extension Duration {
    /// The duration as whole picoseconds, towards zero.
    public var picoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * Picoseconds.perSecond + attoseconds / 1_000_000
    }

    /// A duration of whole picoseconds.
    public static func picoseconds(_ value: Int64) -> Duration {
        let (seconds, rest) = value.quotientAndRemainder(dividingBy: Picoseconds.perSecond)
        return Duration(secondsComponent: seconds, attosecondsComponent: rest * 1_000_000)
    }
}

/// The clock that a bench, real or emulated, lives by.
///
/// On a real bench it is the host's; on an emulated one, the emulation's, which may run faster than
/// the wall and moves only when somebody sleeps on it.
public protocol BenchClock: Sendable {
    /// Picoseconds since the bench was opened.
    var nowPS: Int64 { get async }
    /// Lets `durationPS` picoseconds of bench time pass; throws `CancellationError` when cancelled.
    func sleep(durationPS: Int64) async throws
}
