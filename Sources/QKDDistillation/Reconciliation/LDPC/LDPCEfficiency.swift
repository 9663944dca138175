/// What a frame must be told, so that at most one in a hundred fails.
///
/// Set by simulation of 300 to 1000 frames at each of some thirty rates and the three lengths: between none and eight of
/// a thousand failed.
enum LDPCEfficiency {
    /// Error rates, and how much more than Shannon's limit these codes need there whatever the length; linear between.
    static let table: [(qber: Double, efficiency: Double)] = [
        (0.005, 1.28), (0.007, 1.203), (0.0095, 1.162), (0.014, 1.142), (0.02, 1.13), (0.03, 1.126), (0.04, 1.126),
        (0.05, 1.126), (0.09, 1.127), (0.11, 1.125),
    ]
    /// By how many standard deviations a frame may have more errors than its rate says.
    static let deviations = 2.8

    /// Bits to be given away a payload bit of frames of a length; `nil` outside the table.
    ///
    /// Of n bits, n q + 2.8 √(n q (1 - q)) errors must be found: more than expected is what makes frames fail.
    static func leak(qber: Double, length: LDPCLength) -> Double? {
        guard let first = table.first, let last = table.last, qber >= first.qber, qber <= last.qber else { return nil }
        let variance = qber * (1 - qber) / Double(length.frameBits)
        return efficiency(qber) * binaryEntropy(qber + deviations * variance.squareRoot())
    }

    private static func efficiency(_ qber: Double) -> Double {
        for (low, high) in zip(table, table.dropFirst()) where qber <= high.qber {
            let share = (qber - low.qber) / (high.qber - low.qber)
            return low.efficiency + share * (high.efficiency - low.efficiency)
        }
        return 0
    }
}
