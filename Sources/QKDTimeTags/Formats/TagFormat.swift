/// A format of time-tag files that the toolkit reads.
///
/// Further formats (`a0`, `a2`, quTAG) are one more case here and one more `TagRecordDecoder`.
public enum TagFormat: Sendable, Hashable {
    /// PicoQuant's unified file, T2 and T3 mode.
    case picoQuantPTU
    /// qcrypto's binary events of 8 bytes.
    case qcryptoA1(QCryptoA1Layout)

    /// Every format that can be named, in the order in which help texts list them.
    public static let all: [TagFormat] =
        [.picoQuantPTU]
        + QCryptoA1Layout.WordOrder.allCases.flatMap { order in
            QCryptoA1Layout.TimeUnit.allCases.map { .qcryptoA1(QCryptoA1Layout(unit: $0, wordOrder: order)) }
        }

    /// The name for options: `ptu`, `a1-256th-ns`, `a1-8th-ns`, `a1-2ns`, and the last three with `-x`
    /// for swapped words.
    public var name: String {
        switch self {
        case .picoQuantPTU: "ptu"
        case .qcryptoA1(let layout): "a1-\(layout.unit.rawValue)\(layout.wordOrder == .swapped ? "-x" : "")"
        }
    }

    /// Finds a format by its `name`; `nil` for any other text.
    public init?(name: String) {
        guard let match = TagFormat.all.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

/// How a qcrypto `a1` event is laid out: the unit of its time and the order of its two words.
///
/// Source: qcrypto `timestamp7/readevents7.c`, `readevents3`, `readevents4a.c` @3f3afa329e29.
public struct QCryptoA1Layout: Sendable, Hashable {
    /// The least significant time bit; time always ends at bit 63, so one full wrap is 2^46 ns in each.
    public enum TimeUnit: String, Sendable, CaseIterable {
        /// 1/256 ns, 54 bits from bit 10: TDC2, `timestamp7`.
        case ns256th = "256th-ns"
        /// 1/8 ns, 49 bits from bit 15: the older USB card, and TDC2's short mode.
        case ns8th = "8th-ns"
        /// 2 ns, 45 bits from bit 19: TDC1.
        case ns2 = "2ns"

        /// Number of the lowest time bit in the 64-bit event.
        public var timeShift: UInt64 {
            switch self {
            case .ns256th: 10
            case .ns8th: 15
            case .ns2: 19
            }
        }

        /// The unit, picoseconds.
        public var resolutionPS: Double {
            switch self {
            case .ns256th: 3.90625
            case .ns8th: 125
            case .ns2: 2_000
            }
        }
    }

    /// The order of the two 32-bit halves; each half is little-endian.
    public enum WordOrder: String, Sendable, CaseIterable {
        /// Low half first: one little-endian 64-bit number.
        case native
        /// High half first: what `readevents -X` ("legacy") writes.
        case swapped
    }

    /// The least significant time bit.
    public var unit: TimeUnit
    /// The order of the halves.
    public var wordOrder: WordOrder

    /// States a layout.
    public init(unit: TimeUnit = .ns256th, wordOrder: WordOrder = .native) {
        self.unit = unit
        self.wordOrder = wordOrder
    }
}
