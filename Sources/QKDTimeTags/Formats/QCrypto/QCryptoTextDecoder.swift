import QKDCore

/// Decodes qcrypto's events from hexadecimal lines: `a0`, two of 8 digits an event, or `a2`, one of 16.
struct QCryptoTextDecoder: TagLineDecoder {
    private let form: QCryptoForm
    private let highWordFirst: Bool
    private var events: QCryptoA1Decoder
    private var words: [UInt64] = []
    /// The first word of an `a0` event whose second has not come.
    private var firstWord: UInt64?

    var counts: TagRecordCounts { events.counts }
    var unfinished: String? { firstWord == nil ? nil : "between the two lines of an event" }

    init(_ form: QCryptoForm, _ layout: QCryptoLayout) {
        self.form = form
        highWordFirst = layout.wordOrder == .swapped
        events = QCryptoA1Decoder(QCryptoLayout(unit: layout.unit))
    }

    mutating func take(_ line: UnsafeRawBufferPointer) throws(LineFault) {
        if line.isEmpty { return }
        let digits = form == .a0 ? 8 : 16
        guard line.count == digits, let value = Self.hexadecimal(line) else {
            throw LineFault(message: "not \(digits) hexadecimal digits")
        }
        guard form == .a0 else {
            words.append(value.littleEndian)
            return
        }
        guard let first = firstWord else {
            firstWord = value
            return
        }
        words.append((highWordFirst ? first << 32 | value : value << 32 | first).littleEndian)
        firstWord = nil
    }

    mutating func flush() throws(LineFault) -> TagBatch {
        var batch = TagBatch()
        var fault: RecordFault?
        words.withUnsafeBytes { bytes in
            do throws(RecordFault) { try events.decode(bytes, into: &batch) } catch { fault = error }
        }
        words.removeAll(keepingCapacity: true)
        if let fault { throw LineFault(message: fault.message) }
        return batch
    }

    private static func hexadecimal(_ digits: UnsafeRawBufferPointer) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
            case 0x41...0x46: value = value << 4 | UInt64(digit - 0x37)
            case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return value
    }
}
