import QKDCore

/// What both sides say in public of one sifted bit.
public struct SiftedRecord: Sendable, Equatable {
    /// Index in the frame, from 0.
    public var slot: UInt32
    /// The basis that both used.
    public var basis: Basis
    /// Alice's intensity.
    public var intensity: Intensity

    /// Records a sifted bit.
    public init(slot: UInt32, basis: Basis, intensity: Intensity) {
        self.slot = slot
        self.basis = basis
        self.intensity = intensity
    }
}

/// The sifted bits of one frame, on both sides, and what is public of them.
public struct SiftedFrame: Sendable, Equatable {
    /// Alice's bits, in the order of the slots.
    public var alice = BitString()
    /// Bob's bits, in the same order.
    public var bob = BitString()
    /// The public record of each bit.
    public var records: [SiftedRecord] = []
    /// What was counted.
    public var counts = SiftingCounts()

    /// Starts empty.
    public init() {}
}

/// Compares bases and keeps the bits of those slots in which they agree.
public struct BB84Sifter: Sendable {
    /// What is made of slots with more than one click.
    public var doubleClicks: DoubleClickRule

    /// Sets the rule for double clicks.
    public init(doubleClicks: DoubleClickRule = .random) { self.doubleClicks = doubleClicks }

    /// Sifts one frame.
    ///
    /// `codes` holds one `PulseCode` raw value a slot; `detections` rise by slot, as `SlotAssigner` gives them;
    /// `disclosed` slots are left out and counted. A double click uses one byte of `random`, a triple one now and
    /// then a second. Throws `invalidInput` for a slot beyond the frame, for detections out of order or without a
    /// click, and when the random bytes run out.
    public func sift(
        codes: [UInt8], detections: [SlotDetection], disclosed: [UInt32], random: inout RandomBytes
    ) throws -> SiftedFrame {
        let planes = try IntensityPlanes(codes: codes, disclosed: disclosed)
        var frame = SiftedFrame()
        frame.counts.sentInBasis = planes.totalInBasis
        frame.counts.sent = planes.total
        frame.counts.disclosedSlots = codes.count - frame.counts.sent.total
        frame.records.reserveCapacity(detections.count)
        var next = 0
        for detection in detections {
            let slot = Int(detection.slot)
            guard slot >= next, slot < codes.count, detection.detectors != 0, detection.detectors < 16 else {
                throw QKDError(
                    .invalidInput, "detection of slot \(slot) in a frame of \(codes.count), after slot \(next - 1)")
            }
            next = slot + 1
            guard let intensity = planes.intensity(ofSlot: slot) else {
                frame.counts.disclosedDetections += 1
                continue
            }
            frame.counts.detected[intensity] += 1
            if detection.detectors.nonzeroBitCount > 1 {
                let both = detection.detectors & 0b0011 != 0 && detection.detectors & 0b1100 != 0
                if both { frame.counts.crossBasisDoubleClicks += 1 } else { frame.counts.sameBasisDoubleClicks += 1 }
            }
            guard let index = try doubleClicks.resolve(detection.detectors, &random) else {
                frame.counts.discardedDoubleClicks += 1
                continue
            }
            let code = PulseCode(rawValue: codes[slot])
            let state = BB84State(index: index)
            guard state.basis == code.basis else { continue }
            frame.counts.sifted[state.basis][intensity] += 1
            if state.bit != code.bit { frame.counts.errors[state.basis][intensity] += 1 }
            frame.alice.append(code.bit)
            frame.bob.append(state.bit)
            frame.records.append(SiftedRecord(slot: detection.slot, basis: state.basis, intensity: intensity))
        }
        return frame
    }
}
