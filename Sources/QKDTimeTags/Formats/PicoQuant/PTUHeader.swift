import QKDCore

/// The header of a PTU file: a magic, a version and a list of 48-byte entries.
///
/// Source: PicoQuant Time-Tagged-File-Format-Demos, `PTU/Python/Read_PTU.py`. That reader does not skip
/// the payload of a float array; this one does, as the type's definition asks.
struct PTUHeader {
    /// `PQTTTR` and two zero bytes.
    static let magic: [UInt8] = [0x50, 0x51, 0x54, 0x54, 0x54, 0x52, 0, 0]
    /// Headers of real files take a few kilobytes; a length field may claim anything.
    static let maximumBytes = 16 << 20

    /// The version text, such as `1.0.00`.
    var version: String
    var tags: [PTUTag]

    /// Reads a header from the start of `source` and leaves it at the first record.
    init(from source: FileSource) throws {
        guard let magic = try source.take(8) else { throw Self.cut(source, field: "magic") }
        guard magic == Self.magic else {
            throw QKDError(
                .invalidInput, "not a PTU file: the magic number is wrong",
                at: .init(source.path, byteOffset: 0, field: "magic"))
        }
        guard let version = try source.take(8) else { throw Self.cut(source, field: "version") }
        self.version = Self.text(ofANSI: version)
        tags = []
        while true {
            let tag = try Self.readTag(from: source)
            guard tag.name != "Header_End" else { return }
            tags.append(tag)
        }
    }

    private static func cut(_ source: FileSource, field: String) -> QKDError {
        QKDError(
            .dataLoss, "the file ends inside its header",
            at: .init(source.path, byteOffset: source.offset, field: field))
    }

    private static func readTag(from source: FileSource) throws -> PTUTag {
        let offset = source.offset
        guard let bytes = try source.take(48) else { throw cut(source, field: "header entry") }
        let name = String(decoding: bytes.prefix(32).prefix { $0 != 0 }, as: UTF8.self)
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw QKDError(
                .invalidInput, "a header entry has no readable name",
                at: .init(source.path, byteOffset: offset, field: "ident"))
        }
        let place = QKDError.Place(source.path, byteOffset: offset, field: name)
        let (index, code, raw) = bytes.withUnsafeBytes { bytes in
            (
                Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 32, as: Int32.self)),
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 36, as: UInt32.self)),
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 40, as: UInt64.self))
            )
        }
        guard let type = PTUTag.TypeCode(rawValue: code) else {
            throw QKDError(
                .invalidInput, "the header entry has the unknown type 0x\(String(code, radix: 16))", at: place)
        }
        let payload = type.hasPayload ? try readPayload(length: raw, of: type, from: source, at: place) : []
        guard source.offset <= maximumBytes else { throw tooLong(at: place) }
        let value = try value(type, raw, payload, at: place)
        return PTUTag(name: name, index: index, value: value, byteOffset: offset)
    }

    private static func tooLong(at place: QKDError.Place) -> QKDError {
        QKDError(.outOfRange, "the header is longer than \(maximumBytes) bytes", at: place)
    }

    private static func readPayload(
        length: UInt64, of type: PTUTag.TypeCode, from source: FileSource, at place: QKDError.Place
    ) throws -> [UInt8] {
        if let size = source.sizeBytes, length > UInt64(max(0, size - source.offset)) {
            throw QKDError(
                .dataLoss, "the header entry claims \(length) bytes and \(max(0, size - source.offset)) are left",
                at: place)
        }
        guard length <= UInt64(maximumBytes) else { throw tooLong(at: place) }
        guard let payload = try source.take(Int(length)) else { throw cut(source, field: place.field ?? "payload") }
        return payload
    }

    private static func value(
        _ type: PTUTag.TypeCode, _ raw: UInt64, _ payload: [UInt8], at place: QKDError.Place
    ) throws -> PTUTag.Value {
        switch type {
        case .empty: return .empty
        case .boolean: return .boolean(raw != 0)
        case .integer: return .integer(Int64(bitPattern: raw))
        case .bitSet: return .bitSet(raw)
        case .color: return .color(raw)
        case .double: return .double(Double(bitPattern: raw))
        case .dateTime: return .dateTime(days: Double(bitPattern: raw))
        case .ansiText: return .text(text(ofANSI: payload))
        case .binary: return .binary(byteCount: payload.count)
        case .doubles:
            guard payload.count % 8 == 0 else { throw ragged(8, at: place) }
            return .doubles(
                payload.withUnsafeBytes { bytes in
                    stride(from: 0, to: bytes.count, by: 8).map {
                        Double(
                            bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
                    }
                })
        case .wideText:
            guard payload.count % 2 == 0 else { throw ragged(2, at: place) }
            let units = stride(from: 0, to: payload.count, by: 2).map {
                UInt16(payload[$0]) | UInt16(payload[$0 + 1]) << 8
            }
            return .text(String(decoding: units.prefix { $0 != 0 }, as: UTF16.self))
        }
    }

    private static func ragged(_ size: Int, at place: QKDError.Place) -> QKDError {
        QKDError(.invalidInput, "the header entry's length is not a multiple of \(size)", at: place)
    }

    /// Text up to the first zero byte; what is not UTF-8 is taken as Latin-1.
    private static func text(ofANSI bytes: [UInt8]) -> String {
        let body = bytes.prefix { $0 != 0 }
        if let text = String(validating: body, as: UTF8.self) { return text }
        var text = ""
        for byte in body { text.unicodeScalars.append(Unicode.Scalar(byte)) }
        return text
    }
}
