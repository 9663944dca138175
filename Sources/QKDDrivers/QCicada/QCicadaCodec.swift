import QKDCore
import QKDTransport

/// The QCicada's frames: one command byte and its payload; one response byte and its payload.
///
/// Source: PyPI qcicada 0.2.2 (MIT), src/qcicada/protocol.py, and the vectors in tests/test_protocol.py.
enum QCicadaCodec {
    /// Commands of the host.
    enum Command: UInt8, Sendable {
        case status = 0x01
        case start = 0x04
        case stop = 0x05
        case getConfiguration = 0x07
        case setConfiguration = 0x08
        case statistics = 0x09
        case reset = 0x0A
        case info = 0x0B
        case signedRead = 0x51

        /// The response that means success.
        var response: UInt8 {
            switch self {
            case .status, .start, .stop, .setConfiguration, .reset: QCicadaCodec.acknowledged
            case .getConfiguration: 0x17
            case .statistics: 0x19
            case .info: 0x1B
            case .signedRead: 0x52
            }
        }

        /// Bytes behind that response. An acknowledgement always carries the status.
        var responseLength: Int {
            switch self {
            case .status, .start, .stop, .setConfiguration, .reset: QCicadaCodec.statusLength
            case .getConfiguration: QCicadaCodec.configurationLength
            case .statistics: 30
            case .info: 56
            case .signedRead: 0
            }
        }
    }

    static let acknowledged: UInt8 = 0x11
    static let refused: UInt8 = 0x12
    static let statusLength = 5
    static let configurationLength = 12
    static let signatureLength = 64
    /// The most that one read may ask for; the length is a 16-bit field.
    static let largestRead = 65535

    static func frame(_ command: Command, _ payload: [UInt8] = []) -> [UInt8] { [command.rawValue] + payload }

    /// Asks for `count` bytes at once, 1…65535.
    static func oneShot(_ count: Int) throws -> [UInt8] { frame(.start, [0x01] + (try length(count))) }

    /// Starts a stream that runs until `stop`.
    static let continuous = frame(.start, [0x00, 0x00, 0x00])

    /// Asks for `count` signed bytes, 1…65535.
    static func signedRead(_ count: Int) throws -> [UInt8] { frame(.signedRead, try length(count)) }

    private static func length(_ count: Int) throws -> [UInt8] {
        guard (1...largestRead).contains(count) else {
            throw QKDError(.outOfRange, "\(count) bytes in one read; the device gives 1 to \(largestRead)")
        }
        return [UInt8(count & 0xFF), UInt8(count >> 8)]
    }

    /// Reads flags and the number of waiting bytes.
    static func status(_ payload: [UInt8]) throws -> QCicadaStatus {
        var fields = try LittleEndianFields(payload, length: statusLength, of: "status")
        return QCicadaStatus(flags: .init(rawValue: fields.uint8()), readyBytes: Int(fields.uint32()))
    }

    /// Reads versions, serial number and hardware name.
    static func info(_ payload: [UInt8]) throws -> QCicadaInfo {
        var fields = try LittleEndianFields(payload, length: 56, of: "info")
        return QCicadaInfo(
            coreVersion: fields.uint32(), firmwareVersion: fields.uint32(), serialNumber: try fields.text(24),
            hardware: try fields.text(24))
    }

    /// Reads a configuration.
    static func configuration(_ payload: [UInt8]) throws -> QCicadaConfiguration {
        var fields = try LittleEndianFields(payload, length: configurationLength, of: "configuration")
        let mode = fields.uint8()
        guard let postProcessing = QCicadaPostProcessing(rawValue: mode) else {
            throw QKDError(.protocolViolation, "no post-processing mode \(mode)")
        }
        return QCicadaConfiguration(
            postProcessing: postProcessing, initialLevel: fields.float32(), flags: .init(rawValue: fields.uint8()),
            leastSignificantBits: fields.uint8(), hashInputBytes: fields.uint8(), blockBytes: fields.uint16(),
            calibrationTarget: fields.uint16())
    }

    /// Writes a configuration.
    static func payload(_ configuration: QCicadaConfiguration) -> [UInt8] {
        [configuration.postProcessing.rawValue]
            + configuration.initialLevel.bitPattern.littleBytes
            + [
                configuration.flags.rawValue, configuration.leastSignificantBits, configuration.hashInputBytes,
            ]
            + configuration.blockBytes.littleBytes + configuration.calibrationTarget.littleBytes
    }

    /// Reads the statistics since the last reset.
    static func statistics(_ payload: [UInt8]) throws -> QCicadaStatistics {
        var fields = try LittleEndianFields(payload, length: 30, of: "statistics")
        return QCicadaStatistics(
            generatedBytes: fields.uint64(), repetitionFailures: fields.uint32(),
            adaptiveProportionFailures: fields.uint32(), bitCountFailures: fields.uint32(), speed: fields.uint32(),
            sensorAverage: fields.uint16(), ledLevel: fields.float32())
    }
}

/// Takes little-endian fields off a payload of known length.
struct LittleEndianFields {
    private var rest: ArraySlice<UInt8>
    private let name: String

    /// Throws `protocolViolation` unless there are exactly `length` bytes.
    init(_ payload: [UInt8], length: Int, of name: String) throws {
        guard payload.count == length else {
            throw QKDError(.protocolViolation, "\(payload.count) bytes of \(name), expected \(length)")
        }
        rest = payload[...]
        self.name = name
    }

    private mutating func integer<Value: FixedWidthInteger>(_: Value.Type) -> Value {
        let size = Value.bitWidth / 8
        let value = rest.prefix(size).reversed().reduce(Value(0)) { $0 << 8 | Value(truncatingIfNeeded: $1) }
        rest = rest.dropFirst(size)
        return value
    }

    mutating func uint8() -> UInt8 { integer(UInt8.self) }
    mutating func uint16() -> UInt16 { integer(UInt16.self) }
    mutating func uint32() -> UInt32 { integer(UInt32.self) }
    mutating func uint64() -> UInt64 { integer(UInt64.self) }
    mutating func float32() -> Float { Float(bitPattern: integer(UInt32.self)) }

    /// ASCII up to the first zero byte; throws `protocolViolation` for anything unprintable.
    mutating func text(_ size: Int) throws -> String {
        let field = rest.prefix(size).prefix { $0 != 0 }
        rest = rest.dropFirst(size)
        guard field.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw QKDError(.protocolViolation, "unprintable text in \(name)")
        }
        return String(decoding: field, as: UTF8.self)
    }
}
