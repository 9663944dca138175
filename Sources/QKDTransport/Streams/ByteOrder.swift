extension FixedWidthInteger {
    /// The value's bytes, the lowest first.
    package var littleBytes: [UInt8] { (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
    /// The value's bytes, the highest first.
    package var bigBytes: [UInt8] { littleBytes.reversed() }
}
