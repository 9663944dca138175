/// Where the fields of a 32-bit record lie and what an overflow adds, for each record type.
///
/// Source: PicoQuant Time-Tagged-File-Format-Demos, `doc/apx_tttrrecords.html` and `PTU/C/ptudemo.cc`.
extension PTURecordType {
    /// Ticks (T2) or sync periods (T3) that one overflow adds.
    public var overflowTicks: Int64 {
        switch self {
        case .picoHarp300T2: 210_698_240
        case .hydraHarp1T2: 33_552_000
        case .hydraHarp2T2, .timeHarp260NT2, .timeHarp260PT2, .genericT2: 33_554_432
        case .picoHarp300T3: 65_536
        case .hydraHarp1T3, .hydraHarp2T3, .timeHarp260NT3, .timeHarp260PT3, .genericT3: 1_024
        }
    }

    /// The inputs that a record can name.
    public var inputChannels: ClosedRange<UInt8> {
        switch self {
        case .picoHarp300T2: 0...4
        case .picoHarp300T3: 1...4
        default: 0...63
        }
    }

    /// The largest time since the last sync that a T3 record can hold, in its bins; `nil` for T2.
    public var maximumDelayBins: Int64? {
        if isT2 { return nil }
        return isPicoHarp ? 4_095 : 32_767
    }

    /// Whether records are laid out as the PicoHarp 300 does it.
    var isPicoHarp: Bool { self == .picoHarp300T2 || self == .picoHarp300T3 }

    /// Whether the low field of an overflow record tells how many overflows it stands for.
    var countsOverflows: Bool { maximumOverflowsPerRecord > 1 }

    /// The most overflows that a record should stand for: what the field holds in T3.
    ///
    /// T2's field holds 33,554,431, but 128 × 33,554,432 is 2^32, and ptufile 2026.2.6 takes that product in 32
    /// bits; 127 is read right by everyone.
    var maximumOverflowsPerRecord: Int64 {
        switch self {
        case .picoHarp300T2, .picoHarp300T3, .hydraHarp1T2, .hydraHarp1T3: 1
        default: isT2 ? 127 : 1_023
        }
    }

    /// Bits of the low field: the time in T2, the number of syncs in T3.
    var tickBits: Int64 { isPicoHarp ? (isT2 ? 28 : 16) : (isT2 ? 25 : 10) }

    /// An overflow record without its number.
    var overflowRecord: UInt32 { isPicoHarp ? 0xF000_0000 : 0xFE00_0000 }
}
