import QKDCore

/// What the timestamp card is told on endpoint 1: length, command, its argument low byte first, and the sum of all of
/// them, modulo 256.
///
/// Sources (kurtsiefer/qcrypto @3f3afa329e29): usbtimetagdriver/driver/usbtimetag.c makes the bytes,
/// hardware/timestampfirmware/tp8.c obeys them and does not look at length and sum.
enum TimestampCommand: Sendable, Equatable {
    case resetCard
    case setDAC(channel: Int, value: Int)
    case initDAC
    case initClock
    /// Whether the 125 ps unit comes from the card's own crystal.
    case clockReference(isInternal: Bool)
    case clockRegisters(Int)
    case inhibit
    case release
    case initFIFO
    case stop
    /// Ticks of 10 ms after which a packet that is not full leaves; 0 for never.
    case autoflush(Int)
    case start
    case freshRestart
    case requestStatus(StatusIndex)
    case partialFIFOReset

    /// Which byte is asked for.
    enum StatusIndex: UInt8, Sendable {
        case ports = 0
        case chipRevision = 2
        /// 1 while the card's FIFO is so full that it takes no events.
        case overflow = 8
    }

    private var code: UInt8 {
        switch self {
        case .resetCard: 1
        case .setDAC: 2
        case .initDAC: 3
        case .initClock: 4
        case .clockReference: 5
        case .clockRegisters: 6
        case .inhibit: 7
        case .release: 8
        case .initFIFO: 11
        case .stop: 12
        case .autoflush: 13
        case .start: 14
        case .freshRestart: 15
        case .requestStatus: 16
        case .partialFIFOReset: 19
        }
    }

    private var argument: [UInt8] {
        switch self {
        case .setDAC(let channel, let value): UInt16((channel & 7) << 12 | value & 0xFFF).littleBytes
        case .clockRegisters(let word): UInt16(word & 0x3FFF).littleBytes
        case .clockReference(let isInternal): [isInternal ? 1 : 0]
        case .autoflush(let ticks): [UInt8(clamping: ticks)]
        case .requestStatus(let index): [index.rawValue]
        default: []
        }
    }

    /// The packet for endpoint 1.
    var bytes: [UInt8] {
        let body = [UInt8(argument.count + 3), code] + argument
        return body + [body.reduce(0, &+)]
    }

    /// The converters of the card: channel and its value after power-up (tp8.c, InitDAC2).
    enum Converter: Int, Sendable, CaseIterable {
        case coincidenceWindow = 0
        case threshold = 1
        case calibration = 2
        case skew = 3

        var powerUpValue: Int {
            switch self {
            case .coincidenceWindow, .calibration: 10
            case .threshold: 3586
            case .skew: 2000
            }
        }
    }
}
