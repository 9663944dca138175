import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a written PTU file is to be: its record type, its units, and what its header says of its origin.
public struct PTUWriteOptions: Sendable, Equatable {
    /// Which instrument's records, T2 or T3.
    public var recordType: PTURecordType
    /// The tick of T2, the bin of the delay since the last sync in T3, picoseconds; from 1 to 1e9.
    public var resolutionPS: Double
    /// From one sync to the next in T3, picoseconds, from the resolution to 1e12; `nil` in T2.
    public var syncPeriodPS: Double?
    /// When the file was made, seconds since 1970-01-01 UTC; the header keeps it to about a microsecond.
    public var creationUnixSeconds: Double
    /// The program that wrote the file, for `CreatorSW_Name`.
    public var creatorName = "qkdctl"
    /// Its version, for `CreatorSW_Version`.
    public var creatorVersion = "1.0"
    /// The instrument, for `HW_Type`; `nil` stands for the one that the record type is named for.
    public var hardwareName: String?
    /// A remark, for `File_Comment`; empty for none.
    public var comment = ""

    /// States what to write; a picosecond as the unit loses nothing.
    public init(
        _ recordType: PTURecordType, resolutionPS: Double = 1, syncPeriodPS: Double? = nil,
        creationUnixSeconds: Double = PTUWriteOptions.now
    ) {
        self.recordType = recordType
        self.resolutionPS = resolutionPS
        self.syncPeriodPS = syncPeriodPS
        self.creationUnixSeconds = creationUnixSeconds
    }

    /// Seconds since 1970-01-01 UTC.
    public static var now: Double {
        var time = timespec()
        guard clock_gettime(CLOCK_REALTIME, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Throws `outOfRange` or `invalidInput` with the field for values that make no file.
    func validate(path: String) throws {
        func check(_ value: Double, _ range: ClosedRange<Double>, _ field: String) throws {
            guard range.contains(value) else {
                throw QKDError(
                    .outOfRange, "\(value) lies outside \(range.lowerBound) to \(range.upperBound)",
                    at: .init(path, field: field))
            }
        }
        // A unit below the picosecond of a tag would tell no more.
        try check(resolutionPS, 1...1e9, "resolutionPS")
        // Years 1 to 9999.
        try check(creationUnixSeconds, -62_135_596_800...253_402_300_799, "creationUnixSeconds")
        let syncField = QKDError.Place(path, field: "syncPeriodPS")
        switch (recordType.isT2, syncPeriodPS) {
        case (true, nil): break
        case (true, _?): throw QKDError(.invalidInput, "\(recordType.title) has no sync period", at: syncField)
        case (false, nil): throw QKDError(.invalidInput, "\(recordType.title) needs a sync period", at: syncField)
        case (false, let period?): try check(period, resolutionPS...1e12, "syncPeriodPS")
        }
    }

    /// `MeasDesc_GlobalResolution`: the tick of T2, the sync period of T3, seconds.
    var globalResolutionSeconds: Double { (syncPeriodPS ?? resolutionPS) / 1e12 }
    /// `MeasDesc_Resolution`, seconds.
    var resolutionSeconds: Double { resolutionPS / 1e12 }
}
