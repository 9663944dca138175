import QKDCore

/// The 40 bytes before quTAG's records; only the first four have a public meaning.
enum QuTAGHeader {
    /// Takes the header of `layout` off the source; empty for `raw`.
    static func take(from source: FileSource, _ layout: QuTAGLayout) throws -> [UInt8] {
        guard layout.headerBytes > 0 else { return [] }
        guard let bytes = try source.take(layout.headerBytes) else {
            throw QKDError(
                .dataLoss, "the file ends inside its header of \(layout.headerBytes) bytes",
                at: .init(source.path, byteOffset: source.offset))
        }
        guard bytes.starts(with: QuTAGLayout.magic) else {
            throw QKDError(
                .invalidInput, "a quTAG header does not begin like this", at: .init(source.path, byteOffset: 0))
        }
        return bytes
    }

    /// Tells `binary` from `compressed` by the records behind a header: in the right one, times are believable.
    static func layout(of bytes: UnsafeRawBufferPointer) -> QuTAGLayout {
        let records = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(QuTAGLayout.headerByteCount))
        // In the right one a channel's upper byte is 0, and a step is less than an hour forward or a second back.
        let count = min(records.count / 10, 1_000)
        var odd = 0
        var previous: UInt64?
        for index in 0..<count {
            let time = UInt64(littleEndian: records.loadUnaligned(fromByteOffset: index * 10, as: UInt64.self))
            let step = previous.map { Int64(bitPattern: time &- $0) } ?? 0
            let believable = step < 3_600 * Picoseconds.perSecond && step > -Picoseconds.perSecond
            if records[index * 10 + 9] != 0 || !believable { odd += 1 }
            previous = time
        }
        if count > 1 { return odd * 100 <= count ? .binary : .compressed }
        if count == 1 { return odd == 0 ? .binary : .compressed }
        return records.count == 5 ? .compressed : .binary
    }
}
