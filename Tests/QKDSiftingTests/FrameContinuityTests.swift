import QKDCore
import Testing

@testable import QKDSifting

/// A frame of 200,000 slots of 100 ns with 1300 clicks or so, as the emulated bench has them: 5 % outside the windows.
private struct Frame {
    static let slots = 200_000
    static let slotPS = 100_000.0
    var codes: [UInt8] = []
    var times: [Int64] = []
    var channels: [UInt8] = []

    init(seed: UInt64, rate: Double = 6e-3, means: [Double] = [0.5, 0.1, 0]) {
        var random = SiftingRandom(seed: seed)
        for slot in 0..<Self.slots {
            let level = Double.random(in: 0..<1, using: &random)
            let intensity = level < 0.7 ? 0 : level < 0.9 ? 1 : 2
            codes.append(UInt8(intensity << 2) | UInt8(slot & 3))
            let chance = rate * means[intensity] / 0.37
            if Double.random(in: 0..<1, using: &random) < chance {
                add(Double(slot) * Self.slotPS + 600 * (Double.random(in: 0..<1, using: &random) - 0.5), &random)
            } else if Double.random(in: 0..<1, using: &random) < 0.05 * rate {
                add((Double(slot) + Double.random(in: 0..<1, using: &random) - 0.5) * Self.slotPS, &random)
            }
        }
    }

    private mutating func add(_ timePS: Double, _ random: inout SiftingRandom) {
        times.append(Int64(timePS.rounded()))
        channels.append(UInt8(Double.random(in: 0..<1, using: &random) * 4) + 1)
    }

    func check(means: [Double] = [0.5, 0.1, 0]) throws -> FrameContinuity.Break? {
        let assigner = try SlotAssigner(
            originPS: 0, originFractionPS: 0, slotPeriodPS: Self.slotPS, slots: Self.slots, windowPS: 4_000,
            resolutionPS: 0, detectors: Dictionary(uniqueKeysWithValues: zip([1, 2, 3, 4], BB84State.all)))
        let assigned = assigner.assign(times: times[...], channels: channels[...])
        return FrameContinuity(assigner: assigner, means: means, backgroundShare: 0.002).firstBreak(
            times: times[...], channels: channels[...], codes: codes, detections: assigned.detections)
    }

    /// Moves all tags from a share of the frame on.
    mutating func step(at share: Double, byPS step: Int64) {
        let from = Int64(share * Double(Self.slots) * Self.slotPS)
        for index in times.indices where times[index] >= from { times[index] += step }
    }

    mutating func silence(from share: Double, lengthPS: Int64) {
        let from = Int64(share * Double(Self.slots) * Self.slotPS)
        let kept = times.indices.filter { !(from..<(from + lengthPS)).contains(times[$0]) }
        times = kept.map { times[$0] }
        channels = kept.map { channels[$0] }
    }
}

@Suite("Whether a frame's tags are of one piece")
struct FrameContinuityTests {
    private static let lengthPS = Int64(Frame.slotPS) * Int64(Frame.slots)

    @Test("a whole frame is taken for one, at any rate")
    func whole() throws {
        for seed in 1...40 as ClosedRange<UInt64> {
            #expect(try Frame(seed: seed).check() == nil)
            #expect(try Frame(seed: seed, rate: 2e-4).check() == nil)
            #expect(try Frame(seed: seed, rate: 0.1).check() == nil)
        }
    }

    @Test(
        "a step by part of a slot is seen within 20 tags of either end", arguments: [30_000, -50_000, 4_200, 1_030_000])
    func partOfASlot(stepPS: Int64) throws {
        for (seed, share) in [(1, 0.02), (2, 0.3), (3, 0.7), (4, 0.98)] as [(UInt64, Double)] {
            var frame = Frame(seed: seed)
            // The fit follows the greater part.
            if share < 0.5 {
                frame.step(at: 0, byPS: stepPS)
                frame.step(at: share, byPS: -stepPS)
            } else {
                frame.step(at: share, byPS: stepPS)
            }
            frame.times.sort()
            let found = try #require(try frame.check(), "at \(share)")
            #expect(found.cause == .clockStep)
            let place = Double(found.afterPS) / Double(Self.lengthPS)
            #expect(abs(place - (share < 0.5 ? 0 : share)) < 0.02, "\(place)")
        }
    }

    @Test("a step by whole slots is seen by what falls into vacuum", arguments: [100_000, -100_000, 4_700_000])
    func wholeSlots(stepPS: Int64) throws {
        for (seed, share) in [(5, 0.1), (6, 0.5), (7, 0.9)] as [(UInt64, Double)] {
            var frame = Frame(seed: seed)
            frame.step(at: share, byPS: stepPS)
            frame.times.sort()
            let found = try #require(try frame.check(), "at \(share)")
            #expect(found.cause == .clockStep)
            #expect(abs(Double(found.afterPS) / Double(Self.lengthPS) - share) < 0.1)
        }
    }

    @Test("without decoys a step by whole slots cannot be seen, and nothing else is taken for one")
    func oneIntensity() throws {
        var frame = Frame(seed: 8, means: [0.5, 0.5, 0.5])
        #expect(try frame.check(means: [0.5, 0.5, 0.5]) == nil)
        frame.step(at: 0.5, byPS: 100_000)
        #expect(try frame.check(means: [0.5, 0.5, 0.5]) == nil)
    }

    @Test("a silence that is no wonder is none; a long one is, also at the ends")
    func silence() throws {
        for (seed, share) in [(9, 0.0), (10, 0.4), (11, 0.9)] as [(UInt64, Double)] {
            // The mean gap is 1.6e7 ps: 20 of them and 50 of them.
            var short = Frame(seed: seed)
            short.silence(from: share, lengthPS: 320_000_000)
            #expect(try short.check() == nil)
            var long = Frame(seed: seed)
            long.silence(from: share, lengthPS: 900_000_000)
            let found = try #require(try long.check())
            #expect(found.cause == .silence)
            #expect(abs(Double(found.afterPS) / Double(Self.lengthPS) - share) < 0.01)
        }
        var dark = Frame(seed: 12)
        dark.times = []
        dark.channels = []
        #expect(try dark.check() == nil)
    }

    @Test("errors alone break nothing: an eavesdropper's frame stays in the books")
    func errors() throws {
        var frame = Frame(seed: 13)
        frame.channels = frame.channels.map { $0 % 4 + 1 }
        #expect(try frame.check() == nil)
    }
}
