/// What a reader does with the records of a PTU file that are no detections: sync events and markers.
public enum PTUSpecials: Sendable, CaseIterable {
    /// They are counted, and nothing else.
    case counted
    /// They are counted, and delivered as tags among the others: a sync event of T2 on channel 64, a marker
    /// record with the mask m (1 to 15, one bit for each marker input) on channel 64 + m.
    ///
    /// Inputs have the channels 0 to 63. A marker of PicoHarp 300 T2 is known to 16 ticks, one of T3 to a
    /// sync period.
    case asChannels

    /// The channel of a sync event.
    public static let syncChannel: UInt8 = 64
    /// The channels of marker records, by rising mask.
    public static let markerChannels: ClosedRange<UInt8> = 65...79
}
