import QKDCore

/// The first record of a Becker & Hickl file: [23:0] the clock's period in 0.1 ns, [31] set.
enum BeckerHicklHeader {
    /// Takes the record off the source and returns the clock's period, seconds.
    static func takeClockSeconds(from source: FileSource) throws -> Double {
        let start = QKDError.Place(source.path, byteOffset: 0, field: "header record")
        guard let bytes = try source.take(4) else {
            throw QKDError(.dataLoss, "the file ends inside its header record", at: start)
        }
        let record = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let tenths = record & 0xFF_FFFF
        guard record >> 31 == 1, tenths > 0 else {
            throw QKDError(.invalidInput, "not the header record of a Becker & Hickl file", at: start)
        }
        return Double(tenths) * 1e-10
    }

    /// The record for a clock of `tenthsNS` tenths of a nanosecond, 1 to 2^24 − 1.
    static func record(tenthsNS: UInt32) -> UInt32 { 1 << 31 | tenthsNS }
}
