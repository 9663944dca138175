import QKDCore

/// The raw key, cut into frames, all of which are reconciled and verified by themselves.
///
/// The first goes by Cascade, which does not depend on a good guess of the error rate; its own rate leads the others.
struct FrameBatch: Sendable {
    let input: DistillationInput
    let options: DistillationOptions
    let tags: VerificationHash
    private let seed: UInt64

    init(_ input: DistillationInput, _ options: DistillationOptions, random: inout some RandomNumberGenerator) {
        self.input = input
        self.options = options
        // As many tags as there can be, one way or the other.
        let most = Self.cut(0..<input.alice.count, options.frameBits).count + input.alice.count / (1 << 15) + 2
        tags = VerificationHash(
            tagBits: VerificationHash.tagBits(chance: options.security.correctness, tags: most), random: &random)
        seed = random.next()
    }

    /// Frames of one length but for a bit; rather one long frame than a short one, which would reveal more.
    static func cut(_ range: Range<Int>, _ frameBits: Int) -> [Range<Int>] {
        guard !range.isEmpty else { return [] }
        let wanted = max(1, min(CascadeOrders.maximumFrameBits, frameBits))
        let frames = max(1, range.count / wanted, (range.count - 1) / CascadeOrders.maximumFrameBits + 1)
        return (0..<frames).map { frame in
            range.lowerBound + range.count * frame / frames..<range.lowerBound + range.count * (frame + 1) / frames
        }
    }

    /// Reconciles all frames, some at the same time; outcomes are in the key's order.
    func run(
        expected: Double, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> [FrameReconciliation.Outcome] {
        let total = input.alice.count
        let whole = Self.cut(0..<total, options.frameBits)
        let orders = Dictionary(
            uniqueKeysWithValues: Set(whole.map(\.count)).map { ($0, CascadeOrders(frameBits: $0, seed: seed)) })
        guard let start = whole.first, let firstOrders = orders[start.count] else { return [] }
        var coders = FrameReconciliation.Coders()
        let first = frame(start, 0, .cascade(CascadePlan(orders: firstOrders, errorRate: expected)), &coders)
        let errorRate = seen(first, start) ?? expected
        let rest = ways(start.upperBound..<total, whole.dropFirst(), orders, errorRate)
        let queue = FrameQueue(first: first, count: rest.count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, min(options.workers, rest.count)) {
                group.addTask {
                    var coders = FrameReconciliation.Coders()
                    while let index = await queue.next() {
                        try Task.checkCancellation()
                        let outcome = frame(rest[index].range, index + 1, rest[index].way, &coders)
                        progress(Double(await queue.take(outcome, at: index + 1)) / Double(total))
                    }
                }
            }
            try await group.waitForAll()
        }
        return await queue.outcomes.compactMap { $0 }
    }

    private func frame(
        _ range: Range<Int>, _ index: Int, _ way: FrameReconciliation.Way,
        _ coders: inout FrameReconciliation.Coders
    ) -> FrameReconciliation.Outcome {
        FrameReconciliation(way: way, tags: tags, isSpoiled: options.failing.contains(index))
            .run(alice: input.alice.slice(range), bob: input.bob.slice(range), &coders)
    }

    private func seen(_ outcome: FrameReconciliation.Outcome, _ range: Range<Int>) -> Double? {
        guard outcome.isReconciled else { return nil }
        let errors = outcome.bob.distance(to: input.bob.slice(range))
        return errors > 0 ? Double(errors) / Double(range.count) : nil
    }

    /// How what is left is cut and reconciled.
    private func ways(
        _ range: Range<Int>, _ whole: ArraySlice<Range<Int>>, _ orders: [Int: CascadeOrders], _ errorRate: Double
    ) -> [(range: Range<Int>, way: FrameReconciliation.Way)] {
        let byCascade = whole.compactMap { range in
            orders[range.count].map {
                (range, FrameReconciliation.Way.cascade(CascadePlan(orders: $0, errorRate: errorRate)))
            }
        }
        // The rate is known from one frame alone: two standard deviations more.
        let careful = errorRate * (1 + 2 / (errorRate * Double(max(1, options.frameBits))).squareRoot())
        guard options.method(atErrorRate: errorRate) == .ldpc,
            let plan = LDPCPlan(qber: min(careful, LDPCPlan.errorRates.upperBound))
        else {
            return byCascade
        }
        var ways: [(Range<Int>, FrameReconciliation.Way)] = []
        var place = range.lowerBound
        while range.upperBound - place >= plan.payloadBits {
            ways.append(
                (
                    place..<place + plan.payloadBits,
                    .ldpc(plan, errorRate: errorRate, seed: seed &+ UInt64(ways.count) &* 0x9E37_79B9)
                ))
            place += plan.payloadBits
        }
        if place < range.upperBound {
            let orders = CascadeOrders(frameBits: range.upperBound - place, seed: seed)
            ways.append((place..<range.upperBound, .cascade(CascadePlan(orders: orders, errorRate: errorRate))))
        }
        return ways
    }
}

/// Hands frames out to whoever has time, and takes them back.
private actor FrameQueue {
    private(set) var outcomes: [FrameReconciliation.Outcome?]
    private var following = 0
    private var doneBits: Int

    init(first: FrameReconciliation.Outcome, count: Int) {
        outcomes = [first] + [FrameReconciliation.Outcome?](repeating: nil, count: count)
        doneBits = first.alice.count
    }

    /// The number of the next frame after the first, from 0; `nil` when all are handed out.
    func next() -> Int? {
        guard following < outcomes.count - 1 else { return nil }
        following += 1
        return following - 1
    }

    /// Takes a frame back; gives the bits that are done.
    func take(_ outcome: FrameReconciliation.Outcome, at index: Int) -> Int {
        outcomes[index] = outcome
        doneBits += outcome.alice.count
        return doneBits
    }
}
