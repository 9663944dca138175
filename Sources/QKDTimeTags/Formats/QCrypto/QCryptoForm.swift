/// How a file spells qcrypto's 64-bit events.
///
/// Source: qcrypto `timestamp7/readevents7.c` @3f3afa329e29, options `-a0` to `-a2`.
public enum QCryptoForm: String, Sendable, CaseIterable {
    /// Two lines of 8 hexadecimal digits an event, the low word first (swapped: the high word).
    case a0
    /// 8 bytes an event.
    case a1
    /// A line of 16 hexadecimal digits an event, the high digits first.
    case a2

    /// The word orders that the form knows; `a2` has one.
    public var wordOrders: [QCryptoLayout.WordOrder] { self == .a2 ? [.native] : QCryptoLayout.WordOrder.allCases }
}
