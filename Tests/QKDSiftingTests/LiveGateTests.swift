import QKDCore
import QKDSifting
import Testing

@Suite("Live gate")
struct LiveGateTests {
    private static let map: [UInt8: BB84State] = [
        1: BB84State(.z, 0), 2: BB84State(.z, 1), 3: BB84State(.x, 0), 4: BB84State(.x, 1),
    ]

    private func assigner(_ slots: Int, fraction: Double = 0, period: Double = 100) throws -> SlotAssigner {
        try SlotAssigner(
            originPS: 10_000, originFractionPS: fraction, slotPeriodPS: period, slots: slots, windowPS: 20,
            resolutionPS: 2, detectors: Self.map)
    }

    /// Looks back from every slot at every tag.
    private func slow(
        _ tags: TagBatch, _ codes: [UInt8], _ disclosed: [UInt32], _ frame: AssignedFrame, _ assigner: SlotAssigner,
        blindPS: Double
    ) -> LiveCounts {
        var counts = LiveCounts()
        for slot in codes.indices {
            let opens = assigner.originFractionPS + Double(slot) * assigner.slotPeriodPS - 0.5 * assigner.windowPS
            let blind = tags.times.indices.contains { index in
                let click = Double(tags.times[index] - assigner.originPS) + 0.5 * Double(assigner.resolutionPS)
                return Self.map[tags.channels[index]] != nil && click < opens && opens <= click + blindPS
            }
            if blind {
                counts.deadSlots += 1
                continue
            }
            if disclosed.contains(UInt32(slot)) { continue }
            let intensity = PulseCode(rawValue: codes[slot]).intensity
            counts.sent[intensity] += 1
            if frame.detections.contains(where: { $0.slot == slot }) { counts.detected[intensity] += 1 }
        }
        return counts
    }

    @Test("Agrees with looking back from every slot", arguments: [0.0, 1, 99, 100, 555, 5_000, 1e9])
    func againstOracle(blindPS: Double) throws {
        var random = SiftingRandom(seed: UInt64(blindPS) + 1)
        for round in 0..<(6 * Statistics.scale) {
            let slots = [300, 64, 129][round % 3]
            let assigner = try assigner(
                slots, fraction: Double(round % 2) * 0.25, period: round % 2 == 0 ? 100 : 100.0025)
            // From before the frame to beyond it, in and out of windows, with equal times.
            let times = (0..<40).map { _ in
                Int64.random(in: 4_000...(11_000 + 100 * Int64(slots)), using: &random) / 2 * 2
            }.sorted()
            let tags = TagBatch(times: times, channels: times.map { _ in UInt8.random(in: 1...5, using: &random) })
            let codes = random.codes(slots)
            let disclosed = random.disclosed(slots, share: 0.1)
            let frame = assigner.assign(tags)
            let planes = try IntensityPlanes(codes: codes, disclosed: disclosed)
            let gate = try LiveGate(assigner, deadTimePS: blindPS * 0.75, guardPS: blindPS * 0.25)
            let counts = try gate.counts(tags: tags, planes: planes, detections: frame.detections)
            #expect(counts == slow(tags, codes, disclosed, frame, assigner, blindPS: gate.blindPS))
        }
    }

    @Test("Nothing blinds a frame without tags; a tag blinds from the next window to the dead time's end")
    func edges() throws {
        let codes = [UInt8](repeating: PulseCode(BB84State(.z, 0), .decoy).rawValue, count: 10)
        let planes = try IntensityPlanes(codes: codes, disclosed: [9])
        let gate = try LiveGate(try assigner(10), deadTimePS: 200, guardPS: 0)
        let empty = try gate.counts(tags: TagBatch(), planes: planes, detections: [])
        #expect(empty.sent == PerIntensity(signal: 0, decoy: 9, vacuum: 0) && empty.deadSlots == 0)
        // The windows of slots 3 and 4 open 200 ps or less after the click at 10,199 + 1.
        let click = TagBatch(times: [10_199], channels: [1])
        let frame = gate.assigner.assign(click)
        #expect(frame.detections == [SlotDetection(slot: 2, detectors: 1)])
        let counts = try gate.counts(tags: click, planes: planes, detections: frame.detections)
        #expect(counts.deadSlots == 2 && counts.sent.total == 7)
        // Its own slot was live when it came.
        #expect(counts.detected[.decoy] == 1)
        var sum = counts
        sum += empty
        #expect(sum.sent.total == 16 && sum.deadSlots == 2 && sum.gain(.decoy).rate == 1.0 / 16)
    }

    @Test("Tags at the ends of time stop nothing and blind nothing")
    func farAway() throws {
        let planes = try IntensityPlanes(codes: [UInt8](repeating: 0, count: 10), disclosed: [])
        let gate = try LiveGate(try assigner(10), deadTimePS: 5_000, guardPS: 0)
        let far = TagBatch(times: [-4_000_000_000_000_000_000, 4_000_000_000_000_000_000], channels: [1, 2])
        let counts = try gate.counts(tags: far, planes: planes, detections: [])
        #expect(counts.sent[.signal] == 10 && counts.deadSlots == 0)
        #expect(gate.assigner.assign(far).outsideFrame == 2)
    }

    @Test("The gain of live slots is free of the dead time")
    func unbiased() throws {
        // Every slot clicks with p; a detector is then blind for nine slots. Live slots click with p all the same.
        var random = SiftingRandom(seed: 4)
        let slots = 30_000 * Statistics.scale
        let p = 0.05
        let assigner = try assigner(slots)
        var tags = TagBatch()
        var ready = [0, 0, 0, 0]
        for slot in 0..<slots {
            let detector = Int.random(in: 0..<4, using: &random)
            guard random.chance(p), slot >= ready[detector] else { continue }
            ready[detector] = slot + 10
            tags.append(timePS: 10_000 + 100 * Int64(slot), channel: UInt8(detector + 1))
        }
        let planes = try IntensityPlanes(codes: [UInt8](repeating: 0, count: slots), disclosed: [])
        let detections = assigner.assign(tags).detections
        let gate = try LiveGate(assigner, deadTimePS: 900, guardPS: 50)
        let counts = try gate.counts(tags: tags, planes: planes, detections: detections)
        let live = counts.gain(.signal)
        #expect(abs(live.rate - p) < 5 * live.standardError)
        #expect(Double(detections.count) / Double(slots) < p - 5 * live.standardError)
    }

    @Test("Negative dead times, disorder and frames of another length are refused")
    func invalid() throws {
        let assigner = try assigner(2)
        #expect(throws: QKDError.self) { try LiveGate(assigner, deadTimePS: -1, guardPS: 0) }
        #expect(throws: QKDError.self) { try LiveGate(assigner, deadTimePS: 0, guardPS: .infinity) }
        let gate = try LiveGate(assigner, deadTimePS: 1, guardPS: 0)
        let two = try IntensityPlanes(codes: [0, 0], disclosed: [])
        let three = try IntensityPlanes(codes: [0, 0, 0], disclosed: [])
        #expect(throws: QKDError.self) { try gate.counts(tags: TagBatch(), planes: three, detections: []) }
        let disordered = TagBatch(times: [5, 4], channels: [1, 1])
        #expect(throws: QKDError.self) { try gate.counts(tags: disordered, planes: two, detections: []) }
    }
}

@Suite("Intensity planes")
struct IntensityPlanesTests {
    @Test("Ranges agree with counting the codes", arguments: [0, 1, 7, 8, 63, 64, 65, 200, 321])
    func ranges(slots: Int) throws {
        var random = SiftingRandom(seed: UInt64(slots) + 9)
        let codes = random.codes(slots)
        let disclosed = random.disclosed(slots, share: 0.2)
        let planes = try IntensityPlanes(codes: codes, disclosed: disclosed)
        func slow(_ range: Range<Int>) -> PerIntensity {
            var counts = PerIntensity()
            for slot in range where !disclosed.contains(UInt32(slot)) {
                counts[PulseCode(rawValue: codes[slot]).intensity] += 1
            }
            return counts
        }
        for _ in 0..<50 {
            let ends = [Int.random(in: 0...slots, using: &random), Int.random(in: 0...slots, using: &random)].sorted()
            #expect(planes.counts(in: ends[0]..<ends[1]) == slow(ends[0]..<ends[1]))
        }
        #expect(planes.total == slow(0..<slots))
        for slot in 0..<slots {
            let expected = disclosed.contains(UInt32(slot)) ? nil : PulseCode(rawValue: codes[slot]).intensity
            #expect(planes.intensity(ofSlot: slot) == expected)
        }
    }

    @Test("The unused intensity code reads as the vacuum, as in PulseCode")
    func unusedCode() throws {
        let planes = try IntensityPlanes(codes: [0b1100, 0b1111], disclosed: [])
        #expect(planes.total == PerIntensity(signal: 0, decoy: 0, vacuum: 2))
    }
}
