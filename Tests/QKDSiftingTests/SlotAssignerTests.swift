import QKDCore
import QKDSifting
import Testing

@Suite("Slot assigner")
struct SlotAssignerTests {
    private static let map: [UInt8: BB84State] = [
        7: BB84State(.z, 0), 2: BB84State(.z, 1), 0: BB84State(.x, 0), 255: BB84State(.x, 1),
    ]

    /// Counts by testing every slot near every tag, in exact integers where the geometry allows it.
    private func slow(_ tags: TagBatch, _ assigner: SlotAssigner) -> AssignedFrame {
        var result = AssignedFrame()
        var masks: [Int: UInt8] = [:]
        for index in 0..<tags.count {
            guard let state = Self.map[tags.channels[index]] else {
                result.unmapped += 1
                continue
            }
            let time =
                Double(tags.times[index] - assigner.originPS) + 0.5 * Double(assigner.resolutionPS)
                - assigner.originFractionPS
            let guess = Int((time / assigner.slotPeriodPS).rounded())
            // A slot reaches from half a period before its pulse to half a period after, start included.
            let slot = (guess - 2...guess + 2).first {
                let residual = time - Double($0) * assigner.slotPeriodPS
                return residual >= -0.5 * assigner.slotPeriodPS && residual < 0.5 * assigner.slotPeriodPS
            }
            guard let slot, slot >= 0, slot < assigner.slots else {
                result.outsideFrame += 1
                continue
            }
            result.singles[state.index] += 1
            let residual = time - Double(slot) * assigner.slotPeriodPS
            guard residual >= -0.5 * assigner.windowPS, residual < 0.5 * assigner.windowPS else {
                result.outsideWindow += 1
                continue
            }
            let bit: UInt8 = 1 << UInt8(state.index)
            if masks[slot, default: 0] & bit != 0 { result.repeated += 1 }
            masks[slot, default: 0] |= bit
        }
        result.detections = masks.sorted { $0.key < $1.key }
            .map { SlotDetection(slot: UInt32($0.key), detectors: $0.value) }
        return result
    }

    @Test("Agrees with testing every slot, for random tags in and out of order", arguments: [true, false])
    func againstOracle(sorted: Bool) throws {
        var random = SiftingRandom(seed: sorted ? 11 : 12)
        for round in 0..<(40 * Statistics.scale) {
            let period = [1_000.0, 1_000.0000125, 997.3][round % 3]
            let assigner = try SlotAssigner(
                originPS: Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random),
                originFractionPS: round % 2 == 0 ? 0 : Double.random(in: 0..<1, using: &random),
                slotPeriodPS: period, slots: 100, windowPS: [1, 250.5, 600, period][round % 4],
                resolutionPS: [1, 2, 125][round % 3], detectors: Self.map)
            var times = (0..<300).map { _ in
                assigner.originPS + Int64.random(in: -3_000...103_000, using: &random)
            }
            if sorted { times.sort() }
            let channels = times.map { _ in [7, 2, 0, 255, 9].randomElement(using: &random) ?? 7 }
            let tags = TagBatch(times: times, channels: channels.map { UInt8($0) })
            let frame = assigner.assign(tags)
            #expect(frame == slow(tags, assigner))
            #expect(zip(frame.detections, frame.detections.dropFirst()).allSatisfy { $0.slot < $1.slot })
            #expect(frame.singles.reduce(0, +) + frame.outsideFrame + frame.unmapped == tags.count)
        }
    }

    @Test("The window takes its start and leaves its end")
    func windowEdges() throws {
        // Ticks of 2 ps count at +1: the tag 49 counts at 50.
        let assigner = try SlotAssigner(
            originPS: 1_000, originFractionPS: 0, slotPeriodPS: 1_000, slots: 3, windowPS: 100, resolutionPS: 2,
            detectors: Self.map)
        func slots(_ timePS: Int64) -> [SlotDetection] {
            assigner.assign(TagBatch(times: [timePS], channels: [7])).detections
        }
        #expect(slots(1_000 - 51) == [SlotDetection(slot: 0, detectors: 1)])
        #expect(slots(1_000 - 52).isEmpty)
        #expect(slots(1_000 + 48) == [SlotDetection(slot: 0, detectors: 1)])
        #expect(slots(1_000 + 49).isEmpty)
        #expect(slots(3_000 + 48) == [SlotDetection(slot: 2, detectors: 1)])
        #expect(slots(4_000).isEmpty)
        #expect(assigner.assign(TagBatch(times: [499, 500, 3_498, 3_499], channels: [7, 7, 7, 7])).outsideFrame == 1)
        #expect(assigner.assign(TagBatch(times: [498, 3_499], channels: [7, 7])).outsideFrame == 2)
    }

    @Test("Windows as wide as a slot meet without gap or overlap")
    func fullWindows() throws {
        let assigner = try SlotAssigner(
            originPS: 0, originFractionPS: 0, slotPeriodPS: 10, slots: 4, windowPS: 10, resolutionPS: 0,
            detectors: Self.map)
        let tags = TagBatch(times: Array(-5..<35), channels: Array(repeating: 2, count: 40))
        let frame = assigner.assign(tags)
        #expect(frame.outsideWindow == 0 && frame.outsideFrame == 0)
        #expect(frame.detections == (0..<4).map { SlotDetection(slot: $0, detectors: 2) })
        #expect(frame.repeated == 36)
    }

    @Test("Equal times of several detectors are one detection; the same detector again is a repetition")
    func equalTimes() throws {
        let assigner = try SlotAssigner(
            originPS: 0, originFractionPS: 0, slotPeriodPS: 1_000, slots: 2, windowPS: 200, resolutionPS: 1,
            detectors: Self.map)
        let frame = assigner.assign(
            TagBatch(times: [1_000, 1_000, 1_000, 1_000], channels: [7, 255, 7, 44]))
        #expect(frame.detections == [SlotDetection(slot: 1, detectors: 0b1001)])
        #expect(frame.repeated == 1 && frame.unmapped == 1 && frame.singles == [2, 0, 0, 1])
        #expect(assigner.assign(TagBatch()) == AssignedFrame())
    }

    @Test("Impossible geometries are refused")
    func invalid() {
        func kind(period: Double = 100, window: Double = 10, slots: Int = 1, resolution: Int64 = 1) -> QKDError.Kind? {
            do {
                _ = try SlotAssigner(
                    originPS: 0, originFractionPS: 0, slotPeriodPS: period, slots: slots, windowPS: window,
                    resolutionPS: resolution, detectors: Self.map)
                return nil
            } catch {
                return (error as? QKDError)?.kind
            }
        }
        #expect(kind() == nil)
        #expect(kind(period: 0) == .outOfRange)
        #expect(kind(period: .nan) == .outOfRange)
        #expect(kind(window: 0) == .outOfRange)
        #expect(kind(window: 101) == .outOfRange)
        #expect(kind(slots: -1) == .outOfRange)
        #expect(kind(resolution: -1) == .outOfRange)
    }
}
