import QKDCore

/// Tells a file's format from its first bytes.
enum TagFormatDetection {
    /// Recognises what `source` holds and consumes nothing; throws `invalidInput` for what nobody knows and
    /// `unsupported` for a format that is known and not read.
    static func format(of source: FileSource) throws -> TagFormat {
        let loaded = try source.fill(atLeast: QCryptoA1Detection.probeRecords * 8)
        let bytes = source.loaded
        let start = QKDError.Place(source.path, byteOffset: 0)
        guard loaded > 0 else { throw QKDError(.invalidInput, "the file is empty", at: start) }
        if bytes.starts(with: PTUHeader.magic) { return .picoQuantPTU }
        if let other = otherFormat(bytes) {
            throw QKDError(.unsupported, "\(other) files are not read yet", at: start)
        }
        // A cut last event is reported where it lies, after the good ones.
        if let layout = QCryptoA1Detection.layout(of: bytes, trusted: source.path.hasSuffix(".a1")) {
            return .qcryptoA1(layout)
        }
        let beginning = PTUHeader.magic.prefix(loaded).elementsEqual(bytes.prefix(8))
        throw QKDError(
            .invalidInput,
            beginning
                ? "the file ends inside the magic number of a PTU file"
                : "neither a PTU file nor qcrypto a1 events; if it is one of them, name the format", at: start)
    }

    /// The name of a format that is recognised only to be refused with a clear word.
    private static func otherFormat(_ bytes: UnsafeRawBufferPointer) -> String? {
        // PicoQuant's formats before PTU begin with the instrument's name.
        for name in ["PicoHarp 300", "HydraHarp 400", "TimeHarp 260"] where bytes.starts(with: name.utf8) {
            return "PicoQuant \(name) (before PTU)"
        }
        // ETA, `PARSE_TimeTagFileHeader` @678473e3d4ee: the header of quTAG's BINARY and COMPRESSED files.
        if bytes.starts(with: [0x87, 0xB3, 0x91, 0xFA]) { return "quTAG" }
        let line = bytes.prefix(18).prefix { isHexDigit($0) }
        guard line.count < bytes.count, bytes[line.count] == 0x0A || bytes[line.count] == 0x0D else { return nil }
        return line.count == 8 ? "qcrypto a0" : line.count == 16 ? "qcrypto a2" : nil
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
