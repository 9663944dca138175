/// Puts the header of a PTU file together: a magic, a version and entries of 48 bytes, some with a payload.
///
/// Source: PicoQuant Time-Tagged-File-Format-Demos, `PTU/Python/Read_PTU.py`; each entry begins at a
/// multiple of 8, as ptufile 2026.2.6 wants it.
struct PTUHeaderBuilder {
    private(set) var bytes: [UInt8] = PTUHeader.magic + Array("1.0.00".utf8) + [0, 0]

    mutating func add(_ name: String, integer: Int64) { entry(name, .integer, UInt64(bitPattern: integer)) }

    mutating func add(_ name: String, double: Double) { entry(name, .double, double.bitPattern) }

    /// Seconds since 1970-01-01, kept as days since 1899-12-30.
    mutating func add(_ name: String, unixSeconds: Double) {
        entry(name, .dateTime, (unixSeconds / 86_400 + 25_569).bitPattern)
    }

    /// Text of one byte a character if it is ASCII, else UTF-16; readers do not agree on anything between.
    mutating func add(_ name: String, text: String) {
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        var payload =
            isASCII
            ? Array(text.utf8)
            : text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        // At least one zero ends the text.
        payload += [UInt8](repeating: 0, count: 8 - payload.count % 8)
        entry(name, isASCII ? .ansiText : .wideText, UInt64(payload.count))
        bytes += payload
    }

    /// Adds the last entry.
    mutating func end() { entry("Header_End", .empty, 0) }

    private mutating func entry(_ name: String, _ type: PTUTag.TypeCode, _ value: UInt64) {
        bytes += name.utf8
        bytes += [UInt8](repeating: 0, count: 32 - name.utf8.count)
        // No entry of ours is one of a list.
        append(UInt32.max)
        append(type.rawValue)
        append(value)
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
}

extension PTUWriteOptions {
    /// The whole header. Its length does not depend on what is known only at the end.
    ///
    /// Beyond what PicoQuant's demos look up, `File_GUID`, `Measurement_SubMode`, `TTResult_SyncRate` and
    /// `TTResultFormat_BitsPerRecord` are there for ptufile 2026.2.6; `MeasDesc_AcquisitionTime`, `HW_Type` and
    /// the creator for phconvert 0.10.2.
    func header(guid: String, acquisitionMS: Int64, records: Int) -> [UInt8] {
        var header = PTUHeaderBuilder()
        header.add("File_GUID", text: guid)
        header.add("File_CreatingTime", unixSeconds: creationUnixSeconds)
        if !comment.isEmpty { header.add("File_Comment", text: comment) }
        header.add("CreatorSW_Name", text: creatorName)
        header.add("CreatorSW_Version", text: creatorVersion)
        header.add("Measurement_Mode", integer: recordType.isT2 ? 2 : 3)
        // A point, neither a line nor an image.
        header.add("Measurement_SubMode", integer: 1)
        header.add("MeasDesc_AcquisitionTime", integer: acquisitionMS)
        header.add("MeasDesc_GlobalResolution", double: globalResolutionSeconds)
        header.add("MeasDesc_Resolution", double: resolutionSeconds)
        header.add("HW_Type", text: hardwareName ?? recordType.hardwareName)
        // In T2 the sync input is one more input, whose rate nobody measured.
        header.add("TTResult_SyncRate", integer: Int64((syncPeriodPS.map { 1e12 / $0 } ?? 0).rounded()))
        header.add("TTResultFormat_TTTRRecType", integer: Int64(recordType.rawValue))
        header.add("TTResultFormat_BitsPerRecord", integer: 32)
        header.add("TTResult_NumberOfRecords", integer: Int64(records))
        header.end()
        return header.bytes
    }
}
