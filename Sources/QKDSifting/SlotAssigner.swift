import QKDCore

/// What Bob's detectors saw in one slot.
public struct SlotDetection: Sendable, Hashable {
    /// Index in the frame, from 0.
    public var slot: UInt32
    /// The detectors that clicked in the slot's window: bit *n* for the state of index *n* (Z0, Z1, X0, X1).
    public var detectors: UInt8

    /// Records clicks of a slot.
    public init(slot: UInt32, detectors: UInt8) {
        self.slot = slot
        self.detectors = detectors
    }
}

/// The detections of a frame and what was left out of them.
public struct AssignedFrame: Sendable, Equatable {
    /// Slots with at least one click in the window, rising; one entry a slot.
    public var detections: [SlotDetection] = []
    /// Tags in the frame that no pulse explains: outside their slot's window.
    public var outsideWindow = 0
    /// Tags before the first slot or after the last one.
    public var outsideFrame = 0
    /// Tags of inputs that stand for no detector.
    public var unmapped = 0
    /// Tags that fell into a window in which the same detector had clicked before.
    public var repeated = 0
    /// Tags in the frame by state index of the detector, inside and outside the windows.
    public var singles = [0, 0, 0, 0]

    /// Starts empty.
    public init() {}
}

/// Puts Bob's tags into the slots of a frame.
///
/// A tag *t* stands for the interval [t, t + resolution) and counts at its middle. Slot *n* is centred on
/// `originPS + originFractionPS + n · slotPeriodPS`; its window is the half-open interval of `windowPS` around
/// that, so that windows as wide as a slot meet without gap or overlap.
public struct SlotAssigner: Sendable {
    /// Arrival of slot 0's pulse, whole picoseconds on Bob's clock.
    public var originPS: Int64
    /// What is to be added to `originPS`, picoseconds.
    public var originFractionPS: Double
    /// Slot period on Bob's clock, picoseconds.
    public var slotPeriodPS: Double
    /// Slots in the frame.
    public var slots: Int
    /// Full width of the window around a pulse, picoseconds; at most the slot period.
    public var windowPS: Double
    /// The tagger's unit of time, picoseconds.
    public var resolutionPS: Int64
    private let stateOfChannel: [UInt8]

    /// Prepares the assignment; throws `outOfRange` for an impossible geometry.
    public init(
        originPS: Int64, originFractionPS: Double, slotPeriodPS: Double, slots: Int, windowPS: Double,
        resolutionPS: Int64, detectors: [UInt8: BB84State]
    ) throws {
        guard slotPeriodPS.isFinite, slotPeriodPS > 0, originFractionPS.isFinite else {
            throw QKDError(.outOfRange, "the slot period must be positive")
        }
        guard slots >= 0, slots <= Int(UInt32.max) else {
            throw QKDError(.outOfRange, "a frame has at most 2^32-1 slots, not \(slots)")
        }
        guard windowPS > 0, windowPS <= slotPeriodPS else {
            throw QKDError(.outOfRange, "the window must be positive and at most the slot period")
        }
        guard resolutionPS >= 0 else { throw QKDError(.outOfRange, "the resolution must not be negative") }
        self.originPS = originPS
        self.originFractionPS = originFractionPS
        self.slotPeriodPS = slotPeriodPS
        self.slots = slots
        self.windowPS = windowPS
        self.resolutionPS = resolutionPS
        var table = [UInt8](repeating: Self.noState, count: 256)
        for (channel, state) in detectors { table[Int(channel)] = UInt8(state.index) }
        stateOfChannel = table
    }

    private static let noState: UInt8 = 0xFF

    /// Whether an input of the tagger stands for a detector.
    func isDetector(_ channel: UInt8) -> Bool { stateOfChannel[Int(channel)] != Self.noState }

    /// Assigns all tags of a batch.
    public func assign(_ tags: TagBatch) -> AssignedFrame {
        assign(times: tags.times[...], channels: tags.channels[...])
    }

    /// Assigns slices of times (ps) and channels; the two have the same length. Tags may be out of order.
    public func assign(times: ArraySlice<Int64>, channels: ArraySlice<UInt8>) -> AssignedFrame {
        precondition(times.count == channels.count, "a tag is a time and a channel")
        var frame = AssignedFrame()
        var rising = true
        frame.detections.reserveCapacity(times.count)
        let shift = 0.5 * Double(resolutionPS) - originFractionPS
        let inverse = 1 / slotPeriodPS
        let half = 0.5 * windowPS
        let end = Double(slots)
        var singles: (Int, Int, Int, Int) = (0, 0, 0, 0)
        times.withUnsafeBufferPointer { times in
            channels.withUnsafeBufferPointer { channels in
                stateOfChannel.withUnsafeBufferPointer { states in
                    var here: UInt32 = 0
                    var mask: UInt8 = 0
                    for index in times.indices {
                        let state = states[Int(channels[index])]
                        if state == Self.noState {
                            frame.unmapped += 1
                            continue
                        }
                        let time = Double(times[index] &- originPS) + shift
                        var number = (time * inverse).rounded()
                        var residual = time - number * slotPeriodPS
                        // The product's rounding may pick the neighbour at a border: set it right exactly.
                        if residual >= 0.5 * slotPeriodPS {
                            number += 1
                            residual = time - number * slotPeriodPS
                        } else if residual < -0.5 * slotPeriodPS {
                            number -= 1
                            residual = time - number * slotPeriodPS
                        }
                        if number < 0 || number >= end {
                            frame.outsideFrame += 1
                            continue
                        }
                        switch state {
                        case 0: singles.0 += 1
                        case 1: singles.1 += 1
                        case 2: singles.2 += 1
                        default: singles.3 += 1
                        }
                        if residual < -half || residual >= half {
                            frame.outsideWindow += 1
                            continue
                        }
                        let slot = UInt32(number)
                        if mask != 0, slot == here {
                            if mask & (1 << state) != 0 { frame.repeated += 1 }
                            mask |= 1 << state
                            continue
                        }
                        if mask != 0 {
                            frame.detections.append(SlotDetection(slot: here, detectors: mask))
                            rising = rising && slot > here
                        }
                        here = slot
                        mask = 1 << state
                    }
                    if mask != 0 { frame.detections.append(SlotDetection(slot: here, detectors: mask)) }
                }
            }
        }
        frame.singles = [singles.0, singles.1, singles.2, singles.3]
        if !rising { frame.putInOrder() }
        return frame
    }
}

extension AssignedFrame {
    /// Sorts detections of disordered tags by slot and merges those of the same one.
    mutating func putInOrder() {
        detections.sort { $0.slot < $1.slot }
        var merged: [SlotDetection] = []
        merged.reserveCapacity(detections.count)
        for detection in detections {
            if let last = merged.last, last.slot == detection.slot {
                repeated += (last.detectors & detection.detectors).nonzeroBitCount
                merged[merged.count - 1].detectors |= detection.detectors
            } else {
                merged.append(detection)
            }
        }
        detections = merged
    }
}
