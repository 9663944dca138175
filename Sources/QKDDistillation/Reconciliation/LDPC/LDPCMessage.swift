import QKDCore

/// What Alice tells Bob of one frame.
///
/// As bytes: `QLD1`, a byte each for the frame's length (`LDPCLength`) and the mother code's block rows, the punctured
/// and the shortened bits as little-endian 32-bit numbers, and the syndrome's words, little-endian.
public struct LDPCMessage: Sendable, Equatable {
    /// How the frame is made up.
    public let plan: LDPCPlan
    /// The checks' sums, 64 a word: `plan.syndromeBits` of them.
    public let syndrome: [UInt64]

    /// Bytes in front of the syndrome.
    static let headerBytes = 14
    private static let start = Array("QLD1".utf8)

    init(plan: LDPCPlan, syndrome: [UInt64]) { (self.plan, self.syndrome) = (plan, syndrome) }

    /// The message's bytes.
    public var bytes: [UInt8] {
        var bytes = Self.start + [plan.length.rawValue, UInt8(plan.profile.rows)]
        bytes.reserveCapacity(Self.headerBytes + 8 * syndrome.count)
        for number in [plan.punctured, plan.shortened] { Self.append(UInt32(number), to: &bytes) }
        for word in syndrome { Self.append(word, to: &bytes) }
        return bytes
    }

    /// Reads a message, whoever sent it.
    ///
    /// Throws `protocolViolation` for bytes that are not of this form, name no plan, or are too few or too many.
    public init(bytes: [UInt8]) throws(QKDError) {
        guard bytes.count >= Self.headerBytes, bytes.starts(with: Self.start) else {
            throw QKDError(.protocolViolation, "these bytes do not begin as a frame's syndrome does")
        }
        let punctured = Int(Self.number(bytes[6..<10]))
        let shortened = Int(Self.number(bytes[10..<14]))
        guard let length = LDPCLength(rawValue: bytes[4]),
            let plan = LDPCPlan(rows: Int(bytes[5]), punctured: punctured, shortened: shortened, length: length)
        else {
            throw QKDError(
                .protocolViolation,
                "no frame has length \(bytes[4]), \(bytes[5]) rows, \(punctured) punctured, \(shortened) shortened bits"
            )
        }
        guard bytes.count == Self.headerBytes + plan.syndromeBits / 8 else {
            throw QKDError(
                .protocolViolation,
                "\(bytes.count) bytes instead of \(Self.headerBytes + plan.syndromeBits / 8) for a frame's syndrome")
        }
        self.plan = plan
        syndrome = (0..<plan.syndromeBits / 64).map {
            let at = Self.headerBytes + 8 * $0
            return Self.number(bytes[at..<at + 8])
        }
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// A little-endian number of up to eight bytes.
    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
