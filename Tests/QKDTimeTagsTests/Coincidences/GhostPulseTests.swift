import QKDCore
import QKDPhysics
import QKDTimeTags
import Testing

@Suite("Ghost pulses")
struct GhostPulseTests {
    static func party(_ ghost: GhostModel?) throws -> (tags: TagBatch, ghosts: Int) {
        var source = CaptureScene.source(seed: 31)
        source.alice.ghost = ghost
        source.pairRateHz = 200_000
        var simulator = try PairSourceSimulator(source)
        let tags = simulator.run(seconds: Statistics.isAcceptance ? 8 : 1.5).alice
        return (tags, simulator.truth.ghosts[0])
    }

    @Test("A reflection is found, measured and removed, and little else", arguments: [(0.02, 35_000), (0.3, 120_500)])
    func reflection(probability: Double, delayPS: Int) throws {
        let (tags, ghosts) = try Self.party(GhostModel(probability: probability, delayPS: Int64(delayPS)))
        let finder = GhostPulses(resolutionPS: 3.90625)
        let peaks = finder.find(in: tags)
        #expect(peaks.count == 4)
        for peak in peaks {
            #expect(peak.leader == peak.follower)
            #expect(peak.startPS <= Int64(delayPS) && Int64(delayPS) < peak.endPS)
            #expect(peak.endPS - peak.startPS <= 5 * finder.binPS)
            // The share of all tags: ghosts lead no ghosts.
            let share = probability / (1 + probability)
            let tagsOfChannel = Double(tags.count) / 4
            #expect(abs(peak.probability - share) < 5 * (share / tagsOfChannel).squareRoot() + 0.02 * share)
        }
        let (left, indices) = finder.remove(peaks, from: tags)
        let removed = tags.count - left.count
        // A chance tag in the peak's nanosecond goes too: 13 kcps × ~1 ns of each tag.
        #expect(abs(removed - ghosts) <= 2 + tags.count / 10_000)
        #expect(zip(indices, left.times).allSatisfy { tags.times[$0] == $1 })
        #expect(finder.find(in: left).isEmpty)
    }

    @Test("Clean tags, and a train of pulses, are left alone")
    func nothing() throws {
        #expect(GhostPulses(resolutionPS: 3.90625).find(in: try Self.party(nil).tags).isEmpty)
        var generator = SeededGenerator(seed: 5)
        var train = TagBatch()
        for pulse in 0..<400_000 where generator.uniform() < 0.3 {
            train.append(timePS: Int64(pulse) * 50_000, channel: UInt8(generator.next() % 4) + 1)
        }
        #expect(GhostPulses().find(in: train).isEmpty)
        #expect(GhostPulses().find(in: TagBatch()).isEmpty)
    }

    @Test("Cross-talk from one input to another is found with its direction")
    func crossTalk() {
        var generator = SeededGenerator(seed: 8)
        var tags = TagBatch()
        var time: Int64 = 0
        for _ in 0..<100_000 {
            time += Int64(generator.exponential() * 1e7) + 30_000
            let channel = UInt8(generator.next() % 3) + 1
            tags.append(timePS: time, channel: channel)
            if channel == 2, generator.uniform() < 0.05 { tags.append(timePS: time + 20_000, channel: 3) }
        }
        let peaks = GhostPulses().find(in: tags)
        #expect(peaks.count == 1)
        #expect(peaks.first?.leader == 2 && peaks.first?.follower == 3)
        #expect(GhostPulses().remove(peaks, from: tags).tags.count < tags.count - 1_000)
    }

    @Test("A stated dead time counts from the last tag that was kept")
    func deadTime() {
        let tags = TagBatch(times: [0, 5, 9, 12, 12, 30], channels: [1, 1, 1, 2, 1, 1])
        let (left, indices) = GhostPulses.remove(within: 10, from: tags)
        #expect(left.times == [0, 12, 12, 30])
        #expect(left.channels == [1, 2, 1, 1])
        #expect(indices == [0, 3, 4, 5])
        #expect(GhostPulses.remove(within: 0, from: tags).tags == tags)
    }
}
