import QKDCore

extension BitString {
    /// The bits of a range, as a string of their own.
    func slice(_ range: Range<Int>) -> BitString {
        let shift = UInt64(range.lowerBound & 63)
        let first = range.lowerBound >> 6
        let count = (range.count + 63) / 64
        let words = (first..<first + count).map { index in
            let low = self.words[index] >> shift
            guard shift > 0, index + 1 < self.words.count else { return low }
            return low | self.words[index + 1] << (64 - shift)
        }
        return BitString(words: words, count: range.count)
    }

    /// Several strings, one after another.
    static func joined(_ parts: [BitString]) -> BitString {
        let count = parts.reduce(0) { $0 + $1.count }
        var words = [UInt64](repeating: 0, count: (count + 63) / 64)
        var place = 0
        for part in parts {
            let shift = UInt64(place & 63)
            for (index, word) in part.words.enumerated() {
                words[place >> 6 + index] |= word << shift
                let next = place >> 6 + index + 1
                if shift > 0, next < words.count { words[next] |= word >> (64 - shift) }
            }
            place += part.count
        }
        return BitString(words: words, count: count)
    }

    /// Where two strings of one length differ.
    func difference(from other: BitString) -> BitString {
        BitString(words: zip(words, other.words).map { $0 ^ $1 }, count: count)
    }
}
