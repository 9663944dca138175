import QKDCore
import QKDTimeTags
import Testing

@Suite struct CoincidenceCounterTests {
    /// The definition, without any cleverness.
    private func slow(_ tags: TagBatch, _ channels: [UInt8], _ windowPS: Int64, _ delays: [UInt8: Int64]) -> Int {
        var lists = channels.map { channel in
            tags.times.indices.filter { tags.channels[$0] == channel }.map { tags.times[$0] - (delays[channel] ?? 0) }
        }
        var count = 0
        for start in lists[0] {
            let found = lists.indices.dropFirst().map { other in
                lists[other].firstIndex { abs($0 - start) <= windowPS / 2 }
            }
            guard found.allSatisfy({ $0 != nil }) else { continue }
            count += 1
            for (other, index) in zip(lists.indices.dropFirst(), found) {
                if let index { lists[other].remove(at: index) }
            }
        }
        return count
    }

    @Test(arguments: [[1, 2], [2, 1], [3, 1, 2], [4, 3, 2, 1]] as [[UInt8]])
    func againstTheDefinition(channels: [UInt8]) throws {
        for seed in 0..<6 {
            var random = TagTestRandom(state: UInt64(seed) + 40)
            var tags = TagBatch()
            var time: Int64 = -5_000
            for _ in 0..<600 {
                time += Int64(random.next() % (seed % 2 == 0 ? 40 : 400))
                tags.append(timePS: time, channel: UInt8(random.next() % 4 + 1))
            }
            let delays: [UInt8: Int64] = seed < 3 ? [:] : [1: 120, 2: -70, 4: 11]
            var counter = try CoincidenceCounter(channels: channels, windowPS: 1_001, delaysPS: delays)
            var from = 0
            while from < tags.count {
                let to = min(tags.count, from + 1 + Int(random.next() % 90))
                counter.add(TagBatch(times: Array(tags.times[from..<to]), channels: Array(tags.channels[from..<to])))
                from = to
            }
            counter.finish()
            let expected = slow(tags, channels, 1_001, delays)
            #expect(counter.coincidences == expected && expected > 0, "seed \(seed)")
        }
    }

    /// Two independent Poisson channels: S_A S_B w T within 4 σ.
    @Test func accidentals() throws {
        var random = TagTestRandom(state: 77)
        var counter = try CoincidenceCounter(channels: [1, 2], windowPS: 2_000)
        let durationPS: Int64 = 20_000_000_000
        var tags: [(Int64, UInt8)] = []
        for channel in [1, 2] as [UInt8] {
            for _ in 0..<40_000 { tags.append((Int64(random.next() % UInt64(durationPS)), channel)) }
        }
        tags.sort { $0.0 < $1.0 }
        counter.add(TagBatch(times: tags.map(\.0), channels: tags.map(\.1)))
        counter.finish()
        let expected = counter.accidentals(durationPS: durationPS)
        #expect(abs(expected - 160) < 1e-9)
        // A window of 2,000 whole picoseconds either way and the middle: 2,001 values; the difference is far below σ.
        #expect(abs(Double(counter.coincidences) - expected) < 4 * expected.squareRoot())
    }

    @Test func nonsense() {
        for channels in [[], [1], [1, 1]] as [[UInt8]] {
            #expect(failure { _ = try CoincidenceCounter(channels: channels, windowPS: 100) }?.kind == .outOfRange)
        }
        #expect(failure { _ = try CoincidenceCounter(channels: [1, 2], windowPS: 0) }?.kind == .outOfRange)
        #expect(
            failure { _ = try CoincidenceCounter(channels: [1, 2], windowPS: 1, delaysPS: [1: .min]) }?.kind
                == .outOfRange)
    }
}
