import QKDCore
import Testing

@Suite struct BitStringTests {
    /// Bits with no period that a word or byte boundary could hide.
    private func bits(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(state >> 40 & 1)
        }
    }

    /// Packs bit by bit, by the definition.
    private func slowBytes(_ bits: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
        for (index, bit) in bits.enumerated() where bit == 1 { bytes[index / 8] |= 0x80 >> UInt8(index % 8) }
        return bytes
    }

    @Test func bytesMSBFirstAgreesWithTheDefinitionAtEveryLength() throws {
        for count in 0...130 {
            let bits = bits(count, seed: UInt64(count + 1))
            let string = BitString(bits: bits)
            #expect(string.count == count)
            #expect(string.words.count == (count + 63) / 64)
            #expect(string.bytesMSBFirst == slowBytes(bits), "length \(count)")
            let back = try #require(BitString(bytesMSBFirst: string.bytesMSBFirst, count: count))
            #expect(back == string, "length \(count)")
            #expect((0..<count).map { back[$0] } == bits, "length \(count)")
        }
    }

    @Test func unpackingMasksTheBitsPastTheEnd() throws {
        for count in 0...130 {
            let ones = [UInt8](repeating: 0xFF, count: 17)
            let string = try #require(BitString(bytesMSBFirst: ones, count: count))
            #expect(string.words.reduce(0) { $0 + $1.nonzeroBitCount } == count, "length \(count)")
            #expect(string == BitString(bits: [UInt8](repeating: 1, count: count)), "length \(count)")
        }
    }

    @Test func unpackingTakesASliceAndIgnoresBytesBeyondTheCount() throws {
        let bytes: [UInt8] = [0xAA, 0x80, 0x01, 0xFF]
        let string = try #require(BitString(bytesMSBFirst: bytes[1...], count: 16))
        #expect(string.bytesMSBFirst == [0x80, 0x01])
        #expect(string[0] == 1 && string[1] == 0 && string[14] == 0 && string[15] == 1)
    }

    @Test(arguments: [(0, 1), (1, 9), (8, 65), (3, -1), (16, 129), (2, .max)])
    func unpackingTooFewBytesIsNil(bytes: Int, count: Int) {
        #expect(BitString(bytesMSBFirst: [UInt8](repeating: 0, count: bytes), count: count) == nil)
    }

    @Test func appendTakesTheLowestBitOnly() {
        var string = BitString()
        for value: UInt8 in [0, 1, 2, 3, 0xFE, 0xFF] { string.append(value) }
        #expect((0..<6).map { string[$0] } == [0, 1, 0, 1, 0, 1])
        #expect(string.words == [0b101010])
        #expect(string == BitString(bits: [0, 1, 0, 1, 0, 1]))
    }

    @Test func appendCrossesWordBoundaries() {
        var string = BitString()
        for index in 0..<200 { string.append(index % 64 == 63 || index % 64 == 0 ? 1 : 0) }
        let ends: UInt64 = 1 << 63 | 1
        #expect(string.words == [ends, ends, ends, 1])
    }

    @Test func distanceCountsDifferingPositions() {
        for count in [0, 1, 63, 64, 65, 130] {
            let one = bits(count, seed: 5)
            let two = bits(count, seed: 6)
            let differing = zip(one, two).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
            let (first, second) = (BitString(bits: one), BitString(bits: two))
            #expect(first.distance(to: second) == differing)
            #expect(second.distance(to: first) == differing)
            #expect(first.distance(to: first) == 0)
            #expect(first.distance(to: BitString(bits: one.map { 1 - $0 })) == count)
        }
    }

    @Test func stringsOfDifferentLengthDiffer() {
        #expect(BitString(bits: [0]) != BitString(bits: [0, 0]))
        #expect(BitString(bits: [0, 1]) != BitString(bits: [1, 0]))
        #expect(BitString() == BitString(bits: []))
    }

    @Test func wipeLeavesAnEmptyStringThatCanBeUsedAgain() {
        var string = BitString(bits: bits(100))
        string.wipe()
        #expect(string == BitString())
        #expect(string.words.isEmpty && string.bytesMSBFirst.isEmpty)
        string.append(1)
        #expect(string == BitString(bits: [1]))
        string.wipe()
        string.wipe()
        #expect(string.count == 0)
    }
}
