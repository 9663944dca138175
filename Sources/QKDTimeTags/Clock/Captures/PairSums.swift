/// Sums over pairs from which the normal equations are put together: each pair touches five unknowns only.
struct PairSums {
    private let alice: Int
    private let bob: Int
    /// Σ w x^k for each pair of channels, k = 0…4, and Σ w r x^k, k = 0…2.
    private var powers: [Double]
    private var moments: [Double]

    /// Starts with zeros.
    init(alice: Int, bob: Int) {
        self.alice = alice
        self.bob = bob
        powers = Array(repeating: 0, count: alice * bob * 5)
        moments = Array(repeating: 0, count: alice * bob * 3)
    }

    /// Sets the sums of one pair of channels: five powers and three moments.
    mutating func set(_ cell: Int, powers: [Double], moments: [Double]) {
        for power in 0..<5 { self.powers[cell * 5 + power] = powers[power] }
        for power in 0..<3 { self.moments[cell * 3 + power] = moments[power] }
    }

    /// The equations of offset, skew, drift and all delays.
    func equations(scale: Double) -> NormalEquations {
        var result = NormalEquations(3 + alice + bob)
        // φ = 1, x, x²/2.
        let factors = [1.0, 1, 0.5]
        for a in 0..<alice {
            for b in 0..<bob {
                let cell = a * bob + b
                let (i, j) = (3 + a, 3 + alice + b)
                let total = powers[cell * 5] * scale
                for p in 0..<3 {
                    for q in 0...p {
                        result.addElement(p, q, powers[cell * 5 + p + q] * factors[p] * factors[q] * scale)
                    }
                    let cross = powers[cell * 5 + p] * factors[p] * scale
                    result.addElement(p, i, -cross)
                    result.addElement(p, j, cross)
                    result.addRight(p, moments[cell * 3 + p] * factors[p] * scale)
                }
                result.addElement(i, i, total)
                result.addElement(j, j, total)
                result.addElement(i, j, -total)
                result.addRight(i, -moments[cell * 3] * scale)
                result.addRight(j, moments[cell * 3] * scale)
            }
        }
        return result
    }
}
