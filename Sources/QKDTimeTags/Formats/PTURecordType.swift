/// The record types of PTU files: which instrument, which mode.
///
/// Source: PicoQuant Time-Tagged-File-Format-Demos, `PTU/Python/Read_PTU.py` and `PTU/C/ptudemo.cc`.
public enum PTURecordType: UInt32, Sendable, CaseIterable {
    /// PicoHarp 300, T2.
    case picoHarp300T2 = 0x0001_0203
    /// PicoHarp 300, T3.
    case picoHarp300T3 = 0x0001_0303
    /// HydraHarp 400, first firmware, T2.
    case hydraHarp1T2 = 0x0001_0204
    /// HydraHarp 400, first firmware, T3.
    case hydraHarp1T3 = 0x0001_0304
    /// HydraHarp 400, second firmware and later, T2.
    case hydraHarp2T2 = 0x0101_0204
    /// HydraHarp 400, second firmware and later, T3.
    case hydraHarp2T3 = 0x0101_0304
    /// TimeHarp 260 nano, T2.
    case timeHarp260NT2 = 0x0001_0205
    /// TimeHarp 260 nano, T3.
    case timeHarp260NT3 = 0x0001_0305
    /// TimeHarp 260 pico, T2.
    case timeHarp260PT2 = 0x0001_0206
    /// TimeHarp 260 pico, T3.
    case timeHarp260PT3 = 0x0001_0306
    /// MultiHarp 150 and 160, PicoHarp 330, T2.
    case genericT2 = 0x0001_0207
    /// MultiHarp 150 and 160, PicoHarp 330, T3.
    case genericT3 = 0x0001_0307

    /// Whether times are absolute (T2) and not relative to a sync pulse (T3).
    public var isT2: Bool { rawValue & 0xFF00 == 0x0200 }

    /// The instrument and mode in words.
    public var name: String {
        let instrument =
            switch self {
            case .picoHarp300T2, .picoHarp300T3: "PicoHarp 300"
            case .hydraHarp1T2, .hydraHarp1T3: "HydraHarp v1"
            case .hydraHarp2T2, .hydraHarp2T3: "HydraHarp v2"
            case .timeHarp260NT2, .timeHarp260NT3: "TimeHarp 260 N"
            case .timeHarp260PT2, .timeHarp260PT3: "TimeHarp 260 P"
            case .genericT2, .genericT3: "Generic (MultiHarp, PicoHarp 330)"
            }
        return instrument + (isT2 ? " T2" : " T3")
    }

    /// Ticks that one overflow adds in T2; `nil` for T3.
    public var overflowTicks: Int64? {
        switch self {
        case .picoHarp300T2: 210_698_240
        case .hydraHarp1T2: 33_552_000
        case .hydraHarp2T2, .timeHarp260NT2, .timeHarp260PT2, .genericT2: 33_554_432
        default: nil
        }
    }

    /// Whether an overflow record's time field tells how many overflows it stands for.
    var countsOverflows: Bool { self != .picoHarp300T2 && self != .hydraHarp1T2 }
}
