import QKDCore

/// The frames that a raw key is cut into, all of one length but for a bit.
struct FrameBatch: Sendable {
    let ranges: [Range<Int>]

    init(count: Int, frameBits: Int) {
        let wanted = max(1, min(CascadeOrders.maximumFrameBits, frameBits))
        // Rather one long frame than a short one: short ones reveal more.
        let frames = max(1, count / wanted, (count - 1) / CascadeOrders.maximumFrameBits + 1)
        ranges = (0..<frames).map { count * $0 / frames..<count * ($0 + 1) / frames }
    }

    /// Reconciles all frames, some at the same time. The first goes by the error rate of the other basis, the others by its own.
    func run(
        _ input: DistillationInput, _ options: DistillationOptions, expected: Double,
        random: inout some RandomNumberGenerator, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> [FrameReconciliation.Outcome] {
        let tags = VerificationHash(
            tagBits: VerificationHash.tagBits(chance: options.security.correctness, tags: ranges.count),
            random: &random)
        let seed = random.next()
        var orders: [Int: CascadeOrders] = [:]
        for range in ranges where orders[range.count] == nil {
            orders[range.count] = CascadeOrders(frameBits: range.count, seed: seed)
        }
        let made = orders
        @Sendable func outcome(_ index: Int, _ errorRate: Double) -> FrameReconciliation.Outcome? {
            let range = ranges[index]
            guard let orders = made[range.count] else { return nil }
            return FrameReconciliation(
                plan: CascadePlan(orders: orders, errorRate: errorRate), tags: tags,
                isSpoiled: options.failing.contains(index)
            ).run(alice: input.alice.slice(range), bob: input.bob.slice(range))
        }
        guard let first = outcome(0, expected) else { return [] }
        let seen = Double(first.corrections) / Double(ranges[0].count)
        let errorRate = first.isReconciled && seen > 0 ? seen : expected
        var outcomes = [FrameReconciliation.Outcome?](repeating: nil, count: ranges.count)
        outcomes[0] = first
        try await withThrowingTaskGroup(of: (Int, FrameReconciliation.Outcome?).self) { group in
            var next = 1
            var done = 1
            func add() {
                guard next < ranges.count else { return }
                let index = next
                next += 1
                group.addTask {
                    try Task.checkCancellation()
                    return (index, outcome(index, errorRate))
                }
            }
            for _ in 0..<max(1, options.workers) { add() }
            while let (index, outcome) = try await group.next() {
                outcomes[index] = outcome
                done += 1
                progress(Double(done) / Double(ranges.count))
                add()
            }
        }
        return outcomes.compactMap { $0 }
    }
}
