/// One 32-bit word of the TDC1's time stamp stream, little-endian on the wire.
///
/// Bits 31…5 hold the time in ticks of 2 ns, modulo 2²⁷; bit 4 marks a dummy, sent when nothing fired
/// for about 140 ms; bits 3…0 are the inputs that fired in the tick, input 1 in bit 0 (pyS15
/// usb_counter_fpga.py @ba5faee92c19, readevents4a.c @3f3afa329e29).
public struct TDC1Word: RawRepresentable, Sendable, Equatable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Time modulo 2²⁷, ticks.
    public var tick: UInt32 { rawValue >> 5 }
    /// Whether no input fired.
    public var isDummy: Bool { rawValue & Self.dummyBit != 0 }
    /// The inputs that fired, input 1 in bit 0.
    public var inputs: UInt8 { UInt8(truncatingIfNeeded: rawValue & 0xF) }

    /// Length of a tick, picoseconds.
    public static let tickPS: Int64 = 2_000
    /// The time field's mask after the shift; one more is where it wraps, after 268.435456 ms.
    public static let tickMask: UInt32 = (1 << 27) - 1
    static let dummyBit: UInt32 = 1 << 4
    /// Bytes of a word.
    public static let byteCount = 4

    /// The longest step from one word to the next that a whole stream has, ticks: dummies come about
    /// every 140 ms, and 150 ms leave them room.
    static let longestStepTicks: UInt32 = 75_000_000

    /// Whether bits 4…0 make sense: at least one input, or a dummy without any.
    @inline(__always)
    static func hasSoundFlags(_ word: UInt32) -> Bool { (word & 31) &- 1 < 16 }

    /// The time from one word to a later one, ticks, if less than a wrap lies between them.
    @inline(__always)
    static func step(from earlier: UInt32, to later: UInt32) -> UInt32 { ((later >> 5) &- (earlier >> 5)) & tickMask }
}
