/// The three kinds of files that quTools' taggers write.
///
/// Source: ETA `PARSE_TimeTags.cpp`, `PARSE_TimeTagFileHeader` @678473e3d4ee.
public enum QuTAGLayout: String, Sendable, CaseIterable {
    /// A header of 40 bytes, then records of 10: u64 time, u16 channel, little-endian.
    case binary
    /// The records of `binary` without a header.
    case raw
    /// The header, then records of 5 bytes: 37 bits of time, 3 bits of channel, little-endian.
    case compressed

    /// Size of a record, bytes.
    public var recordBytes: Int { self == .compressed ? 5 : 10 }
    /// Size of the header, bytes.
    public var headerBytes: Int { self == .raw ? 0 : Self.headerByteCount }

    static let headerByteCount = 40
    static let magic: [UInt8] = [0x87, 0xB3, 0x91, 0xFA]
}
