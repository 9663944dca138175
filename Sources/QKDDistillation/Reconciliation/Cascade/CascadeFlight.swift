import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Many frames of Cascade under way at once over a channel that takes its time, both sides in one process.
///
/// A frame waits for its answer while others are worked on: with enough of them the round trip hides.
public struct CascadeFlight: Sendable {
    /// How the frames are reconciled.
    public var plan: CascadePlan
    /// What a question and its answer take on the way.
    public var roundTrip: Duration
    /// Frames that are under way at once.
    public var width: Int

    /// Prepares a flight.
    public init(plan: CascadePlan, roundTrip: Duration, width: Int) {
        self.plan = plan
        self.roundTrip = roundTrip
        self.width = max(1, width)
    }

    /// What came of the frames.
    public struct Outcome: Sendable, Equatable {
        /// Frames whose bits are Alice's.
        public var equal = 0
        /// Frames whose bits are not.
        public var unequal = 0
        /// Parities revealed.
        public var revealed = 0
        /// Questions asked.
        public var questions = 0
    }

    private struct Frame {
        var index: Int
        var reference: CascadeReference
        var corrector: CascadeCorrector
        var answer: [UInt8]?
        var due: ContinuousClock.Instant
    }

    /// Reconciles all frames; throws what the two sides throw, and on cancellation.
    public func run(_ frames: [(alice: BitString, bob: BitString)]) throws -> Outcome {
        var outcome = Outcome()
        let clock = ContinuousClock()
        func begin(_ index: Int) -> Frame {
            Frame(
                index: index, reference: CascadeReference(plan: plan, bits: frames[index].alice),
                corrector: CascadeCorrector(plan: plan, bits: frames[index].bob), due: clock.now)
        }
        var next = min(width, frames.count)
        var slots = (0..<next).map(begin)
        // Answers come in the order in which questions were asked: the channel takes equally long for each.
        while !slots.isEmpty {
            try Task.checkCancellation()
            var ended: [Int] = []
            for slot in slots.indices {
                let now = clock.now
                if slots[slot].due > now { Self.sleep(now.duration(to: slots[slot].due)) }
                guard let question = try slots[slot].corrector.next(slots[slot].answer) else {
                    ended.append(slot)
                    continue
                }
                slots[slot].answer = try slots[slot].reference.answer(question)
                slots[slot].due = clock.now + roundTrip
            }
            for slot in ended.reversed() {
                let frame = slots[slot]
                outcome.revealed += frame.reference.revealed
                outcome.questions += frame.corrector.questions
                let isEqual = frame.corrector.corrected == frames[frame.index].alice
                if isEqual { outcome.equal += 1 } else { outcome.unequal += 1 }
                if next < frames.count {
                    slots[slot] = begin(next)
                    next += 1
                } else {
                    slots.remove(at: slot)
                }
            }
        }
        return outcome
    }

    private static func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}
