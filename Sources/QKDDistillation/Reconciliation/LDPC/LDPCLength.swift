/// How long a frame is. A longer one needs less said per bit, because its number of errors varies less.
public enum LDPCLength: UInt8, Sendable, CaseIterable {
    /// 65,536 bits.
    case short = 1
    /// 131,072 bits.
    case medium = 2
    /// 262,144 bits.
    case long = 4

    /// Size of a circulant of the mother codes.
    public var lifting: Int { 512 * Int(rawValue) }
    /// Bits of a frame of any mother code.
    public var frameBits: Int { LDPCProfile.columns * lifting }
}
