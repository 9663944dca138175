import QKDCore

/// What the records of a PTU file need from its header.
struct PTUParameters {
    var recordType: PTURecordType
    /// Seconds of one tick.
    var resolutionSeconds: Double
    /// Records that the header promises; `nil` when it says 0 (the measurement was not finished).
    var statedRecords: Int?

    /// Takes the parameters out of a header; `endOffset` is where the header ended, for messages.
    init(_ header: PTUHeader, path: String) throws {
        let fields = Fields(header: header, path: path)
        let (code, typeTag) = try fields.integer("TTResultFormat_TTTRRecType")
        guard let type = UInt32(exactly: code).flatMap(PTURecordType.init(rawValue:)) else {
            throw QKDError(.unsupported, "unknown record type 0x\(String(code, radix: 16))", at: fields.place(typeTag))
        }
        guard type.isT2 else {
            throw QKDError(.unsupported, "\(type.name) records are not read yet, only T2", at: fields.place(typeTag))
        }
        recordType = type
        if let mode = header.tags.first(where: { $0.name == "Measurement_Mode" }) {
            guard case .integer(2) = mode.value else {
                throw QKDError(
                    .invalidInput, "the mode \(mode.value) contradicts the record type \(type.name)",
                    at: fields.place(mode))
            }
        }
        let (resolution, resolutionTag) = try fields.double("MeasDesc_GlobalResolution")
        guard resolution >= 1e-15, resolution <= 1e-3 else {
            throw QKDError(
                .outOfRange, "a resolution of \(resolution) s is not one of a time tagger",
                at: fields.place(resolutionTag))
        }
        resolutionSeconds = resolution
        let (count, countTag) = try fields.integer("TTResult_NumberOfRecords")
        guard count >= 0 else {
            throw QKDError(.outOfRange, "a number of \(count) records", at: fields.place(countTag))
        }
        statedRecords = count == 0 ? nil : Int(count)
        if let width = header.tags.first(where: { $0.name == "TTResultFormat_BitsPerRecord" }) {
            // Some writers leave it 0.
            guard width.value == .integer(32) || width.value == .integer(0) else {
                throw QKDError(.unsupported, "records of \(width.value) bits, not 32", at: fields.place(width))
            }
        }
    }

    /// Looks entries up by name; the first of a name counts.
    private struct Fields {
        let header: PTUHeader
        let path: String

        func place(_ tag: PTUTag) -> QKDError.Place { .init(path, byteOffset: tag.byteOffset, field: tag.name) }

        private func find(_ name: String) throws -> PTUTag {
            guard let tag = header.tags.first(where: { $0.name == name }) else {
                throw QKDError(
                    .invalidInput, "the header lacks an entry that the records need", at: .init(path, field: name))
            }
            return tag
        }

        func integer(_ name: String) throws -> (Int64, PTUTag) {
            let tag = try find(name)
            guard case .integer(let value) = tag.value else { throw wrongType(tag, "int64") }
            return (value, tag)
        }

        func double(_ name: String) throws -> (Double, PTUTag) {
            let tag = try find(name)
            guard case .double(let value) = tag.value else { throw wrongType(tag, "double") }
            return (value, tag)
        }

        private func wrongType(_ tag: PTUTag, _ wanted: String) -> QKDError {
            QKDError(.invalidInput, "the header entry is of type \(tag.value.typeName), not \(wanted)", at: place(tag))
        }
    }
}
