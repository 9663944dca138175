/// What the records of a tag file were, by kind.
public struct TagRecordCounts: Sendable, Equatable {
    /// Whole records decoded so far, of every kind.
    public var records = 0
    /// Tags delivered; a record with several hits gives several.
    public var tags = 0
    /// Records in which more than one input fired at the same time.
    public var multiHitRecords = 0
    /// T2 events of the sync input; delivered as tags only on request (`PTUSpecials`).
    public var syncs = 0
    /// Records of the external marker inputs; delivered as tags only on request (`PTUSpecials`).
    public var markers = 0
    /// Records that only carry the time counter over.
    public var overflowRecords = 0
    /// Times that the counter ran over, as told by overflow records (one record may tell several) or
    /// as seen in the times themselves.
    public var wraps = 0
    /// Filler records that the instrument sends when no input fires.
    public var dummies = 0
    /// Records without any input, and all-zero padding.
    public var empties = 0
    /// Records whose channel or kind the format does not define; not delivered.
    public var illegal = 0

    /// Starts at zero.
    public init() {}
}
