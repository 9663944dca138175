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

    /// The name for options: the instrument and the mode, such as `ptu-hydraharp2-t2`.
    public var name: String {
        let instrument =
            switch self {
            case .picoHarp300T2, .picoHarp300T3: "picoharp300"
            case .hydraHarp1T2, .hydraHarp1T3: "hydraharp1"
            case .hydraHarp2T2, .hydraHarp2T3: "hydraharp2"
            case .timeHarp260NT2, .timeHarp260NT3: "timeharp260n"
            case .timeHarp260PT2, .timeHarp260PT3: "timeharp260p"
            case .genericT2, .genericT3: "generic"
            }
        return "ptu-" + instrument + (isT2 ? "-t2" : "-t3")
    }

    /// Finds a record type by its `name`; `nil` for any other text.
    public init?(name: String) {
        guard let match = PTURecordType.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    /// The instrument and mode in words, such as `HydraHarp v2 T2`.
    public var title: String {
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

    /// The instrument as the header entry `HW_Type` names it, where the type of records tells.
    public var hardwareName: String {
        switch self {
        case .picoHarp300T2, .picoHarp300T3: "PicoHarp 300"
        case .hydraHarp1T2, .hydraHarp1T3, .hydraHarp2T2, .hydraHarp2T3: "HydraHarp 400"
        case .timeHarp260NT2, .timeHarp260NT3: "TimeHarp 260 N"
        case .timeHarp260PT2, .timeHarp260PT3: "TimeHarp 260 P"
        case .genericT2, .genericT3: "MultiHarp 150"
        }
    }
}
