import QKDCore
import QKDSifting
import Testing

@Suite("BB84 sifter")
struct BB84SifterTests {
    private func detections(_ masks: [SlotMask]) -> [SlotDetection] {
        masks.map { SlotDetection(slot: UInt32($0.slot), detectors: $0.mask) }
    }

    @Test("Agrees with going through the slots one by one", arguments: [0, 1, 63, 64, 65, 1_000])
    func againstOracle(slots: Int) throws {
        var random = SiftingRandom(seed: UInt64(slots) + 3)
        for _ in 0..<(10 * Statistics.scale) {
            let codes = random.codes(slots)
            let masks = random.detections(slots, share: 0.4)
            let disclosed = random.disclosed(slots, share: 0.1)
            var bytes = RandomBytes([])
            let frame = try BB84Sifter(doubleClicks: .discard)
                .sift(codes: codes, detections: detections(masks), disclosed: disclosed, random: &bytes)

            var counts = SiftingCounts()
            var alice: [UInt8] = []
            var bob: [UInt8] = []
            var records: [SiftedRecord] = []
            for slot in 0..<slots {
                let code = PulseCode(rawValue: codes[slot])
                let mask = masks.first { $0.slot == slot }?.mask ?? 0
                if disclosed.contains(UInt32(slot)) {
                    counts.disclosedSlots += 1
                    if mask != 0 { counts.disclosedDetections += 1 }
                    continue
                }
                counts.sent[code.intensity] += 1
                counts.sentInBasis[code.basis][code.intensity] += 1
                if mask == 0 { continue }
                counts.detected[code.intensity] += 1
                let clicked = BB84State.all.filter { mask >> UInt8($0.index) & 1 == 1 }
                if clicked.count > 1 {
                    counts.discardedDoubleClicks += 1
                    if Set(clicked.map(\.basis)).count == 2 {
                        counts.crossBasisDoubleClicks += 1
                    } else {
                        counts.sameBasisDoubleClicks += 1
                    }
                    continue
                }
                guard clicked[0].basis == code.basis else { continue }
                counts.sifted[code.basis][code.intensity] += 1
                if clicked[0].bit != code.bit { counts.errors[code.basis][code.intensity] += 1 }
                alice.append(code.bit)
                bob.append(clicked[0].bit)
                records.append(SiftedRecord(slot: UInt32(slot), basis: code.basis, intensity: code.intensity))
            }
            #expect(frame.counts == counts)
            #expect(frame.alice == BitString(bits: alice))
            #expect(frame.bob == BitString(bits: bob))
            #expect(frame.records == records)
            #expect(frame.alice.distance(to: frame.bob) == counts.errors.total)
        }
    }

    @Test(
        "A random double click goes to each clicked detector equally often",
        arguments: [0b0011, 0b1010, 0b0111, 0b1111])
    func randomRule(mask: Int) throws {
        let slots = 3_000 * Statistics.scale
        var random = SiftingRandom(seed: UInt64(mask))
        var bytes = RandomBytes(random.bytes(2 * slots))
        // Alice alternates over the four states; a double click keeps her basis as often as its detectors are in it.
        let codes = (0..<slots).map { PulseCode(BB84State(index: $0 % 4), .signal).rawValue }
        let all = (0..<slots).map { SlotDetection(slot: UInt32($0), detectors: UInt8(mask)) }
        let frame = try BB84Sifter().sift(codes: codes, detections: all, disclosed: [], random: &bytes)
        let clicked = BB84State.all.filter { mask >> $0.index & 1 == 1 }
        for basis in Basis.allCases {
            for bit in UInt8(0)...1 {
                let expected =
                    Double(slots) / 2 * Double(clicked.contains(BB84State(basis, bit)) ? 1 : 0) / Double(clicked.count)
                let found = frame.records.indices.filter { frame.records[$0].basis == basis && frame.bob[$0] == bit }
                    .count
                #expect(abs(Double(found) - expected) <= 5 * expected.squareRoot())
            }
        }
        let both = mask & 3 != 0 && mask & 12 != 0
        #expect(frame.counts.crossBasisDoubleClicks == (both ? slots : 0))
        #expect(frame.counts.sameBasisDoubleClicks == (both ? 0 : slots))
        #expect(frame.counts.discardedDoubleClicks == 0)
        #expect(frame.counts.detected.signal == slots)
    }

    @Test("Random bytes are uniform, used once, and not made up when they run out")
    func randomBytes() throws {
        var bytes = RandomBytes(Array(0...255))
        var seen = [0, 0, 0]
        for _ in 0..<255 { seen[try bytes.below(3)] += 1 }
        #expect(seen == [85, 85, 85])
        #expect(bytes.remaining == 1)
        // The byte 255 is beyond the last multiple of three.
        #expect(throws: QKDError.self) { try bytes.below(3) }
        #expect(bytes.remaining == 0)
        #expect(try bytes.below(1) == 0)
        var none = RandomBytes([])
        let double = [SlotDetection(slot: 0, detectors: 0b11)]
        #expect(throws: QKDError.self) {
            try BB84Sifter().sift(codes: [0], detections: double, disclosed: [], random: &none)
        }
    }

    @Test("Detections that cannot be are refused")
    func invalid() {
        func kind(_ detections: [SlotDetection], disclosed: [UInt32] = []) -> QKDError.Kind? {
            var bytes = RandomBytes([0, 0, 0])
            do {
                _ = try BB84Sifter().sift(
                    codes: [0, 1, 2], detections: detections, disclosed: disclosed, random: &bytes)
                return nil
            } catch {
                return (error as? QKDError)?.kind
            }
        }
        let click = SlotDetection(slot: 2, detectors: 1)
        #expect(kind([click]) == nil)
        #expect(kind([click, click]) == .invalidInput)
        #expect(kind([click, SlotDetection(slot: 1, detectors: 1)]) == .invalidInput)
        #expect(kind([SlotDetection(slot: 3, detectors: 1)]) == .invalidInput)
        #expect(kind([SlotDetection(slot: 0, detectors: 0)]) == .invalidInput)
        #expect(kind([SlotDetection(slot: 0, detectors: 16)]) == .invalidInput)
        #expect(kind([], disclosed: [3]) == .invalidInput)
        #expect(kind([], disclosed: [1, 1]) == nil)
    }

    @Test("Counts of frames add up, and rates come from them")
    func sums() throws {
        var random = SiftingRandom(seed: 77)
        var bytes = RandomBytes(random.bytes(4_000))
        var total = SiftingCounts()
        var codes: [UInt8] = []
        var masks: [SlotMask] = []
        // Two frames apart, and the same slots as one frame.
        for part in 0..<2 {
            let some = random.codes(700)
            let clicks = random.detections(700, share: 0.5)
            total += try BB84Sifter(doubleClicks: .discard)
                .sift(codes: some, detections: detections(clicks), disclosed: [5], random: &bytes).counts
            codes += some
            masks += clicks.map { SlotMask(slot: $0.slot + 700 * part, mask: $0.mask) }
        }
        let whole = try BB84Sifter(doubleClicks: .discard)
            .sift(codes: codes, detections: detections(masks), disclosed: [5, 705], random: &bytes).counts
        #expect(total == whole)
        #expect(whole.disclosedSlots == 2)
        #expect(whole.sent.total == 1_398 && whole.sentInBasis.total == 1_398)
        #expect(whole.qber().successes == whole.errors.total && whole.qber().trials == whole.sifted.total)
        #expect(whole.qber(.x).trials == whole.sifted.x.total)
        #expect(whole.qber(.z, .decoy).successes == whole.errors.z[.decoy])
        #expect(whole.qber(.vacuum).trials == whole.sifted.z[.vacuum] + whole.sifted.x[.vacuum])
        #expect(whole.gain(.signal).rate == Double(whole.detected[.signal]) / Double(whole.sent[.signal]))
    }
}

extension PerIntensity {
    fileprivate var signal: Int { self[.signal] }
}
