/// A frame's place on Bob's clock: when the pulse of slot 0 arrives, and how long a slot lasts.
public struct FrameLock: Sendable, Equatable {
    /// Arrival of slot 0's pulse, whole picoseconds on Bob's clock.
    public var startPS: Int64
    /// What is to be added to `startPS`, picoseconds, 0 ..< 1.
    public var startFractionPS: Double
    /// One standard deviation of the frame's middle, picoseconds.
    public var centreStandardErrorPS: Double
    /// Slot period on Bob's clock, picoseconds.
    public var slotPeriodPS: Double
    /// `slotPeriodPS` over the nominal period, minus 1.
    public var skew: Double
    /// One standard deviation of `skew`.
    public var skewStandardError: Double
    /// Root mean square of (tag - pulse) without the flat background, picoseconds.
    ///
    /// The background's density is measured far from the pulse and its second moment is taken off.
    /// The tagger's own quantisation (resolution/√12) is in it.
    public var residualRMSPS: Double
    /// The same of all tags in the window, background and all, picoseconds.
    public var inWindowRMSPS: Double
    /// Half width of the window over which both were taken, picoseconds.
    public var windowHalfWidthPS: Double
    /// Tags in the frame and in that window.
    public var inWindowTags: Int
    /// Tags of the flat background a picosecond of the slot, summed over the frame's slots.
    public var backgroundPerPS: Double
    /// Natural-log likelihood ratio of this slot numbering against a random one.
    public var score: Double
    /// Places at which the disclosed slots were laid against the tags, over all candidate frames.
    public var candidates: Int
    /// `score` less the logarithm of the number of places that were as likely beforehand, nats.
    public var significance: Double
    /// How many nats this place stands above all the others together.
    public var margin: Double

    /// When the pulse of a slot arrives, picoseconds after `startPS`.
    public func arrivalPS(ofSlot slot: Int) -> Double {
        startFractionPS + Double(slot) * slotPeriodPS
    }
}
