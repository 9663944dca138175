import QKDCore
import QKDPhysics
import QKDSifting
import Testing

@testable import QKDBench

@Suite("The session engine")
struct SessionEngineTests {
    /// Three frames of light through the physics alone, without devices.
    private struct Capture {
        var plan: SessionPlan
        var frames: [AliceFrame] = []
        var tags = TagBatch()

        init(seed: UInt64) throws {
            let bench = try EmulatedRunTests.bench()
            plan = try SessionPlan(bench: bench, resolutionPS: 2000)
            var optics = try BB84OpticsSimulator(bench.opticsParameters(seed: seed))
            optics.variableAttenuationDB = bench.variableAttenuationDB
            let clock = bench.bobClock(seed: seed)
            let choices = try AliceChoices(bench: bench, seed: Array(repeating: UInt8(seed), count: 48))
            let alphabet = try bench.alphabet()
            for index in 0..<3 {
                var frame = try choices.frame(index: index, slots: 300_000)
                frame.startPS = Int64(50 + 40 * index) * Picoseconds.perMillisecond
                let steps = frame.codes.count * 2
                var wave = DriveWaveform(ticks: [], lines: [], analog: [], tickPS: 1000, analogUnitVolts: 1 / 32767)
                wave.ticks.reserveCapacity(steps)
                for code in frame.codes {
                    let symbol = alphabet[Int(code)]
                    wave.ticks += [10, 90]
                    wave.lines += [symbol.lines, 0]
                    wave.analog += [Int16((symbol.analogVolts * 32767).rounded()), 0]
                }
                optics.apply(.play(wave, runs: 1, final: .zero, atPS: frame.startPS))
                frames.append(frame)
            }
            let inputs = try bench.taggerInputs()
            let clicks = optics.advance(toPS: 200 * Picoseconds.perMillisecond)
            for index in 0..<clicks.count {
                let time = clock.reading(atPS: clicks.times[index]) + EmulatedWorld.taggerEpochPS
                tags.append(timePS: time / 2000 * 2000, channel: inputs[Int(clicks.channels[index])])
            }
        }

        /// Runs the engine over the tags in pieces of a size.
        func run(pieces: Int, tags: TagBatch? = nil) throws -> SessionOutcome {
            var engine = try SessionEngine(plan: plan, bobSeed: Array(repeating: 9, count: 48))
            // What the hosts believe is off by the clocks' offset, up to a second.
            engine.anchorPS = EmulatedWorld.taggerEpochPS
            for frame in frames { engine.add(frame) }
            let all = tags ?? self.tags
            var start = 0
            while start < all.count {
                let end = min(all.count, start + pieces)
                let holes = all.holes.filter { (start..<end).contains($0.beforeIndex) }.map {
                    TagHole(beforeIndex: $0.beforeIndex - start, cause: $0.cause, afterPS: $0.afterPS)
                }
                engine.add(
                    TagBatch(
                        times: Array(all.times[start..<end]), channels: Array(all.channels[start..<end]), holes: holes))
                _ = try engine.process(final: false)
                start = end
            }
            _ = try engine.process(final: true)
            return engine.outcome
        }
    }

    @Test("The outcome does not depend on how the tags were cut")
    func pieces() throws {
        let capture = try Capture(seed: 4)
        let whole = try capture.run(pieces: .max / 2)
        #expect(whole.frames.synchronised == 3)
        #expect(whole.alice.count > 1000)
        for pieces in [1000, 4096] {
            let cut = try capture.run(pieces: pieces)
            #expect(cut.alice == whole.alice && cut.bob == whole.bob)
            #expect(cut.counts == whole.counts && cut.live == whole.live)
            #expect(cut.record.bytes == whole.record.bytes)
        }
    }

    @Test("A frame with a hole is left out whole, and the next one is found again")
    func hole() throws {
        let capture = try Capture(seed: 5)
        let whole = try capture.run(pieces: 1 << 20)
        let second = try #require(whole.locks.first { $0.index == 1 })
        var tags = capture.tags
        let start = tags.firstIndex(atOrAfter: second.lock.startPS + 5 * Picoseconds.perMillisecond)
        tags.times.removeSubrange(start..<start + 20)
        tags.channels.removeSubrange(start..<start + 20)
        tags.holes = [TagHole(beforeIndex: start, cause: .misalignment, afterPS: tags.times[start - 1])]
        let outcome = try capture.run(pieces: 1 << 20, tags: tags)
        #expect(outcome.frames.withHoles == 1 && outcome.frames.synchronised == 2 && outcome.frames.lost == 0)
        #expect(outcome.locks.map(\.index) == [0, 2])
        #expect(outcome.holes.map(\.cause) == ["misalignment"])
        let kept = Set(stride(from: 0, to: outcome.record.bytes.count, by: 9).map { outcome.record.bytes[$0] })
        #expect(kept == [0, 2])
    }

    @Test("A hole between frames costs nothing")
    func holeInTheDark() throws {
        let capture = try Capture(seed: 5)
        let whole = try capture.run(pieces: 1 << 20)
        let second = try #require(whole.locks.first { $0.index == 1 })
        var tags = capture.tags
        let index = tags.firstIndex(atOrAfter: second.lock.startPS - 4 * Picoseconds.perMillisecond)
        tags.holes = [TagHole(beforeIndex: index, cause: .deviceOverflow, afterPS: nil)]
        let outcome = try capture.run(pieces: 1 << 20, tags: tags)
        #expect(outcome.locks.map(\.index) == [0, 1, 2])
        #expect(outcome.frames.withHoles == 0 && outcome.holes.count == 1)
    }

    @Test("A tagger that loses time with its tags is found again, wider and wider")
    func lostTime() throws {
        let capture = try Capture(seed: 8)
        let whole = try capture.run(pieces: 1 << 20)
        let second = try #require(whole.locks.first { $0.index == 1 })
        var tags = capture.tags
        let index = tags.firstIndex(atOrAfter: second.lock.startPS + 5 * Picoseconds.perMillisecond)
        // 12 ms vanish from the tagger's time: more than the 4 ms that a later frame's start may be off.
        for later in index..<tags.count { tags.times[later] -= 12 * Picoseconds.perMillisecond }
        tags.holes = [TagHole(beforeIndex: index, cause: .deviceOverflow, afterPS: nil)]
        let outcome = try capture.run(pieces: 1 << 20, tags: tags)
        #expect(outcome.locks.map(\.index) == [0, 2])
        #expect(outcome.frames.withHoles == 1)
    }

    @Test("Frames that were never sent are lost, with a reason")
    func foreignFrames() throws {
        var capture = try Capture(seed: 6)
        let choices = try AliceChoices(bench: EmulatedRunTests.bench(), seed: Array(repeating: 77, count: 48))
        for index in capture.frames.indices {
            let start = capture.frames[index].startPS
            capture.frames[index] = try choices.frame(index: index, slots: 300_000)
            capture.frames[index].startPS = start
        }
        let outcome = try capture.run(pieces: 1 << 20)
        #expect(outcome.frames.lost == 3 && outcome.alice.count == 0)
        #expect(outcome.frames.lossReasons.count == 3)
    }

    @Test("The window is cut into whole frames and a shorter last one")
    func framePlan() throws {
        let bench = try BenchDescription.load("bb84-loopback")
        let plan = FramePlan(bench, tickPS: 1000, durationPS: 290 * Picoseconds.perMillisecond)
        #expect(plan.slots(atPS: 0) == 1_000_000)
        #expect(plan.slots(atPS: 110 * Picoseconds.perMillisecond) == 1_000_000)
        #expect(plan.slots(atPS: 220 * Picoseconds.perMillisecond) == 700_000)
        #expect(plan.slots(atPS: 240 * Picoseconds.perMillisecond) == 500_000)
        #expect(plan.slots(atPS: 241 * Picoseconds.perMillisecond) == 0)
        #expect(plan.slots(atPS: 300 * Picoseconds.perMillisecond) == 0)
        let short = FramePlan(bench, tickPS: 1000, durationPS: 10 * Picoseconds.perMillisecond)
        #expect(short.slots(atPS: 0) == 100_000 && short.slots(atPS: 20 * Picoseconds.perMillisecond) == 0)
        #expect(plan.slotTicks == 100 && plan.pulseTicks == 10)
    }
}
