import QKDCore
import Testing

@testable import QKDDrivers

@Suite("TDC1 words and decoder")
struct TDC1DecoderTests {
    /// A tag as time and input.
    private func tags(_ batch: TagBatch) -> [[Int64]] { zip(batch.times, batch.channels).map { [$0, Int64($1)] } }

    private func decode(_ bytes: [UInt8]) -> TagBatch {
        var decoder = TDC1Decoder()
        return decoder.decode(bytes, isPause: true)
    }

    @Test("the words that follow from the layout")
    func vectors() {
        #expect(tags(decode([0x81, 0x3E, 0x00, 0x00])) == [[1_000_000, 1]])
        // The last tick on input 3, then tick 3 on input 4 after the wrap of 2^27 ticks.
        let wrapped = tags(decode([0xE4, 0xFF, 0xFF, 0xFF, 0x68, 0x00, 0x00, 0x00]))
        #expect(wrapped == [[(1 << 27 - 1) * 2_000, 3], [(1 << 27 + 3) * 2_000, 4]])
        var decoder = TDC1Decoder()
        #expect(decoder.decode([0x10, 0xB0, 0x83, 0x85], isPause: true).isEmpty)
        #expect(decoder.statistics.fillers == 1)
        #expect(decoder.lastTimePS == Int64(140_000_000_000))
    }

    @Test("the fields of a word")
    func fields() {
        let word = TDC1Word(rawValue: 0x8583_B010)
        #expect(word.isDummy && word.inputs == 0 && word.tick == 70_000_000)
        #expect(TDC1Word(rawValue: 0x0000_3E81).tick == 500)
        #expect(TDC1Word(rawValue: 0x0000_3E81).inputs == 1)
        let sound = (UInt32(0)..<32).filter { TDC1Word.hasSoundFlags($0) }
        #expect(sound == Array(1...16))
    }

    @Test("several inputs in one word are several tags of one time, in the order of the inputs")
    func merged() {
        let word = UInt32(1_234) << 5 | 0b1011
        let batch = decode(withUnsafeBytes(of: word.littleEndian) { Array($0) })
        #expect(batch.times == [2_468_000, 2_468_000, 2_468_000])
        #expect(batch.channels == [1, 2, 4])
    }

    @Test("any cut of the stream gives the same tags", arguments: [1, 3, 7, 64, 1_000, 100_000])
    func cuts(chunk: Int) {
        var events = TDC1TestEvents(seed: 7)
        let (times, channels) = events.edges(6_000, meanGapPS: 400_000_000)
        let bytes = stampedBytes(times, channels)
        var decoder = TDC1Decoder()
        var whole = TagBatch()
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            whole.append(decoder.decode(Array(bytes[start..<min(start + chunk, bytes.count)])))
        }
        #expect(whole.count <= times.count - TDC1Decoder.heldBackWords)
        whole.append(decoder.decode([], isPause: true))
        #expect(tags(whole) == taggedEdges(times, channels))
        #expect(times.last ?? 0 > 8 * 268_435_456_000)
        #expect(whole.holes.isEmpty)
        #expect(decoder.statistics.tags == whole.count)
        #expect(decoder.statistics.resyncs == 0)
    }

    @Test("dummies carry the time over silences of many wraps")
    func dummies() {
        let times: [Int64] = [2_000, 3_000_000_000_000, 3_000_000_002_000]
        var decoder = TDC1Decoder()
        let batch = decoder.decode(stampedBytes(times, [1, 2, 3]), isPause: true)
        #expect(batch.times == times)
        #expect(decoder.statistics.fillers == 21)
        #expect(batch.holes.isEmpty)
    }

    @Test("a pause releases what is held back, and the stream goes on")
    func pause() {
        var decoder = TDC1Decoder()
        let bytes = stampedBytes([10_000, 20_000, 30_000], [1, 2, 3])
        #expect(decoder.decode(Array(bytes[..<6])).isEmpty)
        #expect(decoder.decode([], isPause: true).times == [10_000])
        #expect(decoder.decode(Array(bytes[6...])).isEmpty)
        #expect(decoder.decode([], isPause: true).times == [20_000, 30_000])
        #expect(decoder.decode([], isPause: true).isEmpty)
    }

    @Test("a truncated word at the end gives no tag")
    func truncated() {
        let bytes = stampedBytes([10_000, 20_000], [1, 2])
        #expect(decode(Array(bytes.dropLast())).times == [10_000])
        #expect(decode([]).isEmpty)
    }
}
