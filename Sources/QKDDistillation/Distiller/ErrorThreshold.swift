/// From which error rate of the other basis on there can be no key: where 1 − (1 + f) h(Q) ≤ 0, for the f in use (Shor and
/// Preskill 2000, with reconciliation that is not ideal).
struct ErrorThreshold {
    /// What reconciliation is expected to reveal over the entropy.
    let factor: Double

    /// Of the method that `options` choose at an error rate.
    init(_ options: DistillationOptions, errorRate: Double) {
        guard options.method(atErrorRate: errorRate) == .ldpc, let plan = LDPCPlan(qber: errorRate) else {
            factor = ReconciliationMethod.cascadeFactor
            return
        }
        factor = Double(plan.syndromeBits) / (Double(plan.payloadBits) * binaryEntropy(errorRate))
    }

    /// The highest error rate at which something is left.
    var errorRate: Double {
        var (low, high) = (0.0, 0.5)
        for _ in 0..<60 {
            let middle = 0.5 * (low + high)
            if 1 - (1 + factor) * binaryEntropy(middle) > 0 { low = middle } else { high = middle }
        }
        return low
    }
}
