/// A stretch of a capture and whether the two parties' tags correlate in it.
public struct ClockSlice: Sendable, Equatable {
    /// Start on Alice's clock, ps.
    public var startPS: Int64
    /// End on Alice's clock, ps; not included.
    public var endPS: Int64
    /// Whether a correlation peak stands where the clocks' relation has it.
    public var isCorrelated: Bool
    /// Departure of the peak from the relation, ps; `nan` where there is none.
    public var residualPS: Double
    /// One standard error of it, ps.
    public var residualErrorPS: Double
    /// Pairs in the peak, accidental ones taken off.
    public var pairs: Double

    /// Middle, ps on Alice's clock.
    var centrePS: Int64 { startPS + (endPS - startPS) / 2 }
}
