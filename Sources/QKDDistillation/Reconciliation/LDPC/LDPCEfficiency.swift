/// How much more than Shannon's limit a frame is told, so that at most one in a hundred fails.
enum LDPCEfficiency {
    /// Error rates and efficiencies there; linear between.
    static let table: [(qber: Double, efficiency: Double)] = [
        (0.005, 1.45), (0.01, 1.3), (0.02, 1.25), (0.03, 1.25), (0.05, 1.25), (0.11, 1.25),
    ]

    /// The efficiency at an error rate within the table.
    static func at(qber: Double) -> Double? {
        guard let first = table.first, let last = table.last, qber >= first.qber, qber <= last.qber else { return nil }
        for (low, high) in zip(table, table.dropFirst()) where qber <= high.qber {
            let share = (qber - low.qber) / (high.qber - low.qber)
            return low.efficiency + share * (high.efficiency - low.efficiency)
        }
        return nil
    }
}
