import QKDCore

/// From the nine phase bits of an event to the last four bits of its time: calibration of one card.
public struct TimestampPhase: Sendable, Equatable {
    /// 512 values of 0 to 15.
    public let fine: [UInt8]

    /// Takes a card's table; throws `outOfRange` unless it has 512 values of 0 to 15.
    public init(_ fine: [UInt8]) throws(QKDError) {
        guard fine.count == 512, fine.allSatisfy({ $0 < 16 }) else {
            throw QKDError(.outOfRange, "a phase table has 512 values of 0 to 15")
        }
        self.fine = fine
    }

    /// The emulator's own table, which is no card's: the upper four bits as they are.
    public static let synthetic = TimestampPhase()

    private init() { fine = (0..<512).map { UInt8($0 >> 5) } }
}
