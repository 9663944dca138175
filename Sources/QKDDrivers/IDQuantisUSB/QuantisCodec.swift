import QKDCore
import QKDTransport

/// The Quantis USB's vendor requests: to the interface, `wValue` and `wIndex` zero.
///
/// Source: ID Quantique's libQuantis, QuantisUsb_Commands.h and QuantisUsb.c (public copies), as the page tells.
enum QuantisCodec {
    enum Request: UInt8, Sendable, CaseIterable {
        case boardVersion = 0x10
        case disable = 0x11
        case enable = 0x12
        case modulesStatus = 0x13
        case modulesPower = 0x14
        case modulesMask = 0x15
        case modulesRate = 0x16
        case startupFlag = 0x17
        case clearStartupFlag = 0x18

        /// Bytes of the answer; 0 for one that only tells.
        var length: Int {
            switch self {
            case .boardVersion, .modulesRate: 4
            case .modulesStatus, .modulesPower, .modulesMask, .startupFlag: 1
            case .disable, .enable, .clearStartupFlag: 0
            }
        }

        /// The name in error messages.
        var name: String { "request 0x" + String(rawValue, radix: 16) }
    }

    /// The bulk endpoint that random bytes come from.
    static let source: UInt8 = 0x86
    /// Reads are whole packets of this length.
    static let packetLength = 512
    static let timeout: Duration = .seconds(1)
    /// What is thrown away after a reset.
    static let discardedAfterReset = 4096
    /// How long the modules take to come up after they were enabled.
    static let settlingPS = Picoseconds.perSecond

    /// The bytes of a whole number, the lowest first; throws `protocolViolation` for another length than asked for.
    static func number(_ bytes: [UInt8], for request: Request, at endpoint: String) throws -> UInt32 {
        guard bytes.count == request.length else {
            throw QKDError(
                .protocolViolation, "\(bytes.count) bytes came for \(request.length)",
                at: .init(endpoint, field: request.name))
        }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Bytes to read for `count` bytes to be had: whole packets.
    static func readLength(_ count: Int) -> Int { (count + packetLength - 1) / packetLength * packetLength }
}
