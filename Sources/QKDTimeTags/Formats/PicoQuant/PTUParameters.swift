import QKDCore

/// What the records of a PTU file need from its header.
struct PTUParameters {
    var recordType: PTURecordType
    /// Seconds of one tick in T2, of one bin of the delay in T3.
    var resolutionSeconds: Double
    /// Seconds from one sync to the next; `nil` in T2.
    var syncPeriodSeconds: Double?
    /// Records that the header promises; `nil` when it says 0 (the measurement was not finished).
    var statedRecords: Int?

    /// Takes the parameters out of a header; `endOffset` is where the header ended, for messages.
    init(_ header: PTUHeader, path: String) throws {
        let fields = Fields(header: header, path: path)
        let (code, typeTag) = try fields.integer("TTResultFormat_TTTRRecType")
        guard let type = UInt32(exactly: code).flatMap(PTURecordType.init(rawValue:)) else {
            throw QKDError(.unsupported, "unknown record type 0x\(String(code, radix: 16))", at: fields.place(typeTag))
        }
        recordType = type
        if let mode = header.tags.first(where: { $0.name == "Measurement_Mode" }) {
            guard mode.value == .integer(type.isT2 ? 2 : 3) else {
                throw QKDError(
                    .invalidInput, "the mode \(mode.value) contradicts the record type \(type.title)",
                    at: fields.place(mode))
            }
        }
        if type.isT2 {
            resolutionSeconds = try fields.resolution("MeasDesc_GlobalResolution", atMost: 1e-3)
        } else {
            syncPeriodSeconds = try fields.resolution("MeasDesc_GlobalResolution", atMost: 1)
            resolutionSeconds = try fields.resolution("MeasDesc_Resolution", atMost: 1e-3)
        }
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

    /// The decoder for the records behind the header.
    func decoder(_ specials: PTUSpecials, path: String) throws -> any TagRecordDecoder {
        if let decoder = PTUT2Decoder(recordType, resolutionSeconds: resolutionSeconds, specials: specials) {
            return decoder
        }
        let decoder = syncPeriodSeconds.flatMap {
            PTUT3Decoder(
                recordType, syncPeriodSeconds: $0, resolutionSeconds: resolutionSeconds, specials: specials)
        }
        guard let decoder else {
            throw QKDError(.unsupported, "\(recordType.title) records are not read", at: .init(path))
        }
        return decoder
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

        /// Seconds that a time tagger may count in.
        func resolution(_ name: String, atMost limit: Double) throws -> Double {
            let (seconds, tag) = try double(name)
            guard seconds >= 1e-15, seconds <= limit else {
                throw QKDError(
                    .outOfRange, "a resolution of \(seconds) s is not one of a time tagger", at: place(tag))
            }
            return seconds
        }

        private func wrongType(_ tag: PTUTag, _ wanted: String) -> QKDError {
            QKDError(.invalidInput, "the header entry is of type \(tag.value.typeName), not \(wanted)", at: place(tag))
        }
    }
}
