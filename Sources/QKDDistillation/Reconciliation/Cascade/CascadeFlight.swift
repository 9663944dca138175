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
        var waiting: [Frame] = []
        var next = 0
        let clock = ContinuousClock()
        // Answers come in the order in which questions were asked: the channel takes equally long for each.
        var head = 0
        while head < waiting.count || next < frames.count {
            while waiting.count - head < width, next < frames.count {
                let (alice, bob) = frames[next]
                waiting.append(
                    Frame(
                        index: next, reference: CascadeReference(plan: plan, bits: alice),
                        corrector: CascadeCorrector(plan: plan, bits: bob), due: clock.now))
                next += 1
            }
            var frame = waiting[head]
            head += 1
            if head > 4096 {
                waiting.removeFirst(head)
                head = 0
                try Task.checkCancellation()
            }
            let now = clock.now
            if frame.due > now { Self.sleep(now.duration(to: frame.due)) }
            if let question = try frame.corrector.next(frame.answer) {
                frame.answer = try frame.reference.answer(question)
                frame.due = clock.now + roundTrip
                waiting.append(frame)
            } else {
                outcome.revealed += frame.reference.revealed
                outcome.questions += frame.corrector.questions
                if frame.corrector.corrected == frames[frame.index].alice {
                    outcome.equal += 1
                } else {
                    outcome.unequal += 1
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
