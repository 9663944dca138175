/// What following a clock over one stretch came to.
public struct FollowedStretch: Sendable, Equatable {
    /// Whether the peak stood where it was expected.
    public var state: ClockFollower.State
    /// Start and end on Alice's clock, ps.
    public var stretchPS: Range<Int64>
    /// Departure of the peak from what was predicted, ps, at `timePS`; `nan` without a peak.
    public var residualPS: Double
    /// One standard error of the measured departure, ps; `nan` without a peak.
    public var residualErrorPS: Double
    /// One standard error that the prediction had, ps.
    public var predictionErrorPS: Double
    /// The pairs' mean time, ps of Alice's clock; the stretch's middle without a peak.
    public var timePS: Int64
    /// Pairs in the peak, accidental ones taken off.
    public var pairs: Double
    /// Accidental pairs a ps of residual.
    public var backgroundPerPS: Double

    /// The departure in its standard deviations, those of measurement and prediction together; `nan` without a peak.
    public var pull: Double {
        residualPS / (residualErrorPS * residualErrorPS + predictionErrorPS * predictionErrorPS).squareRoot()
    }
}
