import QKDCore
import Testing

@testable import QKDDrivers

@Suite("TDC1 lost bytes")
struct TDC1RepairTests {
    private struct Outcome {
        var isSound: Bool
        var missing: Int
        var batch: TagBatch
        var statistics: TaggerStatistics

        /// In parts, so that a failed expectation does not print all tags.
        var summary: (isSound: Bool, resyncs: Int, causes: [TagHole.Cause]) {
            (isSound, statistics.resyncs, batch.holes.map(\.cause))
        }
    }

    /// Loses `count` bytes at `offset` and compares what is decoded with what was tagged.
    private func lose(
        _ count: Int, at offset: Int, of bytes: [UInt8], truth: [[Int64]], chunk: Int = 4_096
    ) -> Outcome {
        var damaged = bytes
        damaged.removeSubrange(offset..<offset + count)
        var decoder = TDC1Decoder()
        var batch = TagBatch()
        for start in stride(from: 0, to: damaged.count, by: chunk) {
            batch.append(decoder.decode(Array(damaged[start..<min(start + chunk, damaged.count)])))
        }
        batch.append(decoder.decode([], isPause: true))
        let known = Set(truth)
        let tags = zip(batch.times, batch.channels).map { [$0, Int64($1)] }
        let isOrdered = zip(batch.times, batch.times.dropFirst()).allSatisfy { $0 <= $1 }
        return Outcome(
            isSound: isOrdered && tags.allSatisfy(known.contains), missing: truth.count - tags.count, batch: batch,
            statistics: decoder.statistics)
    }

    @Test(
        "two lost bytes cost a few tags, leave one hole and no false tag",
        arguments: [(10_000_000, 1), (1_000_000, 2), (100_000, 3), (1_000, 4)])
    func twoBytes(rate: Int64, seed: UInt64) {
        var events = TDC1TestEvents(seed: seed)
        let (times, channels) = events.edges(600, meanGapPS: 1_000_000_000_000 / rate)
        let bytes = stampedBytes(times, channels)
        let truth = taggedEdges(times, channels)
        var worst = 0
        for offset in stride(from: 1_000, to: 1_300, by: 5) {
            let outcome = lose(2, at: offset, of: bytes, truth: truth)
            let (isSound, resyncs, causes) = outcome.summary
            #expect(isSound, "false tags after a loss at byte \(offset)")
            #expect(resyncs == 1 && causes == [.misalignment], "a loss at byte \(offset)")
            worst = max(worst, outcome.missing)
        }
        #expect(worst <= 16)
    }

    @Test("one and three lost bytes are found as well", arguments: [1, 3])
    func oddBytes(count: Int) {
        var events = TDC1TestEvents(seed: 11, startPS: 150_000_000_000)
        let (times, channels) = events.edges(600, meanGapPS: 1_000_000)
        let bytes = stampedBytes(times, channels)
        let truth = taggedEdges(times, channels)
        for offset in stride(from: 1_000, to: 1_200, by: 5) {
            let outcome = lose(count, at: offset, of: bytes, truth: truth)
            let (isSound, resyncs, _) = outcome.summary
            let missing = outcome.missing
            #expect(isSound && missing <= 20, "a loss at byte \(offset)")
            #expect(resyncs == 1)
        }
    }

    @Test("the hole names the last good time and stands where the tags are missing")
    func hole() throws {
        var events = TDC1TestEvents(seed: 5)
        let (times, channels) = events.edges(1_200, meanGapPS: 1_000_000)
        let outcome = lose(
            2, at: 2_001, of: stampedBytes(times, channels), truth: taggedEdges(times, channels))
        let hole = try #require(outcome.batch.holes.first)
        #expect(hole.afterPS == outcome.batch.times[hole.beforeIndex - 1])
        #expect(abs(hole.beforeIndex - 500) < 12)
    }

    @Test("a loss is found at the end of the stream too, as far as there is evidence")
    func nearTheEnd() {
        var events = TDC1TestEvents(seed: 6)
        let (times, channels) = events.edges(400, meanGapPS: 1_000_000)
        let bytes = stampedBytes(times, channels)
        let truth = taggedEdges(times, channels)
        let outcome = lose(2, at: bytes.count - 80, of: bytes, truth: truth)
        let (isSound, resyncs, _) = outcome.summary
        #expect(isSound)
        #expect(resyncs == 1)
    }

    @Test("two losses are two repairs")
    func twice() {
        var events = TDC1TestEvents(seed: 8)
        let (times, channels) = events.edges(4_000, meanGapPS: 1_000_000)
        var bytes = stampedBytes(times, channels)
        let truth = taggedEdges(times, channels)
        bytes.removeSubrange(9_000..<9_002)
        let outcome = lose(2, at: 3_000, of: bytes, truth: truth)
        let (isSound, resyncs, causes) = outcome.summary
        #expect(isSound)
        #expect(resyncs == 2)
        #expect(causes == [.misalignment, .misalignment])
    }

    @Test("a damaged word is given up and marked; the time goes on as before")
    func damagedWord() {
        var events = TDC1TestEvents(seed: 9)
        let (times, channels) = events.edges(400, meanGapPS: 3_000_000)
        var bytes = stampedBytes(times, channels)
        bytes[803] ^= 0x80  // half a wrap and more ahead
        let outcome = lose(0, at: 0, of: bytes, truth: taggedEdges(times, channels))
        let (isSound, resyncs, causes) = outcome.summary
        let missing = outcome.missing
        #expect(isSound && (1...4).contains(missing))
        #expect(causes == [.misalignment])
        #expect(resyncs == 0)
    }

    @Test("a gap without dummies is passed on and marked")
    func gap() {
        var decoder = TDC1Decoder()
        let first = stampedBytes([1_000_000, 2_000_000], [1, 2])
        let behind = stampedBytes([200_000_000_000, 200_001_000_000], [3, 4]).suffix(8)
        let batch = decoder.decode(first + behind, isPause: true)
        #expect(batch.times == [1_000_000, 2_000_000, 200_000_000_000, 200_001_000_000])
        #expect(batch.holes == [TagHole(beforeIndex: 2, cause: .silence, afterPS: 2_000_000)])
    }

    @Test("a word without a flag is no tag; a dummy that names inputs is passed on")
    func oddFlags() {
        let words: [UInt32] = [100 << 5 | 1, 200 << 5, 300 << 5 | 0b1_0010, 400 << 5 | 4]
        var decoder = TDC1Decoder()
        let batch = decoder.decode(words.withUnsafeBytes { Array($0) }, isPause: true)
        #expect(batch.times == [200_000, 600_000, 800_000])
        #expect(batch.channels == [1, 2, 3])
        #expect(batch.holes.map(\.beforeIndex) == [1])
    }
}
