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
        if bytes.starts(with: ChunkedFile.magic) { return .chunked }
        if bytes.starts(with: PTUHeader.magic) { return .picoQuantPTU }
        if bytes.starts(with: QuTAGLayout.magic) { return .quTAG(QuTAGHeader.layout(of: bytes)) }
        if let old = oldPicoQuant(bytes) {
            throw QKDError(.unsupported, "PicoQuant \(old) files from before PTU are not read", at: start)
        }
        if let text = TextDetection.format(of: bytes) { return text }
        // A cut last event is reported where it lies, after the good ones.
        if let layout = QCryptoA1Detection.layout(of: bytes, trusted: source.path.hasSuffix(".a1")) {
            return .qcrypto(.a1, layout)
        }
        let beginning = PTUHeader.magic.prefix(loaded).elementsEqual(bytes.prefix(8))
        throw QKDError(
            .invalidInput,
            beginning
                ? "the file ends inside the magic number of a PTU file"
                : "no format that is told by its content; if you know it, name it (--input-format)", at: start)
    }

    /// PicoQuant's formats before PTU begin with the instrument's name.
    private static func oldPicoQuant(_ bytes: UnsafeRawBufferPointer) -> String? {
        ["PicoHarp 300", "HydraHarp 400", "TimeHarp 260"].first { bytes.starts(with: $0.utf8) }
    }
}

/// Tells formats of text by their lines.
enum TextDetection {
    /// The format of text that is one of ours, or `nil`.
    static func format(of bytes: UnsafeRawBufferPointer) -> TagFormat? {
        let probe = bytes.prefix(QCryptoA1Detection.probeRecords * 8)
        let lines = probe.split(separator: 0x0A).prefix(QCryptoA1Detection.probeRecords)
            .map { $0.last == 0x0D ? $0.dropLast() : $0 }
        guard let first = lines.first else { return nil }
        if CSVDecoder.columns(ofNames: UnsafeRawBufferPointer(rebasing: first)) != nil { return .csv }
        // The last line may be cut by the end of what was looked at.
        let whole = lines.count > 1 ? lines.dropLast() : lines[...]
        if whole.allSatisfy({ $0.count == 16 && $0.allSatisfy(isHexDigit) }) { return hexadecimal(whole, .a2) }
        if whole.allSatisfy({ $0.count == 8 && $0.allSatisfy(isHexDigit) }) { return hexadecimal(whole, .a0) }
        return nil
    }

    /// Spells the events as `a1` and lets their times tell unit and word order.
    private static func hexadecimal(_ lines: some Collection<Slice<UnsafeRawBufferPointer>>, _ form: QCryptoForm)
        -> TagFormat?
    {
        var words = lines.compactMap { UInt64(String(decoding: $0, as: UTF8.self), radix: 16) }
        if form == .a0 {
            words = stride(from: 0, to: words.count - 1, by: 2).map { words[$0 + 1] << 32 | words[$0] }
        }
        let layout = words.map(\.littleEndian).withUnsafeBytes { QCryptoA1Detection.layout(of: $0, trusted: true) }
        guard let layout, form.wordOrders.contains(layout.wordOrder) else { return nil }
        return .qcrypto(form, layout)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
