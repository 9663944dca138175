/// A string of bits, packed 64 to a word, bit *i* at position `i % 64` of word `i / 64`.
///
/// It may be a key: its memory is overwritten when the last copy goes, unless somebody still holds its `words`.
public struct BitString: Sendable, Equatable {
    private var storage: WipedArray
    /// Length in bits.
    public private(set) var count: Int

    /// The packed words; bits past `count` are zero.
    public var words: [UInt64] { storage.words }

    /// Makes an empty string.
    public init() {
        storage = WipedArray([])
        count = 0
    }

    /// Makes a string of the lowest bit of each element.
    public init(bits: some Sequence<UInt8>) {
        self.init()
        for bit in bits { append(bit) }
    }

    /// Takes packed words; bits past `count` are cleared.
    public init(words: [UInt64], count: Int) {
        precondition(count >= 0 && count <= 64 * words.count, "more bits than the words hold")
        let used = (count + 63) / 64
        storage = WipedArray(used == words.count ? words : Array(words.prefix(used)))
        self.count = count
        if count % 64 != 0 { storage.words[count / 64] &= (1 << UInt64(count % 64)) - 1 }
    }

    /// Both of equal length and bits.
    public static func == (left: BitString, right: BitString) -> Bool {
        left.count == right.count && left.words == right.words
    }

    /// Adds the lowest bit of `bit` at the end.
    public mutating func append(_ bit: UInt8) {
        if !isKnownUniquelyReferenced(&storage) { storage = WipedArray(words) }
        let offset = count & 63
        if offset == 0 {
            storage.append(UInt64(bit & 1))
        } else {
            storage.words[count >> 6] |= UInt64(bit & 1) << UInt64(offset)
        }
        count += 1
    }

    /// The bit at `index`, 0 or 1.
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "bit index out of range")
        return UInt8(storage.words[index >> 6] >> UInt64(index & 63) & 1)
    }

    /// How many positions differ; both strings have the same length.
    public func distance(to other: BitString) -> Int {
        precondition(count == other.count, "strings of different length")
        return zip(words, other.words).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    }

    /// The bits packed into bytes, first bit in the most significant place, the last byte zero-padded.
    public var bytesMSBFirst: [UInt8] {
        (0..<(count + 7) / 8).map { byte in
            let word = words[byte >> 3] >> UInt64((byte & 7) * 8)
            return Self.reversed(UInt8(truncatingIfNeeded: word))
        }
    }

    /// Unpacks `count` bits from bytes whose first bit is the most significant one.
    ///
    /// Returns `nil` if there are too few bytes.
    public init?(bytesMSBFirst bytes: some Collection<UInt8>, count: Int) {
        // Not (count + 7) / 8, which overflows for a count that a damaged file may state.
        guard count >= 0, bytes.count >= count / 8 + (count % 8 == 0 ? 0 : 1) else { return nil }
        var words = [UInt64](repeating: 0, count: (count + 63) / 64)
        func unpack(_ bytes: UnsafeBufferPointer<UInt8>) {
            for index in 0..<(count + 7) / 8 {
                words[index >> 3] |= UInt64(Self.reversed(bytes[index])) << UInt64((index & 7) * 8)
            }
        }
        if bytes.withContiguousStorageIfAvailable(unpack) == nil { Array(bytes).withUnsafeBufferPointer(unpack) }
        self.init(words: words, count: count)
    }

    /// Lets go of the bits at once.
    public mutating func wipe() { self = BitString() }

    private static func reversed(_ byte: UInt8) -> UInt8 {
        var value = byte
        value = value >> 4 | value << 4
        value = (value & 0xCC) >> 2 | (value & 0x33) << 2
        return (value & 0xAA) >> 1 | (value & 0x55) << 1
    }
}
